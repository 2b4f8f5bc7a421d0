"""Assigning: which cluster of a run an image would be in, and how far out in it, without a new fit."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgret import ops
from imgret.contracts import Item
from imgret.errors import UsageError
from imgret.reading.formats import HEAD, is_read, sniff
from imgret.registry import blamed, build
from imgret.search.keys import row_named
from imgret.settings.options import root_node
from imgret.store.files import check_size, read_file, sha256
from imgret.store.store import Store
from imgret.words import printable, typed_path

if TYPE_CHECKING:
    from imgret.contracts import Floats, Ints, Source
    from imgret.findings.found import Found


class Assigned(NamedTuple):
    """Where one image belongs. `image` is its name as it was given, or below the folder that was.

    `of_run` says whether it is one of the run's. `cluster` is -1 for noise, which only an image of the run can be.
    `distance` is the Euclidean one in X from the cluster's centroid; of noise, from the nearest. `nearer` is the share
    (0 to 1) of the cluster's images that lie nearer to the centroid, `outlier` whether every one of them does; of noise
    neither is known. `representative` is the path of the cluster's. Where `outcome` is not ok, `reason` says why.
    """

    image: str
    outcome: str = "ok"
    reason: str = ""
    id: str = ""
    of_run: bool = False
    cluster: int | None = None
    distance: float | None = None
    nearer: float | None = None
    outlier: bool = False
    representative: str = ""


def assign(run: Found, images: str | Path | Sequence[str | Path]) -> list[Assigned]:
    """The cluster of each of `images`, in their order: files, folders (read recursively), or images of the run.

    An image of the run, known by its bytes, or called as `search` takes it, has its own cluster. Any other is treated
    as the run's were, by the same backbone and mean, and goes to the cluster whose centroid is nearest in X, of equals
    the first: also where the clusterer finds clusters by their density, and might call it noise. Nothing is written
    into the run; features are kept in the store.

    What cannot be read has an outcome that says so, and loses no other. Raises UsageError for a run without clusters,
    for a backbone that is not here as it was, and where no image is given.
    """
    if not len(run.centroids):
        raise UsageError("this run has no clusters to assign to: every image is noise")
    names = [images] if isinstance(images, str | Path) else images
    source, items = _listed([str(name) for name in names])
    if not items:
        raise UsageError("no image to assign\ngive image files, or folders that have images in them")
    found = {item.path: _known(run, item) for item in items}
    own = {name: row for name, row in found.items() if isinstance(row, int)}
    new = [item for item in {item.path: item for item in items}.values() if found[item.path] is None]
    rows = np.array(list(own.values()), np.int64)
    places = [Assigned(name, id=run.ids[row], of_run=True) for name, row in own.items()]
    done = _placed(run, places, run.labels[rows], run.distances[rows]) + _new(run, source, new)
    done += [failed for failed in found.values() if isinstance(failed, Assigned)]
    by_name = {each.image: each for each in done}
    return [by_name[item.path] for item in items]


def _listed(names: Sequence[str]) -> tuple[Source, list[Item]]:
    """An item for each name, and for each file in a folder, listed as a run lists it; and a source that opens them.

    What lies nowhere, and may be an image of the run, has no file.
    """
    name = next(entry["source"] for entry in root_node()["defaults"] if "source" in entry)
    items = []
    for given in names:
        path = typed_path(given)
        try:
            inside = list(build("source", {"name": name, "images": str(path)})) if os.path.isdir(path) else None
        except UsageError:  # a folder that cannot be read
            inside = None
        if inside is not None:
            items += [Item(os.path.join(given, item.path), item.file) for item in inside]
        else:
            items.append(Item(given, os.path.abspath(path) if os.path.lexists(path) else ""))
    return build("source", {"name": name, "images": None}), items


def _known(run: Found, item: Item) -> int | Assigned | None:
    """The row of an image of the run; why it cannot be read where that shows before; else None."""
    if item.file:
        if os.path.exists(item.file) and not os.path.isfile(item.file):  # a pipe would be waited for
            what = "a folder that cannot be read" if os.path.isdir(item.file) else "not a file"
            return Assigned(item.path, "unreadable", what)
        return run.row_of.get(_id(item.file, run.settings["formats"]))
    try:
        return row_named(run, item.path)
    except UsageError as error:
        return Assigned(item.path, "missing", str(error).splitlines()[0].removeprefix(f"{printable(item.path)}: "))


def _id(file: str, formats: Collection[str]) -> str:
    """The id of an image file; empty for what cannot be read, or is no image: a film is not read to its end."""
    try:
        head = read_file(file, HEAD)
        check_size(os.path.getsize(file))
        return sha256(Path(file)) if is_read(sniff(head), formats) else ""
    except OSError:
        return ""


def _new(run: Found, source: Source, items: Sequence[Item]) -> list[Assigned]:
    """Images that the run does not have."""
    if not items:
        return []
    if "vectors" in run.info.space:
        return [Assigned(item.path, "no_vector", "this run's vectors were computed elsewhere") for item in items]
    from imgret.features.extract import extract
    from imgret.reading.loader import Reading

    reading = Reading.of({**run.settings, "max_failed": 1, "rehash": False})
    with blamed(run.settings, "backbone", only=True):
        done = extract(source, items, run.info.space, run.engine, Store(), reading, by=run.called("backbone"))
    read = [Assigned(i.path, r.outcome, r.reason, r.id) for i, r in zip(items, done.records, strict=True)]
    good = [each for each in read if each.outcome == "ok"]
    if not good:
        return read
    V = ops.normalise(done.features.rows([each.id for each in good]), run.settings["normalize"], run.mean)[0]  # (q, d)
    homes = nearest(V, run.centroids)
    placed = _placed(run, good, homes, ops.distances(V, homes, run.centroids))
    return placed + [each for each in read if each.outcome != "ok"]


def nearest(V: Floats, centroids: Floats) -> Ints:
    """The centroid (q,) of (c, d) that is nearest to each row of V (q, d), Euclidean; ties: the lower one."""
    C = centroids.astype(np.float64)
    squares = (C**2).sum(axis=1)
    parts = [squares - 2 * V[rows].astype(np.float64) @ C.T for rows in ops.blocks(len(V), 8192)]
    return np.concatenate([part.argmin(axis=1) for part in parts]).astype(np.int64)


def _placed(run: Found, images: Sequence[Assigned], homes: Ints, distances: Floats) -> list[Assigned]:
    """Each image with its cluster (q,), -1 for noise, at its distance (q,) from the centroid."""
    nearer = np.zeros(len(homes))
    for cluster in np.unique(homes[homes >= 0]):
        own, here = np.sort(run.distances[run.labels == cluster]), homes == cluster
        nearer[here] = np.searchsorted(own, distances[here]) / len(own)  # those that are nearer, not as near
    placed = []
    for image, home, distance, share in zip(images, homes.tolist(), distances.tolist(), nearer.tolist(), strict=True):
        where = image._replace(cluster=home, distance=distance)
        if home >= 0:
            medoid = run.paths[run.medoids[home]]
            where = where._replace(nearer=share, outlier=share == 1, representative=medoid)
        placed.append(where)
    return placed
