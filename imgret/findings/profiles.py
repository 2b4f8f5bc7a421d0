"""What is in a cluster: its name, what lies on its boundary, the odd ones out. c clusters, n images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgret import ops
from imgret.findings.names import names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.contracts import Floats, Ints
    from imgret.findings.found import Found

    Floats64 = NDArray[np.float64]

SHOWN = 5  # images on the boundary, and odd ones, at most
CLOSE = 0.05  # of its distance, by which another centroid is farther from an image on the boundary, at most
FAR = 3.5  # deviations from the median, as B. Iglewicz and D. Hoaglin, How to detect and handle outliers, 1993, advise


class Profile(NamedTuple):
    """`name` is what names.py calls it. `boundary` and `odd` are rows, the clearest first; either may be none.

    On the boundary lie those for which another centroid is nearer than their own, or hardly farther: (b - a) /
    max(a, b) <= 0.05 with the distances a to their own centroid and b to the nearest other one, which is the
    simplified silhouette of E. Hruschka, R. Campello and L. de Castro, 2006. Odd are those whose distance to the
    centroid is above the median of the cluster by 3.5 of its deviations, estimated by the median of the absolute ones.
    """

    name: str = ""
    boundary: Sequence[int] = ()
    odd: Sequence[int] = ()


def profiles(run: Found) -> list[Profile]:
    """What is said of each cluster (c,)."""
    silhouettes = simplified_silhouettes(run.X, run.labels, run.centroids)
    step = float(np.median(run.distances)) / 100  # below which distances are all the same
    found = []
    for cluster, name in enumerate(names(run)):
        rows = np.flatnonzero(run.labels == cluster)
        close = rows[silhouettes[rows] <= CLOSE]
        boundary = close[np.argsort(silhouettes[close], kind="stable")][:SHOWN]
        odd = rows[outliers(run.distances[rows], step)]
        odd = odd[np.argsort(-run.distances[odd], kind="stable")][:SHOWN]
        found.append(Profile(name, boundary.tolist(), odd.tolist()))
    return found


def simplified_silhouettes(X: Floats, labels: Ints, centroids: Floats) -> Floats64:
    """(b - a) / max(a, b) of each row (n,), by its distances to its own centroid (c, d) and the nearest other one.

    1 for noise and where there is no other centroid.
    """
    out = np.ones(len(X))
    rows = np.flatnonzero(labels >= 0)
    if len(centroids) < 2:
        return out
    C = centroids.astype(np.float64)
    for part in ops.blocks(len(rows), max(1, ops.BLOCK // (8 * max(C.shape)))):
        x = X[rows[part]].astype(np.float64)
        squares = (x**2).sum(axis=1)[:, None] - 2 * x @ C.T + (C**2).sum(axis=1)
        distances = np.sqrt(np.maximum(squares, 0))
        at = np.arange(len(x)), labels[rows[part]]
        own = distances[at]
        distances[at] = np.inf
        other = distances.min(axis=1)
        larger = np.maximum(own, other)
        out[rows[part]] = np.divide(other - own, larger, out=np.zeros(len(x)), where=larger > 0)
    return out


def outliers(distances: Floats, step: float) -> NDArray[np.bool_]:
    """Which distances (m,) are above their median by more than 3.5 deviations, each of which is a `step` at least."""
    median = np.median(distances)
    deviation = 1.4826 * np.median(np.abs(distances - median))  # as that of a normal distribution
    return np.asarray(distances - median > FAR * max(float(deviation), step))
