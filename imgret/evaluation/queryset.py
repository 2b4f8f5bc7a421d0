"""A set of queries for a run: images apart from its own, read, labelled and embedded as its own were."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgret import ops
from imgret.errors import UsageError
from imgret.ops.relevance import Known, Trial
from imgret.reading.items import Collection, collect, listing
from imgret.registry import blamed, build
from imgret.settings.options import origin
from imgret.store.store import Store
from imgret.words import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imgret.contracts import Floats, Ints
    from imgret.runs.run import Run


class QuerySet(NamedTuple):
    """Distinct readable images in order of id: what the folder holds, their rows Q (q, d), and the trial."""

    collection: Collection
    Q: Floats
    trial: Trial


def read(run: Run, folder: str) -> QuerySet:
    """The images of a folder (or whatever the run's source reads) as queries; the run stays as it is.

    Labels and groups come from the run's own `source` options, and from what its listing has settled, say whether
    folders are labels; features come from its backbone and mean, and are kept in the store. A query that is an image of
    the run, by content, is `own`. Raises UsageError where the run's source reads no folder, where nothing is readable,
    and where no image has a label that the run knows.
    """
    node = run.settings["source"]
    if "images" not in node:
        raise UsageError(f"the images of this run come from source={run.called('source')}, which reads no folder")
    if "vectors" in run.info.space:
        raise UsageError("this run's vectors were computed elsewhere, and queries have none\nleave --queries out")
    from imgret.features.extract import extract
    from imgret.reading.loader import Reading

    with blamed(run.settings, "source"):
        source = build("source", {**node, **run.info.fitted.source, "images": folder})
        items = listing(source)
    if not items:
        raise UsageError(f"{printable(folder)} has no files in it\ngive a folder that has images in it")
    reading = Reading.of({**run.settings, "max_failed": 1, "rehash": False})
    with blamed(run.settings, "source", only=True), blamed(run.settings, "backbone", only=True):
        done = extract(source, items, run.info.space, run.engine, Store(), reading, by=run.called("backbone"))
    collection = collect(items, done.records)
    if not collection.ids:
        raise UsageError(f"{printable(folder)} has no readable image in it: {collection.causes}")
    Q = ops.normalise(done.features.rows(collection.ids), run.settings["normalize"], run.mean)[0]
    asked = Known(
        _coded(collection.truth, collection.truth_names, run.truth_names),
        _coded(collection.group, collection.group_names, run.group_names),
        collection.junk,
    )
    if not (asked.truth >= 0).any():
        labels = counted(len(collection.truth_names), "label")
        raise UsageError(
            f"none of {counted(len(Q), 'image')} in {printable(folder)} has a label that an image of the run has "
            f"({labels} found)\nlabels are read as for the run, {origin(run.settings)}; one folder alone is none"
        )
    own = np.array([run.row_of.get(id, -1) for id in collection.ids], np.int64)
    return QuerySet(collection, Q, Trial(asked, Known(run.truth, run.group, run.collection.junk), own))


def _coded(codes: Ints, names: Sequence[str], known: Sequence[str]) -> Ints:
    """The codes (q,) of names as places among those that the run knows, -1 for the others."""
    place = {name: code for code, name in enumerate(known)}
    return np.array([place.get(name, -1) for name in names] + [-1], np.int64)[codes]
