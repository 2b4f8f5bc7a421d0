"""What the re-rankers share that add to a row what is nearest to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import UsageError
from imgret.plugin import Retriever

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints


class Expansion:
    """Ranks by the cosine to the query plus its first hits, weighted by their cosines; `keep` of these stay first.

    `fit`, which is the re-ranker's own, sets `_plain`, the retriever that finds the first hits; `_X` (n, d), the rows
    that it has and that are added to the query; and `_ranked` (n, d), those that `retriever` has, whose cosines count.
    Raises UsageError for arguments that cannot be; `usual` is the number of neighbours that it says to type.
    """

    _X: Floats
    _ranked: Floats
    _plain: Retriever

    def __init__(
        self, retriever: Retriever, n_neighbors: int, alpha: float, keep: int, device: str, usual: int
    ) -> None:
        if n_neighbors < 1 or keep < 0 or alpha < 0:
            raise UsageError(
                f"rerank.n_neighbors={n_neighbors} rerank.alpha={alpha} rerank.keep={keep}: at least 1, 0 and 0\n"
                f"rerank.n_neighbors={usual} rerank.alpha=3 rerank.keep=5"
            )
        self.retriever, self.n_neighbors, self.alpha, self.keep = retriever, n_neighbors, alpha, keep
        self.device = device

    def kneighbors(self, Q: Floats, top: int) -> tuple[Floats, Ints]:
        """For queries (q, d) the scores (q, m) and rows (q, m) of the m = min(top, n) best, best first."""
        from ._lead import inner, lead

        queries, first = self._asked(Q)
        scores, rows = self.retriever.kneighbors(queries, top + first.shape[1])
        return lead(scores, rows, inner(queries, self._ranked, first), first, top)

    def scores(self, Q: Floats) -> Floats:
        """The scores (q, n) of every row."""
        from imgret.plugin import ops

        from ._lead import lead_all

        queries, first = self._asked(Q)
        found = ops.tensor(queries, self.device) @ ops.tensor(self._ranked, self.device).T
        return lead_all(found.cpu().numpy(), first)

    def _asked(self, Q: Floats) -> tuple[Floats, Ints]:
        """The expanded queries (q, d), and the rows (q, p) that stay first."""
        rows = self._plain.kneighbors(Q, max(self.n_neighbors, self.keep))[1]
        return expanded(Q, self._X, rows[:, : self.n_neighbors], self.alpha), rows[:, : self.keep]


def expanded(Q: Floats, X: Floats, rows: Ints, alpha: float) -> Floats:
    """Q (q, d) float32, each plus its `rows` (q, p) of X (n, d) by weight, scaled to unit length; zeros stay zeros.

    The weight of a row is its cosine to the query to the power of `alpha`; 0 where the cosine is not above 0.
    """
    import numpy as np

    from imgret.plugin import ops

    lengths = np.linalg.norm(X, axis=1).astype(np.float64)  # (n,)
    found = np.empty(Q.shape, np.float32)
    for part in ops.blocks(len(Q), ops.BLOCK // (8 * max(1, rows.shape[1] * X.shape[1]))):
        queries, near = Q[part].astype(np.float64), X[rows[part]].astype(np.float64)  # (b, d), (b, p, d)
        scale = np.linalg.norm(queries, axis=1)[:, None] * lengths[rows[part]]
        products = (near @ queries[:, :, None])[:, :, 0]
        cosines = np.divide(products, scale, out=np.zeros_like(products), where=scale > 0)
        weights = np.where(cosines > 0, np.maximum(cosines, 0) ** alpha, 0)
        total = queries + (weights[:, None, :] @ near)[:, 0]
        length = np.linalg.norm(total, axis=1, keepdims=True)
        found[part] = np.divide(total, length, out=total, where=length > 0)
    return found
