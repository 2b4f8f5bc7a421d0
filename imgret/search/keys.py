"""What an image is called: its path or id, the name of its file, or what a column says of it and of no other."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from imgret.errors import UsageError
from imgret.reading.outcomes import USABLE
from imgret.words import printable, shown_path

if TYPE_CHECKING:
    from imgret.contracts import Item
    from imgret.findings.found import Found

PREFIX = re.compile("[0-9a-f]{8,63}")  # enough of an id to be meant as one
SHOWN = 3  # paths of the images that a name could mean


def row_named(run: Found, name: str) -> int:
    """The row of the image of this run that this means: its path or id, or what else only it is called.

    Raises UsageError.
    """
    try:
        return row_of(run, name)
    except UsageError:
        called = row_called(run, name.removeprefix("./"))
        if called is not None:
            return called
        if lost := failed(run, name):
            shown = printable(name)
            why = f"its reason is in {printable(shown_path(run.folder / 'failures.csv'))}; give another image"
            raise UsageError(f"{shown} is no image of this run: {printable(lost)}\n{why}") from None
        raise


def row_of(run: Found, name: str) -> int:
    """The row of the image of this run that has this path or id, or the one id that begins so. Raises UsageError."""
    if name in run.row_of:
        return run.row_of[name]
    row = bisect_left(run.ids, name)
    alike = [id for id in run.ids[row : row + 2] if PREFIX.fullmatch(name) and id.startswith(name)]
    if not alike:
        raise UsageError(f"{printable(name)}: neither a file nor an image of this run, by path, id, file name or key")
    if len(alike) > 1:
        raise UsageError(f"{name}: the ids of several images begin so\ngive more of it, such as {alike[0][:12]}...")
    return row


def row_called(run: Found, name: str) -> int | None:
    """The row of the image that has this path as a manifest may write it, with backslashes or a dot; else of the one
    that has a file of this name, with its ending or without; else of the one of which a column of the manifest, or an
    attribute, says just this. None where there is no such image.

    Raises UsageError where there are several, with the paths of some.
    """
    collection = run.collection
    found: tuple[dict[int, str], ...] = {}, {}, {}  # row -> path of its first file that is called so
    for item, row in zip(collection.items, collection.rows, strict=True):
        if row >= 0 and (way := _called(item, name)) is not None:
            found[way].setdefault(int(row), item.path)
    for each in found:
        if len(each) > 1:
            paths = ", ".join(printable(path) for path in sorted(each.values())[:SHOWN])
            raise UsageError(f"{printable(name)!r} could be {len(each):,} images\ngive the path of one: {paths}")
        if each:
            return next(iter(each))
    return None


def failed(run: Found, name: str) -> str:
    """What became of a file of the run that is called so, and is no image: `1.jpg: missing`. Nothing where there is
    none.
    """
    for item, record in zip(run.collection.items, run.collection.records, strict=True):
        if record.outcome not in USABLE and (item.path == name or _called(item, name) is not None):
            return f"{item.path}: {record.outcome}"
    return ""


def key(run: Found, names: Sequence[str]) -> str:
    """The column that says how people call an image: one that says what was asked for; else, of a manifest, the first
    of which every image has a value of its own. Empty where there is none.
    """
    first = [run.collection.items[place].columns for place in run.collection.first]
    said = {name: {columns.get(name, "") for columns in first} - {""} for name in run.collection.columns}
    asked = set(names) - {item.path for item in run.collection.items}
    for name, values in said.items():
        if asked & values:
            return name
    for name, values in said.items() if run.info.rows else ():
        if len(values) == len(first) > 1 and name not in run.settings.get("attributes", ()):
            return name
    return ""


def _called(item: Item, name: str) -> int | None:
    """By what an item is called so: 0 its path, 1 its file, 2 a column; None where it is not."""
    file = PurePosixPath(item.path)
    if not name:
        return None
    if posixpath.normpath(name.replace("\\", "/")) == item.path:
        return 0
    return 1 if name in (file.name, file.stem) else 2 if name in item.columns.values() else None
