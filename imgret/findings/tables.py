"""A run's tables and arrays as files, and reading them back without trust in what they say.

Tables are UTF-8 with surrogate escapes, so that any file name survives the round trip.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.clusters.neighbours import WIDTH, unpacked
from imgret.contracts import Item
from imgret.findings.rows import rows
from imgret.reading.columns import free
from imgret.reading.items import Collection, collect
from imgret.reading.outcomes import NO_FAILURE
from imgret.reading.record import Record
from imgret.store.files import leads_out, read_array, read_json, sha256, write_csv
from imgret.words import decimal

if TYPE_CHECKING:
    from imgret.findings.found import Found

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
    "taken",
    "camera",
)  # the columns of every items.csv; what else is known of the items follows
FAILURES = ("path", "outcome", "reason")
SKIPPED = "skipped.csv"  # which a run has where rows of a manifest became no item
FILES = ("items.csv", "metrics.json", "mean.npy", "labels.npy", "view.npy", "features.npy")
GRAPH = "neighbours.npy"  # which a run may have beside those
CHECKED = 2**27  # bytes: a file that is larger is not hashed when a run is loaded, which would take a while
ID = re.compile("([0-9a-f]{64})?")
TAKEN = re.compile(r"(\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?)?", re.ASCII)


def write_items(file: Path, run: Found) -> None:
    """items.csv: one row a file, in order of path; a duplicate has its image's id, cluster and place."""
    columns = table(run)
    write_csv(file, list(columns), zip(*columns.values(), strict=True))


def table(run: Found) -> dict[str, list[str]]:
    """What items.csv holds, by column: one value a file, in order of path."""
    collection, medoids = run.collection, {int(row) for row in run.medoids}
    rows: list[Sequence[Any]] = []
    for place, (item, record) in enumerate(zip(collection.items, collection.records, strict=True)):
        row = int(collection.rows[place])
        found: Sequence[Any] = ("", "", "", "", "")
        if row >= 0:
            x, y = run.view[row]
            first = row in medoids and collection.first[row] == place
            found = (int(run.labels[row]), decimal(run.distances[row]), decimal(x), decimal(y), int(first))
        seen = (record.width or "", record.height or "", record.taken, record.camera)
        rows.append((item.path, record.outcome, record.id, item.label, item.group, *found, *seen))
    columns: dict[str, list[str]] = {name: [] for name in ITEMS}
    for cells in rows:
        for name, cell in zip(ITEMS, cells, strict=True):
            columns[name].append(str(cell))
    for name in collection.columns:
        values = [item.columns.get(name, "") for item in collection.items]
        columns[free(name, columns)] = values  # a manifest's `cluster` is not ours
    return columns


def located(run: Found, folder: Path | None) -> dict[str, list[str]]:
    """`table` for a file in a folder. Where paths do not start from there, `file` says at last where each image lies.

    None is for a table in which paths are no more what they were.
    """
    columns, root = table(run), run.info.root
    if root and (folder is None or os.path.realpath(folder) != os.path.realpath(root)):
        pairs = zip(run.collection.items, run.collection.records, strict=True)
        columns[free("file", columns)] = [item.file if record.id else "" for item, record in pairs]
    return columns


def write_failures(file: Path, collection: Collection) -> None:
    """failures.csv: the files of which no image could be made, in order of path."""
    pairs = zip(collection.items, collection.records, strict=True)
    write_csv(file, FAILURES, [(i.path, r.outcome, r.reason) for i, r in pairs if r.outcome not in NO_FAILURE])


def write_skipped(folder: Path, rows: Sequence[tuple[int, str]]) -> None:
    """skipped.csv: the lines of a manifest (rows from 1, where it has no lines) that became no item, and why."""
    if rows:
        write_csv(folder / SKIPPED, ("line", "reason"), rows)


def read_items(file: Path, root: str, most: int | None = None) -> Collection:
    """The collection of an items.csv of at most so many files, which lie under `root`, if they are files.

    Raises ValueError as `rows` does, for a path that leads out of `root` by itself, and for an id or a date that is
    none.
    """
    items, records = [], []
    for row, more in rows(file, ITEMS, most):
        path = row["path"]
        if leads_out(path):
            raise ValueError(f"{path!r} lies outside the collection")
        taken = row.get("taken", "")
        if not ID.fullmatch(row["id"]) or not TAKEN.fullmatch(taken):  # they become names of files
            raise ValueError(f"{path!r} has the id {row['id']!r}, taken {taken!r}")
        items.append(Item(path, os.path.join(root, path) if root else "", row["label"], row["group"], more))
        size = int(row["width"] or 0), int(row["height"] or 0)
        records.append(Record(row["id"], row["outcome"], "", *size, taken, row.get("camera", "")))
    return collect(items, records)


def read_figures(file: Path) -> dict[str, float]:
    """The figures by name in a metrics.json. Raises what `read_json` does, and ValueError for what is no figure."""
    figures = read_json(file)
    for name, value in figures.items():
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise ValueError(f"{name} in {file.name} is not a number: {value!r}")
    return figures


def read_arrays(folder: Path, n: int, digests: Container[str]) -> dict[str, Any]:
    """A run's arrays for n images by name, `features` memory-mapped. Raises ValueError for what they cannot be.

    The graph of neighbours is among them where the run has one, as `digests` tell. Labels are clusters 0..c-1, each
    with an image, and -1 for noise; the mean is finite.
    """
    features = read_array(folder / "features.npy", np.float32, (n, -1))
    mean = np.array(read_array(folder / "mean.npy", np.float32, features.shape[1:]))
    labels = np.array(read_array(folder / "labels.npy", np.int64, (n,)))
    view = np.array(read_array(folder / "view.npy", np.float32, (n, 2)))
    if not np.isfinite(mean).all():
        raise ValueError("mean.npy holds non-finite values")
    if not np.isfinite(view).all():
        raise ValueError("view.npy holds non-finite values")
    found = np.unique(labels)
    if found[0] not in (-1, 0) or int(found[-1]) - int(found[0]) != len(found) - 1:
        raise ValueError(f"labels.npy holds {len(found)} labels from {found[0]} to {found[-1]}")
    width = 2 * min(WIDTH, n - 1)  # of what is held
    graph = unpacked(read_array(folder / GRAPH, np.float32, (n, width))) if GRAPH in digests else None
    return {"features": features, "mean": mean, "labels": labels, "view": view, "graph": graph}


def check_digests(folder: Path, digests: Mapping[str, str]) -> None:
    """Raises ValueError for a file that is not as it was when the run was made. Large ones are taken at their word."""
    for name in (*FILES, *({GRAPH} & digests.keys())):
        file = folder / name
        if file.stat().st_size <= CHECKED and sha256(file) != digests.get(name):
            raise ValueError(f"{name} is not as it was when the run was made")
