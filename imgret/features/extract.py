"""Features of a collection: what the store has is taken, the rest is decoded and run through the backbone once."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.contracts import Backbone, Item, Source
from imgret.errors import UsageError
from imgret.executors.local import Lost, spread
from imgret.features.engine import some_finite
from imgret.progress import Progress
from imgret.reading.decode import decode
from imgret.reading.filecache import FileCache, Stamp
from imgret.reading.items import distinct
from imgret.reading.loader import READING, Reading, batches, closed
from imgret.reading.outcomes import PASSING, Failures
from imgret.reading.record import Record
from imgret.store.store import FeatureSet, Store
from imgret.words import counted, duration, printable

if TYPE_CHECKING:
    from imgret.contracts import Floats
    from imgret.features.engine import Engine
    from imgret.store.room import Room

SHARD = 512  # images a shard: what a killed run loses at the most
NOT_FINITE = "its features are not finite"
log = logging.getLogger("imgret")


@dataclass(frozen=True)
class Extraction:
    """`records` has one entry an item, in the items' order. `features` holds what every ok image has, and more."""

    records: list[Record]
    features: FeatureSet
    computed: int
    seconds: float


def recipe(space: Mapping[str, Any], engine: Engine) -> dict[str, Any]:
    """What makes two features equal in every digit, on one machine: the key of a feature set."""
    kind = engine.device.split(":")[0]
    return {**space, "engine": engine.name, "precision": engine.precision, "device": kind}


def extract(
    source: Source,
    items: Sequence[Item],
    made_in: Mapping[str, Any],
    engine: Engine,
    store: Store,
    reading: Reading = READING,
    listing: Sequence[Item] | None = None,
    by: str = "",
    room: Room | None = None,
) -> Extraction:
    """Settle every item: to an id whose features are in the store, or to a named failure. `made_in`: see space.py.

    `listing` is all that the source lists, where `items` are a part of it; `by` is what the backbone is called on the
    screen, where that is not its component's name. Where there is a `room`, UsageError is raised for what does not fit
    into it. TooManyFailed is raised as soon as more files have failed than `reading` allows. With its `rehash` every
    file is read, also those that have not changed as far as their path, size and times tell; features that the store
    has are not computed again for that.
    """
    started = time.perf_counter()
    if engine.backbone.vectors is not None:
        from imgret.features.lookup import look_up

        if room:
            room.check(len(items), len(items), engine.backbone.vectors.matrix.shape[1])
        among = listing or items
        records, features, added = look_up(source, items, among, made_in, engine.backbone, store, reading)
        return Extraction(records, features, added, time.perf_counter() - started)
    features = store.features(recipe(made_in, engine))
    cache = FileCache(store.root / "cache.sqlite")
    files = distinct(items)
    known = {} if reading.rehash else cache.known((item.file for item in files if item.file), *reading[:2])
    known = {file: record for file, record in known.items() if record.outcome != "ok" or record.id in features}
    todo = [item for item in files if item.file not in known]
    found: dict[str, Record] = {item.path: known[item.file] for item in files if item.file in known}
    if unread := closed(todo):  # links to nothing, say, which are not remembered: no engine has to be ready for them
        found, todo = found | {item.path: record for item, record in zip(todo, unread, strict=True)}, []
    if todo:
        engine.prepare()
        if recipe(made_in, engine) != features.recipe:  # another engine has to do it: its features are another set
            return extract(source, items, made_in, engine, store, reading, listing, by, room)

    failures = Failures(len(files), reading.max_failed, reading.formats)
    pending = _Pending(engine, features, failures)
    pending.count((item, found[item.path]) for item in files if item.path in found)
    what = f"features by {by or made_in['backbone']}"
    with Progress(what, len(todo), "images") as progress:
        try:
            for loaded in batches(source, todo, engine.backbone.preprocess, reading):
                if not progress.done:
                    seconds, d = _estimate(len(todo), loaded.seconds / len(loaded.items), engine)
                    more = room.check(len(todo), len(files), d) if room else ""
                    log.info("%s: %s to read, about %s%s", what, counted(len(todo), "file"), duration(seconds), more)
                rows = iter(loaded.pixels.numpy())
                settled: list[tuple[str, Stamp, Record]] = []
                for item, stamp, record in zip(loaded.items, loaded.stamps, loaded.records, strict=True):
                    found[item.path] = record
                    if record.outcome == "ok":
                        pending.offer(record.id, next(rows))
                    if stamp and record.outcome not in PASSING:
                        settled.append((item.file, stamp, record))
                cache.remember(settled)
                pending.count(zip(loaded.items, loaded.records, strict=True))
                progress.advance(len(loaded.items))
            pending.compute()
            pending.count()
        finally:  # stopped or not, what was computed is kept
            pending.store()

    records = [pending.settled(found[item.path]) for item in items]
    return Extraction(records, features, pending.computed, time.perf_counter() - started)


def embed(
    images: Sequence[tuple[str, bytes]],
    backbone: Backbone,
    engine: Engine,
    reading: Reading = READING,
) -> Floats:
    """Features (q, d) of images given by name and bytes. Raises UsageError, naming it, for what is no image.

    Decoded in a worker, so that no image ends the process that asks; one has the seconds that `reading` says.
    """
    read = partial(decode, preprocess=backbone.preprocess, formats=tuple(reading.formats))
    done = spread(read, [data for _, data in images], reading.timeout, goes_on=False)
    rows = []
    for (name, _), each in zip(images, (each for _, chunk in done for each in chunk), strict=False):
        if isinstance(each, Lost) or each.pixels is None:
            raise UsageError(f"{printable(name)} cannot be used as an image: {each.outcome}, {each.reason}")
        rows.append(each.pixels)
    batch = engine.batch  # which it may halve on the way
    starts = range(0, len(rows), batch)
    features = np.concatenate([engine(np.stack(rows[start : start + batch])) for start in starts])
    for (name, _), row in zip(images, features, strict=True):
        if not np.isfinite(row).all():
            raise UsageError(f"{printable(name)} cannot be used as an image: bad_feature, {NOT_FINITE}")
    return features


class _Pending:
    """Pixels that wait for a full batch, features that wait for a full shard."""

    def __init__(self, engine: Engine, features: FeatureSet, failures: Failures) -> None:
        self.engine, self.features, self.failures = engine, features, failures
        self.ids: list[str] = []
        self.pixels: list[Any] = []
        self.rows: dict[str, Any] = {}
        self.bad: set[str] = set()
        self.uncounted: list[tuple[Item, Record]] = []  # whose features, failures or not, are not computed yet
        self.computed = 0

    def offer(self, id: str, pixels: Any) -> None:
        if id in self.features or id in self.rows or id in self.ids or id in self.bad:
            return
        self.ids.append(id)
        self.pixels.append(pixels)
        if len(self.ids) >= self.engine.batch:
            self.compute()
        if len(self.rows) >= SHARD:
            self.store()

    def compute(self) -> None:
        if not self.ids:
            return
        for id, row in zip(self.ids, self.engine(np.stack(self.pixels)), strict=True):
            if np.isfinite(row).all():
                self.rows[id] = row
            else:
                self.bad.add(id)
        self.computed += len(self.ids)
        self.ids, self.pixels = [], []

    def settled(self, record: Record) -> Record:
        return record._replace(outcome="bad_feature", reason=NOT_FINITE) if record.id in self.bad else record

    def count(self, found: Iterable[tuple[Item, Record]] = ()) -> None:
        """Count the failures among these, and among earlier ones whose features are there now. See `Failures.add`."""
        found = [*self.uncounted, *found]
        self.uncounted = [(item, record) for item, record in found if record.id in self.ids]
        for item, record in found:
            if record.id not in self.ids:
                self.failures.add(item, self.settled(record))

    def store(self) -> None:
        if self.rows:
            self.features.add(list(self.rows), np.stack(list(self.rows.values())))
            self.rows = {}


def _estimate(images: int, decoding: float, engine: Engine) -> tuple[float, int]:
    """Seconds that `images` will take, from those that decoding one took and from one timed batch; and features d."""
    engine.prepare()
    blank = np.zeros((engine.batch, 3, *engine.backbone.preprocess.size), np.uint8)
    started = time.perf_counter()
    _, d = some_finite(engine(blank), engine).shape
    forward = (time.perf_counter() - started) / len(blank)
    decoding /= os.cpu_count() or 1
    return images * (forward + decoding if engine.device == "cpu" else max(forward, decoding)), d
