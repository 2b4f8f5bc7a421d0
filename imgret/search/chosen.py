"""Some of a run's files, to take away: by conditions, one of each group of duplicates, some of each cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from imgret.errors import UsageError
from imgret.ops.samepicture import SAME
from imgret.search.where import fulfilling

if TYPE_CHECKING:
    from imgret.findings.found import Found


def chosen(run: Found, conditions: Sequence[str] = (), top: int | None = None, survivors: bool = False) -> list[int]:
    """Places in `run.collection.items`, ascending: of all files, readable or not, those that fulfil all `conditions`.

    With `survivors`, of those that are left one of each group of the same picture, the first that is to be kept. With
    `top`, one file each of the `top` images nearest to the centroid of each cluster, of those that are left; noise
    is in no cluster. Raises UsageError where `top` is below 1, and as `fulfilling` does.
    """
    if top is not None and top < 1:
        raise UsageError(f"--top {top}: the number of images of each cluster is a whole number, at least 1")
    rows = run.collection.rows
    places = fulfilling(run, conditions, np.ones(len(rows), bool))
    if survivors:
        places = _survivors(run, places)
    if top is None:
        return places
    first = {int(rows[place]): place for place in reversed(places)}
    kept: list[int] = []
    taken = np.zeros(len(run.medoids), np.int64)
    for row in sorted(first.keys() - {-1}, key=lambda row: (run.distances[row], row)):  # rows are in order of id
        cluster = run.labels[row]
        if cluster >= 0 and taken[cluster] < top:
            taken[cluster] += 1
            kept.append(first[row])
    return sorted(kept)


def _survivors(run: Found, places: Sequence[int]) -> list[int]:
    """The places but for those of a file of the same picture as one that goes before it; see findings/duplicates.py."""
    stands = {row: (row, 0) for row in range(len(run.ids))}  # the row that stands for its group, and its place there
    for group in run.duplicates:
        if group[0].tier in SAME:
            stands |= {each.row: (group[0].row, at) for at, each in enumerate(group)}
    rows = run.collection.rows
    best: dict[int, tuple[int, bool, int]] = {}  # by who stands for it: who goes first
    for place in places:
        if (row := int(rows[place])) >= 0:
            first, at = stands[row]
            mine = at, place != run.collection.first[row], place
            best[first] = min(best.get(first, mine), mine)
    kept = {place for *_, place in best.values()}
    return [place for place in places if rows[place] < 0 or place in kept]
