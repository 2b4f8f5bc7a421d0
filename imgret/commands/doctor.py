"""`imgret doctor [RUN ...]`: whether the store and the runs are whole; what can be made again is."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from imgret.care import gc, outcheck
from imgret.care.faults import DAMAGED, Fault, why
from imgret.care.runcheck import RunCheck
from imgret.care.storecheck import StoreCheck
from imgret.commands._parser import Parser
from imgret.errors import DiskFull, StoreDamaged, UsageError, is_full, unwritable
from imgret.registry import load_plugins
from imgret.runs.run import find
from imgret.screen import say
from imgret.store.store import home
from imgret.words import counted, listed, printable, shown_path, size, tally, typed_path

MORE = """
The store (IMGRET_HOME) and the runs in ./runs are looked through, or the runs that are named. Every file is held to the
digest that was recorded of it. What follows from others is removed or made again; a run's array is made again only
where its bytes are then those that were recorded, a view only in ten minutes and in the memory that is free; pictures
and reports are drawn again. What is whole is opened as `query` opens it. Originals are never touched, and nothing is
deleted that cannot be made again. Exit code 4 where damage is left, 5 where a full disk is why.
"""
BUSY = {errno.ENOTEMPTY, errno.ENOENT, errno.EBUSY}  # a run is writing into it
PARSER = Parser("doctor", __doc__, MORE)
PARSER.add_argument("runs", nargs="*", metavar="RUN", help="runs to look at (default: those in ./runs)")
PARSER.add_argument("--dry", action="store_true", help="say what is wrong, change nothing")
PARSER.add_argument(
    "--gc", nargs="?", const="matrices", choices=["matrices", "features"],
    help="free what can be made again: matrices that no run links, and damaged files that were set aside; "
    "features: all sets of features as well",
)  # fmt: skip
PARSER.add_argument("--yes", action="store_true", help="with --gc features: free them without asking")


def main(words: Sequence[str]) -> None:
    asked = PARSER.parse_args(words)
    load_plugins()  # reports are drawn by them
    root = home()
    out = typed_path("runs")
    folders = [_run(typed_path(run)) for run in asked.runs] if asked.runs else outcheck.runs(out)
    store = StoreCheck(root)
    kinds: Counter[str] = Counter()
    left: list[type[UsageError]] = []
    logging.getLogger("imgret").setLevel(logging.ERROR)  # this command says itself what it meets
    found = outcheck.faults(out) if not asked.runs and out.is_dir() else ()
    for fault in chain(_all(store, [RunCheck(folder, root, asked.dry) for folder in folders], root), found):
        kinds[fault.kind] += 1
        left += _tell(fault, asked.dry)
    seen = tally(dict(sorted(store.counts.items())))
    say(f"store     {shown_path(root)}: {seen or 'empty'}")
    say(f"runs      {counted(len(folders), 'run')}")
    say(f"faults    {listed({kind: kinds[kind] for kind in sorted(kinds)}) or 'none'}")
    if asked.gc:
        _free(root, gc.matrices(root) + gc.set_aside(root), ask=False, dry=asked.dry)
        if asked.gc == "features":
            _free(root, gc.feature_sets(root), ask=not asked.yes, dry=asked.dry)
    if DiskFull in left:
        raise DiskFull(f"{counted(len(left), 'damaged thing')} left\nmake room on the disk, and type the same again")
    if left:
        raise StoreDamaged(
            f"{counted(len(left), 'damaged thing')} left\nmake the runs again whose files are named above"
        )


def _run(folder: Path) -> Path:
    """The run that is named, also one that has lost its run.json. Raises UsageError where there is none."""
    real = folder.resolve()
    if real.is_dir() and outcheck.is_run(real):
        return real
    if folder.is_file():  # `latest`, where there are no links
        return find(folder)
    raise UsageError(f"{printable(str(folder))} is no run\nname its folder: python -m imgret doctor runs/latest")


def _all(store: StoreCheck, runs: list[RunCheck], root: Path) -> Iterator[Fault]:
    if root.is_dir():
        yield from store.faults()
    for run in runs:
        yield from run.faults()


def _tell(fault: Fault, dry: bool) -> list[type[UsageError]]:
    """One line; what is to be raised in the end where damage is left, as it is where nothing is mended (`dry`)."""
    cure = fault.cure
    left: list[type[UsageError]] = [StoreDamaged] if dry or fault.mend is None else []
    if fault.mend and not dry:
        try:
            fault.mend()
        except (OSError, ValueError, UsageError) as error:
            cure, left = f"could not be mended: {why(error)}", [DiskFull if is_full(error) else StoreDamaged]
    would = "would be " if dry and fault.mend else ""
    place = os.path.join(shown_path(fault.file.parent), fault.file.name)  # a link by its own name
    say(f"{fault.kind:<10}{place}: {fault.what}; {would}{cure}")
    return left if fault.kind == DAMAGED else []


def _free(root: Path, spares: list[gc.Spare], ask: bool, dry: bool) -> None:
    for spare in spares:
        say(f"spare     {shown_path(spare.place)}: {spare.what}, {size(spare.bytes)}")
    total = size(sum(spare.bytes for spare in spares))
    if dry or (ask and not (spares and _agreed(f"free these {total}? [y/N] "))):
        say(f"kept      {total}" + (": type --yes to free them" if ask and spares and not dry else ""))
        return
    for spare in spares:
        try:
            spare.remove()
        except OSError as error:
            if error.errno not in BUSY:
                raise unwritable(root, error, "set IMGRET_HOME=FOLDER") from error
            raise UsageError(
                f"{spare.place} cannot be freed: {why(error)}\ntype the same again when no run is using it"
            ) from error
    say(f"freed     {total}")


def _agreed(question: str) -> bool:
    """Whether somebody who sits at a terminal says yes."""
    if not (sys.stdin and sys.stdin.isatty()) or os.environ.get("CI"):
        return False
    return input(question).strip().lower() in ("y", "yes")
