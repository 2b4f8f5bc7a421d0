"""Some of a run's files, to take away: those that fulfil conditions, those nearest to the middle of each cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from imgret.errors import UsageError
from imgret.search.where import fulfilling

if TYPE_CHECKING:
    from imgret.findings.found import Found


def chosen(run: Found, conditions: Sequence[str] = (), top: int | None = None) -> list[int]:
    """Places in `run.collection.items`, ascending: of all files, readable or not, those that fulfil all `conditions`.

    With `top`, one file each of the `top` images nearest to the centroid of each cluster, of those that are left; noise
    is in no cluster. Raises UsageError where `top` is below 1, and as `fulfilling` does.
    """
    if top is not None and top < 1:
        raise UsageError(f"--top {top}: the number of images of each cluster is a whole number, at least 1")
    rows = run.collection.rows
    places = fulfilling(run, conditions, np.ones(len(rows), bool))
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
