"""What people call an image: not its path, but the name of its file, or what a column says of it and of no other."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from imgret.errors import UsageError
from imgret.words import printable

if TYPE_CHECKING:
    from imgret.findings.found import Found

SHOWN = 3  # paths of the images that a name could mean


def row_called(run: Found, name: str) -> int | None:
    """The row of the one image that has a file of this name, with its ending or without; else of the one of which a
    column of the manifest, or an attribute, says just this. None where there is no such image.

    Raises UsageError where there are several, with the paths of some.
    """
    collection = run.collection
    placed = [(item, int(row)) for item, row in zip(collection.items, collection.rows, strict=True) if row >= 0]
    by_file, by_cell = dict[int, str](), dict[int, str]()  # row -> path of its first file that is called so
    for item, row in placed:
        file = PurePosixPath(item.path)
        if name and name in (file.name, file.stem):
            by_file.setdefault(row, item.path)
        if name and name in item.columns.values():
            by_cell.setdefault(row, item.path)
    for found in (by_file, by_cell):
        if len(found) > 1:
            paths = ", ".join(printable(path) for path in sorted(found.values())[:SHOWN])
            raise UsageError(f"{printable(name)!r} could be {len(found):,} images\ngive the path of one: {paths}")
        if found:
            return next(iter(found))
    return None
