"""What is demanded of a source. One that takes `images` gets a small folder, unless another is typed."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from imgret.checks import Check, Fault, Subject
from imgret.checks.data import write_folder
from imgret.contracts import Item
from imgret.demands import values
from imgret.words import printable

OPENED = 3  # items of the listing


@contextmanager
def listed(subject: Subject, times: int = 1) -> Iterator[tuple[Any, list[Item]]]:
    """A source, and what it lists. Raises Fault where that is nothing, or not the same for two that are built alike."""
    with TemporaryDirectory() as folder:
        given = {} if "images" in subject.given else {"images": str(write_folder(Path(folder)))}
        source = subject.build(**given)
        items = values.listed(source)
        if not items:
            raise Fault("it lists nothing; give it something that it finds images in")
        if times > 1 and list(subject.build(**given)) != items:
            raise Fault("another one that was built alike lists other items, or in another order")
        yield source, items


def lists_items(subject: Subject) -> str:
    """It lists items whose paths are relative, with forward slashes and without '..', each of one file"""
    with listed(subject) as (_, items):
        values.relative(items)
        return f"{len(items):,} of them"


def lists_them_again(subject: Subject) -> None:
    """It lists the same items in the same order every time"""
    with listed(subject, times=2) as (source, items):
        if list(source) != items:
            raise Fault("iterated once more, it lists other items, or in another order")


def counts_what_it_skips(subject: Subject) -> str:
    """After the listing, `skipped` counts by reason what was passed over"""
    with listed(subject) as (source, _):
        return ", ".join(f"{count} {why}" for why, count in values.skipped(source.skipped).items())


def opens(subject: Subject) -> None:
    """`open(item)` gives the bytes, here and in a worker process that it is pickled into"""
    with listed(subject) as (source, items):
        elsewhere = pickle.loads(pickle.dumps(source))  # as it is handed over: our own bytes, never a file's
        for item in items[:OPENED]:
            data = values.opened(source, item)
            if elsewhere.open(item) != data:
                raise Fault(f"unpickled, it gave other bytes for {printable(item.path)!r}")


def says_what_is_gone(subject: Subject) -> None:
    """`open` raises OSError for an item that is not there any more"""
    with listed(subject) as (source, _), TemporaryDirectory() as empty:
        try:
            source.open(Item("gone/gone.png", str(Path(empty, "gone.png"))))
        except OSError:
            return
        raise Fault("it raised nothing")


CHECKS: list[Check] = [lists_items, lists_them_again, counts_what_it_skips, opens, says_what_is_gone]
