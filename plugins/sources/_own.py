"""Tables that imgret wrote, and where the files lie that they name: parts of `files`."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path

from imgret import UsageError

from ._tables import Table, shown

ITEMS = {"path", "outcome", "id"}  # columns of items.csv, and of what is exported from it
RUN = {"root", "digests", "schema"}  # what every run.json says


def root(file: Path) -> str | None:
    """The folder of the images of the run in whose folder a table lies; None where it lies in none.

    Raises UsageError where the run's images are no files of their own.
    """
    try:
        said = json.loads((file.parent / "run.json").read_text(encoding="ascii"))
        if not isinstance(said, dict) or not said.keys() >= RUN:
            return None
    except (OSError, ValueError, RecursionError):
        return None
    if said["root"] == "":
        raise UsageError(f"{shown(file)} names images within a tar, or drawn ones\ngive what its run was given")
    return said["root"] if isinstance(said["root"], str) and os.path.isabs(said["root"]) else None


def located(table: Table) -> tuple[str, str]:
    """The column `file` by which an exported table says where its files lie, and the folder that its paths start from.

    Both are empty where it has none: it is told by absolute paths that end in the path of their row.
    """
    for name in table.columns if {"path", "id"} <= set(table.columns) else ():
        if name.rstrip("_") == "file":
            for row in table.rows:
                place, path = row[name].replace(os.sep, "/"), row["path"]
                if path and os.path.isabs(row[name]) and place.endswith(f"/{path}"):
                    return name, row[name][: -len(path) - 1] or os.sep
    return "", ""


def check(file: Path, table: Table, places: Collection[str]) -> None:
    """Raises UsageError for a table of a run that lies where none of its paths leads to anything."""
    if places and set(table.columns) >= ITEMS and not any(map(os.path.lexists, places)):
        what = "its paths start from the folder of a run's images, and none is here"
        raise UsageError(f"{shown(file)}: {what}\ngive it in the folder of its run, or the images of that run")
