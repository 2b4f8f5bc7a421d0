"""A run's tables as files: UTF-8 with surrogate escapes, so that any file name survives the round trip."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from imgret.contracts import Item
from imgret.filecache import Record
from imgret.files import write_csv
from imgret.items import Collection, collect

if TYPE_CHECKING:
    from imgret.results import Run

ITEMS = (
    "path",
    "outcome",
    "id",
    "label",
    "group",
    "cluster",
    "distance",
    "x",
    "y",
    "representative",
    "width",
    "height",
)
FAILURES = ("path", "outcome", "reason")


def write_items(file: Path, run: Run) -> None:
    """items.csv: one row a file, in order of path; a duplicate has its image's id, cluster and place."""
    collection, medoids = run.collection, {int(row) for row in run.medoids}
    rows = []
    for place, (item, record) in enumerate(zip(collection.items, collection.records, strict=True)):
        row = int(collection.rows[place])
        found: Sequence[Any] = ("", "", "", "", "")
        if row >= 0:
            x, y = run.view[row]
            first = row in medoids and collection.first[row] == place
            found = (int(run.labels[row]), number(run.distances[row]), number(x), number(y), int(first))
        rows.append((item.path, record.outcome, record.id, item.label, item.group, *found, record.width, record.height))
    write_csv(file, ITEMS, rows)


def write_failures(file: Path, collection: Collection) -> None:
    """failures.csv: the files of which no image could be made, in order of path."""
    pairs = zip(collection.items, collection.records, strict=True)
    write_csv(file, FAILURES, [(i.path, r.outcome, r.reason) for i, r in pairs if r.outcome not in ("ok", "duplicate")])


def read_items(file: Path, root: str) -> Collection:
    """The collection of an items.csv; files lie under `root`, if they are files. Raises ValueError for a bad path."""
    items, records = [], []
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        for row in csv.DictReader(stream):
            path = row["path"]
            if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
                raise ValueError(f"{path!r} lies outside the collection")
            items.append(Item(path, os.path.join(root, path) if root else "", row["label"], row["group"]))
            records.append(Record(row["id"], row["outcome"], "", int(row["width"]), int(row["height"])))
    return collect(items, records)


def number(value: Any) -> str:
    """A float32 in six significant digits: the same text for the same bits on every machine."""
    return f"{float(value):.6g}"
