"""DBSCAN by blocks of neighbourhoods, joined one after the other, so that the pairs are never all in memory."""

from __future__ import annotations

from math import inf, sqrt
from typing import TYPE_CHECKING

from imgret import UsageError, register

if TYPE_CHECKING:
    from sklearn.neighbors import NearestNeighbors

    from imgret.contracts import Floats, Ints


@register("clusterer")
class dbscan:
    """DBSCAN. A point with `min_samples` points within `eps` (Euclidean distance), itself included, is a core. Cores
    within `eps` of each other share a cluster; another point within `eps` of a core joins that of the nearest core
    (ties: the lower row), where the first description leaves it to chance; the rest is noise, -1.

    M. Ester, H.-P. Kriegel, J. Sander, X. Xu, A density-based algorithm for discovering clusters in large spatial
    databases with noise, 1996. `eps=auto` is the knee of their k-distance graph. `min_samples=null` makes it 20, or
    below 1,600 points half the square root of n, at least 3. Learned: `eps_` and `min_samples_`, which were used.
    """

    def __init__(self, eps: float | str = "auto", min_samples: int | None = None) -> None:
        if eps != "auto" if isinstance(eps, str) else not 0 < eps < inf:
            raise UsageError(f"clusterer.eps={eps}: it is auto, or a distance above 0\nclusterer.eps=auto")
        if min_samples is not None and min_samples < 1:
            raise UsageError(f"clusterer.min_samples={min_samples}: 1 or more are needed\nclusterer.min_samples=10")
        self.eps, self.min_samples = eps, min_samples

    def fit_predict(self, X: Floats) -> Ints:
        """Points (n, r) float32 to labels (n,) int64, -1 for noise. Memory grows with n, whatever `eps` is."""
        import numpy as np
        from sklearn.neighbors import NearestNeighbors

        from imgret.ops import BLOCK, blocks

        self.min_samples_ = self.min_samples or min(20, max(3, round(sqrt(len(X)) / 2)))
        reach = k_distances(X, self.min_samples_)
        if isinstance(self.eps, str):
            resolution = 1e-6 * float(np.abs(X).max())  # of float32: equal points must be neighbours
            self.eps_ = max(knee(np.sort(reach[np.isfinite(reach)])), resolution, float(np.finfo(np.float32).tiny))
        else:
            self.eps_ = self.eps

        core = reach <= self.eps_
        labels = np.full(len(X), -1, np.int64)
        if not core.any():
            return labels
        cores = NearestNeighbors(radius=self.eps_).fit(X[core])
        names = join(cores, X[core])
        labels[core] = names
        border = np.flatnonzero(~core)
        for part in blocks(len(border), BLOCK // (16 * len(names))):
            for row, distances, near in zip(border[part], *cores.radius_neighbors(X[border[part]]), strict=True):
                if len(near):
                    labels[row] = names[near[distances == distances.min()].min()]
        return labels


def join(neighbours: NearestNeighbors, points: Floats) -> Ints:
    """The connected components (c,) of points (c, r), each joined with its radius neighbours among them."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    from imgret.ops import BLOCK, blocks

    names = np.arange(len(points))  # of the components found so far
    for rows in blocks(len(points), BLOCK // (16 * len(points))):
        near = neighbours.radius_neighbors_graph(points[rows]).tocoo()
        ends = names[rows][near.row], names[near.col]
        new = ends[0] != ends[1]
        if new.any():
            graph = coo_array((np.ones(new.sum()), (ends[0][new], ends[1][new])), shape=(len(points),) * 2)
            names = connected_components(graph, directed=False)[1].astype(np.int64)[names]
    return names


def k_distances(X: Floats, min_samples: int) -> Floats:
    """For each point (n, r) the distance (n,) within which there are `min_samples` points, itself included; inf where
    there are not so many: sorted, the k-distance graph.
    """
    import numpy as np
    from sklearn.neighbors import NearestNeighbors

    if min_samples == 1:
        return np.zeros(len(X), np.float32)
    if min_samples > len(X):
        return np.full(len(X), np.inf, np.float32)
    distances, _ = NearestNeighbors(n_neighbors=min_samples - 1).fit(X).kneighbors()
    return np.asarray(distances[:, -1], np.float32)


def knee(curve: Floats) -> float:
    """The value at the knee of an ascending convex curve (n,): where it lies farthest below its chord; 0 for n = 0.

    V. Satopaa et al., Finding a "kneedle" in a haystack, 2011: the difference curve of the curve scaled to the unit
    square, at its greatest value (the offline case, without smoothing).
    """
    import numpy as np

    if not len(curve):
        return 0.0
    rise = curve - curve[0]
    below = np.linspace(0, float(rise[-1]), len(curve)) - rise
    return float(curve[below.argmax()])
