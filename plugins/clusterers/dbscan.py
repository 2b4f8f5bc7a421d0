"""DBSCAN by blocks of neighbourhoods, joined one after the other, so that the pairs are never all in memory."""

from __future__ import annotations

from math import inf, sqrt
from typing import TYPE_CHECKING

from imgret import UsageError, register

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sklearn.neighbors import NearestNeighbors

    from imgret.plugin import Floats, Ints

    Floats64 = NDArray[np.float64]

LOWER = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)  # quantiles of the k-distance graph that are tried below its knee
MOST_NOISE = 0.25  # share of the points


@register("clusterer")
class dbscan:
    """DBSCAN. A point with `min_samples` points within `eps` (Euclidean distance), itself included, is a core. Cores
    within `eps` of each other share a cluster; another point within `eps` of a core joins that of the nearest core
    (ties: the lower row), where the first description leaves it to chance; the rest is noise, -1.

    M. Ester, H.-P. Kriegel, J. Sander, X. Xu, A density-based algorithm for discovering clusters in large spatial
    databases with noise, 1996. `min_samples=null` makes it 20, or below 1,600 points half the square root of n, at
    least 3. `eps=auto` is the knee of their k-distance graph. Where that joins more than `max_share` of the points
    into one cluster, lower values are tried, and the first that takes it apart is used, if it leaves a quarter at
    most as noise; `max_share=1` turns this off. Learned: `eps_` and `min_samples_`, which were used.
    """

    def __init__(self, eps: float | str = "auto", min_samples: int | None = None, max_share: float = 0.5) -> None:
        if eps != "auto" if isinstance(eps, str) else not 0 < eps < inf:
            raise UsageError(f"clusterer.eps={eps}: it is auto, or a distance above 0\nclusterer.eps=auto")
        if min_samples is not None and min_samples < 1:
            raise UsageError(f"clusterer.min_samples={min_samples}: 1 or more are needed\nclusterer.min_samples=10")
        if not 0 < max_share <= 1:
            raise UsageError(f"clusterer.max_share={max_share}: a share above 0, up to 1\nclusterer.max_share=0.5")
        self.eps, self.min_samples, self.max_share = eps, min_samples, max_share

    def fit_predict(self, X: Floats) -> Ints:
        """Points (n, r) float32 to labels (n,) int64, -1 for noise. Memory grows with n, whatever `eps` is."""
        import numpy as np

        self.min_samples_ = self.min_samples or min(20, max(3, round(sqrt(len(X)) / 2)))
        reach = k_distances(X, self.min_samples_)
        if not isinstance(self.eps, str):
            self.eps_ = self.eps
            return connect(X, reach <= self.eps, self.eps)

        curve = np.sort(reach[np.isfinite(reach)])
        resolution = max(1e-6 * float(np.abs(X).max()), float(np.finfo(np.float32).tiny))  # equal points are neighbours
        self.eps_ = max(knee(curve), resolution)
        labels = connect(X, reach <= self.eps_, self.eps_)
        if largest_share(labels) > self.max_share:
            for quantile in LOWER:
                eps = float(np.quantile(curve, quantile))
                if resolution < eps < self.eps_:
                    parts = connect(X, reach <= eps, eps)
                    if np.mean(parts == -1) > MOST_NOISE:
                        break
                    if largest_share(parts) <= self.max_share and parts.max() > labels.max():  # not only thinned out
                        self.eps_ = eps
                        return parts
        return labels


def connect(X: Floats, core: NDArray[np.bool_], eps: float) -> Ints:
    """The labels (n,) of points (n, r) of which `core` (n,) are cores: step two of DBSCAN."""
    import numpy as np
    from sklearn.neighbors import NearestNeighbors

    from imgret.plugin import ops

    labels = np.full(len(X), -1, np.int64)
    if not core.any():
        return labels
    cores = NearestNeighbors(radius=eps).fit(X[core])
    names = join(cores, X[core])
    labels[core] = names
    border = np.flatnonzero(~core)
    for part in ops.blocks(len(border), ops.BLOCK // (16 * len(names))):
        for row, distances, near in zip(border[part], *cores.radius_neighbors(X[border[part]]), strict=True):
            if len(near):
                labels[row] = names[near[distances == distances.min()].min()]
    return labels


def join(neighbours: NearestNeighbors, points: Floats) -> Ints:
    """The connected components (c,) of points (c, r), each joined with its radius neighbours among them."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    from imgret.plugin import ops

    names = np.arange(len(points))  # of the components found so far
    for rows in ops.blocks(len(points), ops.BLOCK // (16 * len(points))):
        near = neighbours.radius_neighbors_graph(points[rows]).tocoo()
        ends = names[rows][near.row], names[near.col]
        new = ends[0] != ends[1]
        if new.any():
            graph = coo_array((np.ones(new.sum()), (ends[0][new], ends[1][new])), shape=(len(points),) * 2)
            names = connected_components(graph, directed=False)[1].astype(np.int64)[names]
    return names


def k_distances(X: Floats, min_samples: int) -> Floats64:
    """For each point (n, r) the distance (n,) within which there are `min_samples` points, itself included; inf where
    there are not so many: sorted, the k-distance graph.

    By a tree, which in the few columns that density is sought in is quicker than the neighbours that a run keeps.
    """
    import numpy as np
    from sklearn.neighbors import NearestNeighbors

    if min_samples == 1:
        return np.zeros(len(X))
    if min_samples > len(X):
        return np.full(len(X), np.inf)
    distances, _ = NearestNeighbors(n_neighbors=min_samples - 1).fit(X).kneighbors()
    return np.asarray(distances[:, -1], np.float64)


def knee(curve: Floats64) -> float:
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


def largest_share(labels: Ints) -> float:
    """The share of all points (n,) that the largest cluster holds."""
    import numpy as np

    return float(np.bincount(labels + 1)[1:].max(initial=0) / len(labels))
