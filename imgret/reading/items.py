"""The tables of a collection: an item for each file or row of a manifest, a row of arrays for each readable image."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from imgret.contracts import Item
from imgret.demands.values import listed
from imgret.reading.outcomes import OUTCOMES, USABLE, causes
from imgret.reading.record import Record

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.contracts import Ints, Source

YES = ("1", "true", "yes")


@dataclass(frozen=True)
class Collection:
    """What a run is about. Arrays have one row per distinct readable image, in order of id (n rows).

    `items` and `records` have one entry a file, in order of path; where a manifest names one several times, it has as
    many, in the order of the manifest. `rows` (their length) is each one's row, -1 where it is not readable. `first`
    (n,) is the place in `items` of each row's ok item: the first by path, and no link where there is a file.
    `truth` and `group` (n,) are what is known of that one: places in their names, sorted, and -1 for none.
    """

    items: list[Item]
    records: list[Record]
    ids: list[str]
    rows: Ints
    first: Ints
    truth: Ints
    truth_names: list[str]
    group: Ints
    group_names: list[str]

    @property
    def paths(self) -> list[str]:
        return [self.items[place].path for place in self.first]

    @cached_property
    def columns(self) -> list[str]:
        """The names of what else is known of the items, in the order in which they come up."""
        return list(dict.fromkeys(name for item in self.items for name in item.columns))

    @cached_property
    def junk(self) -> NDArray[np.bool_]:
        """(n,): the images that have no part in retrieval metrics, by a yes (1, true, yes) in the column `junk`."""
        return np.array(
            [self.items[place].columns.get("junk", "").strip().lower() in YES for place in self.first], bool
        )

    @cached_property
    def is_scored(self) -> bool:
        """Whether labels judge anything: two are ranked, or one among images without. Where all have one, no ranking
        is better than another.
        """
        return len(np.unique(self.truth[~self.junk])) > 1

    @cached_property
    def disagreeing(self) -> dict[str, list[tuple[int, int]]]:
        """Of labels and of groups the duplicates that have another than their ok item: places in `items` of both."""
        pairs = [(place, int(self.first[row])) for place, row in enumerate(self.rows) if row >= 0]
        found = {}
        for name in ("label", "group"):
            said = [getattr(item, name) for item in self.items]
            found[name] = [(place, first) for place, first in pairs if said[place] not in ("", said[first])]
        return found

    @property
    def outcomes(self) -> dict[str, int]:
        """Files by outcome: ok first, duplicate second, then failures by name. They add up to all files."""
        counts = Counter(record.outcome for record in self.records)
        return {name: counts[name] for name in sorted(counts, key=lambda o: (o != "ok", o != "duplicate", o))}

    @property
    def causes(self) -> str:
        """Files by outcome in words, each with the first by path of it."""
        first: dict[str, str] = {}
        for item, record in zip(self.items, self.records, strict=True):
            first.setdefault(record.outcome, f"{item.path}: {record.reason}")
        return causes(self.outcomes, first)


def listing(source: Source) -> list[Item]:
    """All that a source lists. Raises Fault where two files have one path: what became of one would stand for both.

    Several items of one file are rows that name it.
    """
    return listed(source)


def distinct(items: Sequence[Item]) -> list[Item]:
    """The first item of each path, in their order: all of one path are of one file, which is read once."""
    found: dict[str, Item] = {}
    for item in items:
        found.setdefault(item.path, item)
    return list(found.values())


def root(items: Sequence[Item]) -> str:
    """The folder that the items' paths are relative to; empty where they are no files of their own below one."""
    item = next((item for item in items if item.file), items[0])
    above = item.file.removesuffix(item.path.replace("/", os.sep))
    return (above.rstrip(os.sep) or os.sep) if item.file and above != item.file else ""


def collect(items: Sequence[Item], records: Sequence[Record]) -> Collection:
    """Tables from items and what reading each one gave, in the same order.

    Raises ValueError where not every item has one outcome, of a name that there is: a file would be lost unseen.
    """
    if len(items) != len(records):
        raise ValueError(f"{len(records):,} outcomes for {len(items):,} files")
    if unknown := {record.outcome for record in records} - set(OUTCOMES):
        raise ValueError(f"outcomes of no known name: {sorted(unknown)}")
    order = sorted(range(len(items)), key=lambda i: items[i].path)
    items, records = [items[i] for i in order], [records[i] for i in order]
    ids = sorted({record.id for record in records if record.outcome in USABLE})
    row_of = {id: row for row, id in enumerate(ids)}
    rows = np.array([row_of.get(r.id, -1) if r.outcome in USABLE else -1 for r in records], np.int64)
    places: list[list[int]] = [[] for _ in ids]
    for place, row in enumerate(rows):
        if row >= 0:
            places[row].append(place)
    first = np.array([_first(alike, items, records) for alike in places], np.int64)
    for place, row in enumerate(rows):
        if row >= 0 and first[row] != place:
            records[place] = records[place]._replace(
                outcome="duplicate", reason=f"same bytes as {items[first[row]].path}"
            )
    truth, truth_names = number_names([items[place].label for place in first])
    group, group_names = number_names([items[place].group for place in first])
    return Collection(items, records, ids, rows, first, truth, truth_names, group, group_names)


def _first(places: Sequence[int], items: Sequence[Item], records: Sequence[Record]) -> int:
    """Which of these items of the same bytes, in order of path, is the ok one. A run that is read again has said so."""
    left = [place for place in places if records[place].outcome == "ok"] or places
    files = [place for place in left if not _is_link(items[place])] if len(left) > 1 else left
    return (files or left)[0]


def _is_link(item: Item) -> bool:
    """Whether the file, or a folder that holds it, is a link: what an export has made beside the originals, say."""
    try:
        return bool(item.file) and os.path.realpath(item.file) != item.file
    except (OSError, ValueError):
        return False


def number_names(names: Sequence[str]) -> tuple[Ints, list[str]]:
    """Each name's place among the distinct non-empty ones, sorted, and -1 for an empty one; and those names."""
    known = sorted(set(names) - {""})
    place = {name: code for code, name in enumerate(known)}
    return np.array([place.get(name, -1) for name in names], np.int64), known


def sample(items: Sequence[Item], limit: int | None, seed: int) -> list[Item]:
    """`limit` of the items, the same ones for the same seed, in their order.

    Each path draws its lot by a hash of its own, so a file that comes or goes moves no other in or out but one. So
    does each further item of a path.
    """
    if limit is None or limit >= len(items):
        return list(items)
    lots, met = [], Counter[str]()
    for item in items:
        again = f"/{met[item.path]}" if met[item.path] else ""
        met[item.path] += 1
        lots.append(hashlib.sha256(f"{seed}/{item.path}{again}".encode("utf-8", "surrogateescape")).digest())
    return [items[place] for place in sorted(sorted(range(len(items)), key=lots.__getitem__)[:limit])]
