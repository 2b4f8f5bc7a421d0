"""Leiden communities of the graph of nearest neighbours, by graspologic-native."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from imgret import UsageError, register

from ._fit import check

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints

STARTS = 3  # of which the one of highest modularity is kept
ITERATIONS = 3  # passes over the whole graph in each, every one from what the last has found


@register("clusterer")
class leiden:
    """Leiden: communities in the graph of the `n_neighbors` nearest, as many as it has; every point is in one.

    V. A. Traag, L. Waltman, N. J. van Eck, From Louvain to Leiden: guaranteeing well-connected communities, 2019. An
    edge weighs 1 between two points that are each among the other's nearest, and 1/2 where that holds one way. What is
    maximised is modularity: the share of the weight that lies inside communities, less `resolution` times what chance
    would put there (J. Reichardt, S. Bornholdt, 2006). A higher `resolution` makes more, smaller communities, and more
    neighbours make fewer, larger ones. Equal points share a community, and parts that no edge joins never do. Memory
    grows with n `n_neighbors`.
    """

    def __init__(
        self, n_neighbors: int = 15, resolution: float = 1.0, seed: int = 0, device: str = "cpu", knn: Any = None
    ) -> None:
        check("leiden", n_neighbors=n_neighbors)
        if not 0 < resolution < inf:
            raise UsageError(
                f"clusterer.resolution={resolution}: a number above 0 is needed\nclusterer.resolution=1, or 2 for more"
            )
        self.n_neighbors, self.resolution, self.seed, self.device = n_neighbors, resolution, seed, device
        self.knn = knn

    def fit_predict(self, X: Floats) -> Ints:
        """Points (n, r) float32 to labels (n,) int64."""
        import numpy as np
        from graspologic_native import leiden_csr
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import connected_components

        from imgret.plugin import ops

        from ._graph import mutual

        n = len(X)
        if n < 2:
            return np.zeros(n, np.int64)  # without an edge there is nothing to maximise
        nearest = self.knn or partial(ops.knn, device=self.device)
        distances, rows = nearest(X, self.n_neighbors)  # (n, m), (n, m)
        graph = mutual(rows)
        _, community = leiden_csr(
            graph.indptr.astype(np.int64),
            graph.indices.astype(np.int32),
            graph.data,
            n,
            resolution=float(self.resolution),
            iterations=ITERATIONS,
            seed=self.seed % 2**64,
            trials=STARTS,
        )
        labels: Ints = np.array([community[row] for row in range(n)], np.int64)

        # More equal points than neighbours all have the same few of them nearest: a star, whose arms fall anywhere.
        start, place = np.nonzero(distances == 0)
        same = csr_array((np.ones(len(start)), (start, rows[start, place])), shape=(n, n))
        equal = connected_components(same, directed=False)[1]  # (n,)
        firsts = np.unique(equal, return_index=True)[1]
        return np.asarray(labels[firsts][equal])
