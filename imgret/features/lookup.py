"""Features that were computed elsewhere: which row belongs to which image, and into the store with them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.errors import UsageError
from imgret.progress import Progress
from imgret.reading.filecache import FileCache
from imgret.reading.items import distinct
from imgret.reading.loader import Reading, batches, closed
from imgret.reading.outcomes import PASSING, USABLE, Failures
from imgret.reading.record import Record
from imgret.store.store import digest
from imgret.words import printable

if TYPE_CHECKING:
    from imgret.contracts import Backbone, Item, Preprocess, Source, Vectors
    from imgret.store.store import FeatureSet, Store

log = logging.getLogger("imgret")
SHARD = 8192  # rows a shard: what is in memory at a time


def look_up(
    source: Source,
    items: Sequence[Item],
    listing: Sequence[Item],
    made_in: Mapping[str, Any],
    backbone: Backbone,
    store: Store,
    reading: Reading,
) -> tuple[list[Record], FeatureSet, int]:
    """Records of the items, the set that holds their features, and how many rows it did not have yet.

    An image without a row ends as `no_vector`, one whose row is not finite in float32 as `bad_feature`. Of files with
    the same bytes the first by path that has a row counts. The set is keyed by which row each image has as well: the
    same table may say something else of the same bytes when files are renamed. Raises UsageError where rows and
    items do not go together, TooManyFailed once more files have failed than `reading` allows.
    """
    vectors = backbone.vectors
    assert vectors is not None
    tables = _tables(vectors, listing)  # before anything is read: a mistake shows at once
    cache = FileCache(store.root / "cache.sqlite")
    files = distinct(items)
    failures = Failures(len(files), reading.max_failed, reading.formats)
    records = _read(source, files, backbone.preprocess, cache, reading, failures)
    rows = _rows(files, records, tables)
    if not rows and any(record.outcome in USABLE for record in records):
        some = "; ".join(f"{f'{name}: ' * (name != 'ids')}{next(iter(keys))}" for name, keys in tables.items() if keys)
        raise UsageError(
            f"no image is called, by path, id, file name or column, as the vectors are: {printable(some)[:200]}\n"
            "type backbone.ids=..., with the path, id or key of each vector's image"
        )
    ids = sorted(rows)
    places = np.array([rows[id] for id in ids], np.int64)
    features = store.features({**made_in, "rows": digest("".join(ids).encode(), places)})
    bad: set[str] = set()
    added = 0
    for start in range(0, len(ids), SHARD):
        part = slice(start, start + SHARD)
        with np.errstate(over="ignore"):  # a float64 beyond float32's range is one that is not finite
            found: Any = np.asarray(vectors.matrix[places[part]], np.float32)  # (s, d)
        fine: Any = np.isfinite(found).all(axis=1)
        bad |= {id for id, good in zip(ids[part], fine, strict=True) if not good}
        new = [at for at, id in enumerate(ids[part]) if fine[at] and id not in features]
        if new:
            features.add([ids[start + at] for at in new], found[new])
            added += len(new)
    settled = {item.path: _settled(record, rows, bad) for item, record in zip(files, records, strict=True)}
    for item, before in zip(files, records, strict=True):
        if settled[item.path] != before:
            failures.add(item, settled[item.path])
    return [settled[item.path] for item in items], features, added


def _settled(record: Record, rows: Mapping[str, int], bad: set[str]) -> Record:
    if record.outcome not in USABLE:
        return record
    if record.id not in rows:
        return record._replace(outcome="no_vector", reason="no vector was given for it")
    if record.id in bad:
        return record._replace(outcome="bad_feature", reason="its features are not finite")
    return record


def _tables(vectors: Vectors, listing: Sequence[Item]) -> dict[str, dict[str, int]]:
    """Rows by key, for each column that may hold the keys; without keys, by the paths in the order of the listing."""
    m, keys = len(vectors.matrix), vectors.keys or None
    if isinstance(keys, Mapping):
        return {name: rows for name, values in keys.items() if (rows := _by_key(vectors, values, strict=False))}
    if keys is None:
        if len(listing) != m:
            raise UsageError(
                f"{m:,} vectors for {len(listing):,} items: without ids there is one for each item, in their order\n"
                "type backbone.ids=..., with the path, id or key of each vector's image"
            )
        return {"": {item.path: row for row, item in reversed(list(enumerate(listing)))}}  # of a path's rows the first
    if len(keys) != m:
        raise UsageError(f"{len(keys):,} ids for {m:,} vectors\ngive one for each, in their order")
    return {"ids": _by_key(vectors, keys)}


def _by_key(vectors: Vectors, keys: Sequence[str], strict: bool = True) -> dict[str, int]:
    """The row of each key. Where one has two vectors: UsageError, or nothing where it need not be a column of keys."""
    rows: dict[str, int] = {}
    for row, key in enumerate(keys):
        if not key:  # nobody's
            continue
        first = rows.setdefault(key, row)
        if first != row and not np.array_equal(vectors.matrix[first], vectors.matrix[row], equal_nan=True):
            if not strict:
                return {}
            raise UsageError(f"{printable(key)} has two vectors\ngive one for each image")
    for key in [key for key in rows if "\\" in key]:  # a path as Windows writes it
        rows.setdefault(key.replace("\\", "/"), rows[key])
    return rows


def _rows(items: Sequence[Item], records: Sequence[Record], tables: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """The row of each image that has one, by id: by the keys, and the way to call an image, that find most of them.

    Of files with the same bytes the first by path that has a row counts. Ties go to the first column of keys, and to
    path or id before the file's name before a column.
    """
    pairs = [(i, r) for i, r in zip(items, records, strict=True) if r.outcome in USABLE]
    pairs.sort(key=lambda pair: pair[0].path)
    names = Counter(PurePosixPath(item.path).name for item, _ in pairs)
    columns = dict.fromkeys(name for item, _ in pairs for name in item.columns)
    best, told = dict[str, int](), ""
    for keyed, table in tables.items():
        ways: dict[str, list[list[str]]] = {"path or id": [[item.path, record.id] for item, record in pairs]}
        if keyed == "ids":  # what was typed, of which nothing says what it is
            files = [PurePosixPath(item.path).name for item, _ in pairs]
            ways["file name"] = [[file] if names[file] == 1 else [] for file in files]
        for column in columns:
            if keyed in ("ids", column):
                ways[column] = [[item.columns.get(column, "")] for item, _ in pairs]
        for way, called in ways.items():
            rows: dict[str, int] = {}
            for (_, record), keys in zip(pairs, called, strict=True):
                row = next((table[key] for key in keys if key in table), None)
                if row is not None:
                    rows.setdefault(record.id, row)
            if len(rows) > len(best):
                best, told = rows, way if keyed in ("", "ids") else f"{keyed}, as {way}"
    if best and told != "path or id":
        log.info("vectors by %s: %s of them found", told, f"{len(best):,}")
    return best


def _read(
    source: Source,
    items: Sequence[Item],
    preprocess: Preprocess,
    cache: FileCache,
    reading: Reading,
    failures: Failures,
) -> list[Record]:
    """What reading each item gives; files that are known are not read again, but for `rehash`."""
    known = {} if reading.rehash else cache.known((item.file for item in items if item.file), *reading[:2])
    found = {item.path: known[item.file] for item in items if item.file in known}
    todo = [item for item in items if item.file not in known]
    if unread := closed(todo):
        found |= {item.path: record for item, record in zip(todo, unread, strict=True)}
        todo = []
    for item in items:
        if item.path in found:
            failures.add(item, found[item.path])
    with Progress("images to read", len(todo), "images") as progress:
        for loaded in batches(source, todo, preprocess, reading):
            settled = []
            for item, stamp, record in zip(loaded.items, loaded.stamps, loaded.records, strict=True):
                found[item.path] = record
                if stamp and record.outcome not in PASSING:
                    settled.append((item.file, stamp, record))
            cache.remember(settled)
            for item, record in zip(loaded.items, loaded.records, strict=True):
                failures.add(item, record)
            progress.advance(len(loaded.items))
    return [found[item.path] for item in items]
