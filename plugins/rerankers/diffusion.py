"""Diffusion: the query's likeness spreads along the graph of nearest neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgret import UsageError, register
from imgret.plugin import Retriever

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgret.plugin import Floats, Ints

STEPS = 20  # of conjugate gradients at the most; the paper's number
CLOSE = 1e-6  # of the first residual: what is left changes no rank that means anything


@register("reranker")
class diffusion:
    """Ranks by a random walk with restart along the graph of nearest neighbours, from the query's own neighbours.

    A. Iscen, G. Tolias, Y. Avrithis, T. Furon and O. Chum, Efficient diffusion on region manifolds, 2017. Edges are
    the cosines to the power of `gamma` (equation 1) of rows where either is among the other's `n_neighbors` nearest
    (the paper: both); S is their matrix, scaled by the roots of the degrees (2). (I - alpha S) f = y is solved by
    conjugate gradients (6, section 4.3), where y is the same power of the cosine for the `n_query` first hits of the
    query, else 0 (5). As in section 4.4 each query has the part of the graph that lies among its `truncate` first
    hits. Scores are f, scaled to 1 for the largest; rows that f does not reach, and those beyond, follow in the order
    of the retriever, with scores cosine - 1, at most 0.

    The first `keep` hits of the retriever stay first, with scores raised just above the next: the query itself, where
    it is an image of the collection, and its nearest.
    """

    def __init__(
        self,
        retriever: Retriever,
        n_neighbors: int = 20,
        n_query: int = 20,
        alpha: float = 0.9,
        gamma: float = 3.0,
        truncate: int = 1000,
        keep: int = 5,
        device: str = "cpu",
        knn: Any = None,
    ) -> None:
        if not (min(n_neighbors, n_query, truncate) >= 1 and 0 <= alpha < 1 and gamma >= 0 and keep >= 0):
            raise UsageError(
                f"rerank.n_neighbors={n_neighbors} rerank.n_query={n_query} rerank.truncate={truncate} "
                f"rerank.alpha={alpha} rerank.gamma={gamma} rerank.keep={keep}: at least 1 the first three, alpha in "
                "[0, 1), the others from 0\nrerank.n_neighbors=20 rerank.n_query=20 rerank.alpha=0.9"
            )
        self.retriever, self.n_neighbors, self.n_query, self.alpha = retriever, n_neighbors, n_query, alpha
        self.gamma, self.truncate, self.keep, self.device, self.knn = gamma, truncate, keep, device, knn

    def fit(self, X: Floats, labels: Ints) -> diffusion:
        """Index the rows of X (n, d), and make their graph."""
        import numpy as np
        from scipy.sparse import csr_array

        from imgret.plugin import ops

        from ._lead import inner

        n = len(X)
        rows = (self.knn or ops.knn)(X, self.n_neighbors)[1]  # (n, m)
        self._X = X
        self.retriever.fit(X, labels)
        weights = self._power(inner(X, X, rows))
        graph = csr_array((weights.ravel(), rows.ravel(), np.arange(n + 1) * rows.shape[1]), shape=(n, n))
        graph = graph.maximum(graph.T).tocsr()
        graph.eliminate_zeros()
        degrees = graph.sum(axis=1)
        roots = np.sqrt(np.divide(1, degrees, out=np.zeros(n), where=degrees > 0))
        graph.data *= roots[graph.indices] * np.repeat(roots, np.diff(graph.indptr))
        graph.sort_indices()
        self._graph = graph
        return self

    def kneighbors(self, Q: Floats, top: int) -> tuple[Floats, Ints]:
        """For queries (q, d) the scores (q, m) and rows (q, m) of the m = min(top, n) best, best first."""
        import numpy as np

        from ._lead import ordered

        m = min(top, len(self._X))
        scores, rows = np.empty((len(Q), m), np.float32), np.empty((len(Q), m), np.int64)
        cosines, near = self.retriever.kneighbors(Q, max(top, self.truncate, self.n_query) + self.keep)
        for i in range(len(Q)):
            spread = self._spread(cosines[i], near[i])
            scores[i], rows[i] = ordered(spread, near[i], spread[: self.keep], near[i, : self.keep], m)
        return scores, rows

    def scores(self, Q: Floats) -> Floats:
        """The scores (q, n) of every row."""
        import numpy as np

        from imgret.plugin import ops

        from ._lead import lead_all

        found = (ops.tensor(Q, self.device) @ ops.tensor(self._X, self.device).T).cpu().numpy()
        found = np.minimum(found - np.float32(1), np.float32(0))
        cosines, near = self.retriever.kneighbors(Q, max(self.truncate, self.n_query, self.keep))
        for line, cosine, rows in zip(found, cosines, near, strict=True):
            line[rows] = self._spread(cosine, rows)
        return lead_all(found, near[:, : self.keep])

    def _power(self, cosines: Floats) -> NDArray[np.float64]:
        import numpy as np

        wide = cosines.astype(np.float64)
        return np.where(wide > 0, np.maximum(wide, 0) ** self.gamma, 0)

    def _spread(self, cosines: Floats, near: Ints) -> Floats:
        """The scores (w,) of a query's hits (w,), best first, of which the graph of the first is what it spreads on."""
        import numpy as np

        part = np.sort(near[: self.truncate])
        start = np.zeros(len(part))
        sources = min(self.n_query, len(part))
        start[np.searchsorted(part, near[:sources])] = self._power(cosines[:sources])
        reached = solved(self._graph[part][:, part], self.alpha, start)[np.searchsorted(part, near[: self.truncate])]
        scores: Floats = np.minimum(cosines - np.float32(1), np.float32(0))
        scaled = (reached / (reached.max(initial=0) or 1)).astype(np.float32)
        scores[: len(scaled)][scaled > 0] = scaled[scaled > 0]
        return scores


def solved(graph: Any, alpha: float, start: NDArray[np.float64]) -> NDArray[np.float64]:
    """The f (w,) of (I - alpha S) f = start (w,), S = `graph` (w, w) symmetric, by conjugate gradients from 0.

    M. Hestenes and E. Stiefel, Methods of conjugate gradients for solving linear systems, 1952.
    """
    import numpy as np

    found, residual, step = np.zeros_like(start), start.copy(), start.copy()
    square = first = residual @ residual
    for _ in range(STEPS):
        if square <= CLOSE**2 * first:
            break
        image = step - alpha * (graph @ step)
        length = square / (step @ image)
        found += length * step
        residual -= length * image
        square, before = residual @ residual, square
        step = residual + square / before * step
    return found
