"""Alpha query expansion: a second search, with the query and what the first one found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import UsageError, register
from imgret.plugin import Retriever

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints


@register("reranker")
class aqe:
    """Search twice: the second time with the query plus its first hits, weighted by their cosines.

    F. Radenovic, G. Tolias and O. Chum, Fine-tuning CNN image retrieval with no human annotation, 2018, section 3.4,
    after O. Chum et al., Total recall, 2007: the query q becomes q + sum of cos(q, x)^alpha x over the `n_neighbors`
    first hits x, scaled to unit length. Scores are cosines to that. Nothing is held beside the retriever's own index.

    The first `keep` hits of the first search stay first, with scores raised just above the next: the query itself,
    where it is an image of the collection, and its nearest, which the second search may lose among what is like them.
    """

    def __init__(
        self, retriever: Retriever, n_neighbors: int = 10, alpha: float = 3.0, keep: int = 5, device: str = "cpu"
    ) -> None:
        if n_neighbors < 1 or keep < 0 or alpha < 0:
            raise UsageError(
                f"rerank.n_neighbors={n_neighbors} rerank.alpha={alpha} rerank.keep={keep}: at least 1, 0 and 0\n"
                "rerank.n_neighbors=10 rerank.alpha=3 rerank.keep=5"
            )
        self.retriever, self.n_neighbors, self.alpha, self.keep = retriever, n_neighbors, alpha, keep
        self.device = device

    def fit(self, X: Floats, labels: Ints) -> aqe:
        """Index the rows of X (n, d)."""
        self._X = X
        self.retriever.fit(X, labels)
        return self

    def kneighbors(self, Q: Floats, top: int) -> tuple[Floats, Ints]:
        """For queries (q, d) the scores (q, m) and rows (q, m) of the m = min(top, n) best, best first."""
        from ._lead import inner, lead

        queries, first = self._asked(Q)
        scores, rows = self.retriever.kneighbors(queries, top + first.shape[1])
        return lead(scores, rows, inner(queries, self._X, first), first, top)

    def scores(self, Q: Floats) -> Floats:
        """The scores (q, n) of every row."""
        from imgret.plugin import ops

        from ._lead import lead_all

        queries, first = self._asked(Q)
        found = ops.tensor(queries, self.device) @ ops.tensor(self._X, self.device).T
        return lead_all(found.cpu().numpy(), first)

    def _asked(self, Q: Floats) -> tuple[Floats, Ints]:
        """The expanded queries (q, d), and the rows (q, p) that stay first."""
        from ._lead import expanded

        rows = self.retriever.kneighbors(Q, max(self.n_neighbors, self.keep))[1]
        return expanded(Q, self._X, rows[:, : self.n_neighbors], self.alpha), rows[:, : self.keep]
