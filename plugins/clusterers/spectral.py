"""Spectral clustering of the graph of nearest neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgret import register

from ._fit import check, repeatable

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints

DENSE = 1000  # points, up to which all eigenvectors cost no more than the few


@register("clusterer")
class spectral:
    """Spectral clustering: groups that hang together in the graph of the `n_neighbors` nearest, whatever their shape.

    A. Ng, M. Jordan, Y. Weiss, On spectral clustering: analysis and an algorithm, 2001: the rows of the k leading
    eigenvectors of the normalised adjacency, brought to unit length, are clustered by k-means (scikit-learn's, the best
    of 10 starts). The graph is sparse and made connected, so memory grows with n (2 k + n_neighbors) numbers.
    """

    def __init__(
        self, k: int = 100, n_neighbors: int = 10, seed: int = 0, device: str = "cpu", knn: Any = None
    ) -> None:
        check("spectral", k=k, n_neighbors=n_neighbors)
        self.k, self.n_neighbors, self.seed, self.device = k, n_neighbors, seed, device
        self.knn = knn

    def fit_predict(self, X: Floats) -> Ints:
        """Points (n, r) float32 to labels (n,) int64, at most min(k, n) clusters."""
        import numpy as np
        from sklearn.cluster import KMeans

        if len(X) <= self.k:
            return np.arange(len(X))
        rows = self._embedded(X)
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(float).tiny)
        with repeatable():
            return np.asarray(KMeans(self.k, n_init=10, random_state=self.seed).fit_predict(rows), np.int64)

    def _embedded(self, X: Floats) -> Floats:
        """The k leading eigenvectors (n, k) of D^-1/2 W D^-1/2, W the graph of neighbours and D its degrees."""
        import numpy as np
        from scipy.linalg import eigh
        from scipy.sparse import diags_array
        from scipy.sparse.linalg import eigsh

        from ._graph import neighbours

        n, graph = len(X), neighbours(X, self.n_neighbors, self.device, self.knn)
        scale = diags_array(1 / np.sqrt(graph.sum(axis=1)))
        adjacency = (scale @ graph @ scale).tocsr()
        if n <= DENSE:
            vectors = eigh(adjacency.toarray(), subset_by_index=(n - self.k, n - 1))[1]
        else:
            start = np.random.default_rng(self.seed).normal(size=n)
            vectors = eigsh(adjacency, self.k, which="LA", v0=start, tol=1e-6)[1]
        return np.asarray(vectors)
