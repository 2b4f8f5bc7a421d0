"""k-reciprocal re-ranking: whoever is among my neighbours' neighbours, as I am among theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imgret import UsageError, register
from imgret.plugin import Retriever

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints


@register("reranker")
class k_reciprocal:
    """Ranks by how much the reciprocal neighbours of query and image overlap, and by their cosine.

    Z. Zhong, L. Zheng, D. Cao and S. Li, Re-ranking person re-identification with k-reciprocal encoding, 2017; their
    signs and defaults. R(p, k) are those among the k nearest of p that have p among theirs (equation 3); R* adds to it
    each R(q, k1 / 2) of its members q that lies by two thirds in it (5). V(p) is exp(-d(p, g)) for g in R*(p, k1), else
    0 (7), d = 1 - cosine, scaled to a sum of 1, and then the mean of V over the k2 nearest (11). d_J = 1 - sum of min /
    sum of max of two V (10). Every point is one of its own k1 + 1 and k2 nearest, as in the authors' code; the query
    is a further point, which changes no other's neighbours. Scores are 1 - (1 - lambda_) d_J - lambda_ d (12), at the
    most 1; all rows are ranked by it. V are sparse, some hundred numbers a row: nothing is ever n x n.

    The first `keep` hits of the retriever stay first, with scores raised just above the next: the query itself, where
    it is an image of the collection, and its nearest.
    """

    def __init__(
        self,
        retriever: Retriever,
        k1: int = 20,
        k2: int = 6,
        lambda_: float = 0.3,
        keep: int = 5,
        device: str = "cpu",
        knn: Any = None,
    ) -> None:
        if not (k1 >= 1 and 1 <= k2 <= k1 + 1 and 0 < lambda_ <= 1 and keep >= 0):
            raise UsageError(
                f"rerank.k1={k1} rerank.k2={k2} rerank.lambda_={lambda_} rerank.keep={keep}: 1 <= k2 <= k1 + 1, "
                "lambda_ in (0, 1], keep from 0\nrerank.k1=20 rerank.k2=6 rerank.lambda_=0.3 rerank.keep=5"
            )
        self.retriever, self.k1, self.k2, self.lambda_, self.keep = retriever, k1, k2, lambda_, keep
        self.device, self.knn = device, knn

    def fit(self, X: Floats, labels: Ints) -> k_reciprocal:
        """Index the rows of X (n, d), and encode them by their reciprocal neighbours."""
        import numpy as np

        from imgret.plugin import ops

        from ._lead import inner
        from ._sparse import pairs

        n, lengths = len(X), np.linalg.norm(X, axis=1)
        self._scaled = not np.allclose(lengths[lengths > 0], 1, rtol=0, atol=1e-5)  # cosines are what is encoded
        X = ops.normalise(X, "l2")[0] if self._scaled else X
        rows = (self.knn or ops.knn)(X, self.k1)[1]  # (n, m)
        self._X = X
        self.retriever.fit(X, labels)
        own = np.arange(n)[:, None]
        lists = np.concatenate([own, rows], axis=1)  # (n, m + 1)
        self._last = inner(X, X, lists[:, -1:])[:, 0]  # (n,): to be a neighbour of a row takes this product at least
        if rows.shape[1] < self.k1:
            self._last[:] = -np.inf  # there is room for one more
        near = pairs(lists, n)
        half = pairs(lists[:, : round(self.k1 / 2) + 1], n)
        self._half = half.multiply(half.T).tocsr()  # (n, n): R(q, k1 / 2)
        self._plain = self._encoded(X, near.multiply(near.T).tocsr())
        means = pairs(lists[:, : self.k2], n) / min(self.k2, lists.shape[1])
        self._encodings = (means @ self._plain).T.tocsr()  # (n, n): by column, then row
        return self

    def kneighbors(self, Q: Floats, top: int) -> tuple[Floats, Ints]:
        """For queries (q, d) the scores (q, m) and rows (q, m) of the m = min(top, n) best, best first."""
        import numpy as np

        from ._lead import inner, ordered

        Q = self._cosine(Q)
        m = min(top, len(self._X))
        scores, rows = np.empty((len(Q), m), np.float32), np.empty((len(Q), m), np.int64)
        cosines, near = self.retriever.kneighbors(Q, max(top + self.keep, self.k1))
        for i, line in enumerate(self._overlaps(Q, cosines, near)):
            among = np.union1d(np.flatnonzero(line), near[i])
            mixed = self._mixed(line[among], inner(Q[i : i + 1], self._X, among[None])[0])
            first = near[i, : self.keep]
            scores[i], rows[i] = ordered(mixed, among, mixed[np.searchsorted(among, first)], first, m)
        return scores, rows

    def scores(self, Q: Floats) -> Floats:
        """The scores (q, n) of every row."""
        import numpy as np

        from imgret.plugin import ops

        from ._lead import lead_all

        Q = self._cosine(Q)
        cosines, near = self.retriever.kneighbors(Q, max(self.keep, self.k1))
        plain = (ops.tensor(Q, self.device) @ ops.tensor(self._X, self.device).T).cpu().numpy()
        found = np.stack([self._mixed(a, b) for a, b in zip(self._overlaps(Q, cosines, near), plain, strict=True)])
        return lead_all(found, near[:, : self.keep])

    def _cosine(self, Q: Floats) -> Floats:
        """Queries (q, d) as X was taken."""
        from imgret.plugin import ops

        return ops.normalise(Q, "l2")[0] if self._scaled else Q

    def _mixed(self, overlap: Any, cosines: Floats) -> Floats:
        import numpy as np

        mixed: Floats = ((1 - self.lambda_) * (overlap - 1) + self.lambda_ * (cosines - 1) + 1).astype(np.float32)
        return mixed

    def _encoded(self, Q: Floats, reciprocal: Any) -> Any:
        """V (q, n), sparse, of points (q, d) whose R(p, k1) are the ones of `reciprocal` (q, n)."""
        from ._sparse import joined, weighted

        return weighted(Q, self._X, joined(reciprocal, self._half))

    def _overlaps(self, Q: Floats, cosines: Floats, near: Ints) -> Any:
        """1 - d_J of each query to every row, one (n,) after the other."""
        import numpy as np

        from ._sparse import overlaps, pairs

        n, k = len(self._X), self.k1
        mutual = pairs(near[:, :k], n, cosines[:, :k] >= self._last[near[:, :k]])
        encoded = self._encoded(Q, mutual)
        if self.k2 > 1:
            encoded = (encoded + pairs(near[:, : self.k2 - 1], n) @ self._plain).tocsr()
            sums = np.maximum(encoded.sum(axis=1), 1)  # less by one where the query is among nobody's neighbours
            encoded.data /= np.repeat(sums, np.diff(encoded.indptr))
        return overlaps(encoded.tocsr(), self._encodings)
