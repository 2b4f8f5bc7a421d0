"""Database-side augmentation: every image as the weighted mean of itself and its neighbours."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from imgret import UsageError, register
from imgret.plugin import Retriever

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints


@register("reranker")
class dba:
    """Every image, and the query, as the mean of itself and its neighbours, weighted by their cosines.

    Database-side feature augmentation: P. Turcot and D. Lowe, Better matching with fewer features, 2009; R.
    Arandjelovic and A. Zisserman, Three things everyone should know to improve object retrieval, 2012, section 5. A
    row x becomes x + sum of cos(x, y)^alpha y over its `n_neighbors` nearest others y, scaled to unit length (the
    weights of F. Radenovic, G. Tolias and O. Chum, Fine-tuning CNN image retrieval with no human annotation, 2018,
    section 3.4), and the query likewise with its nearest of the rows as they were. Scores are cosines of the two.

    What is alike comes nearer, and the very same object is lost among what is like it: so the first `keep` hits of the
    retriever alone stay first, with scores raised just above the next: the query itself, where it is an image of the
    collection, and its nearest. Two indexes are held: of the rows as they were, and as they are.
    """

    def __init__(
        self,
        retriever: Retriever,
        n_neighbors: int = 20,
        alpha: float = 3.0,
        keep: int = 5,
        device: str = "cpu",
        knn: Any = None,
    ) -> None:
        if n_neighbors < 1 or keep < 0 or alpha < 0:
            raise UsageError(
                f"rerank.n_neighbors={n_neighbors} rerank.alpha={alpha} rerank.keep={keep}: at least 1, 0 and 0\n"
                "rerank.n_neighbors=20 rerank.alpha=3 rerank.keep=5"
            )
        self.retriever, self.n_neighbors, self.alpha, self.keep = retriever, n_neighbors, alpha, keep
        self.device, self.knn = device, knn

    def fit(self, X: Floats, labels: Ints) -> dba:
        """Augment the rows of X (n, d), and index both."""
        from imgret.plugin import ops

        from ._lead import expanded

        knn = self.knn or ops.knn
        self._X, self._plain = X, deepcopy(self.retriever)
        self._augmented = expanded(X, X, knn(X, self.n_neighbors)[1], self.alpha)  # (n, d)
        self._plain.fit(X, labels)
        self.retriever.fit(self._augmented, labels)
        return self

    def kneighbors(self, Q: Floats, top: int) -> tuple[Floats, Ints]:
        """For queries (q, d) the scores (q, m) and rows (q, m) of the m = min(top, n) best, best first."""
        from ._lead import inner, lead

        queries, first = self._asked(Q)
        scores, rows = self.retriever.kneighbors(queries, top + first.shape[1])
        return lead(scores, rows, inner(queries, self._augmented, first), first, top)

    def scores(self, Q: Floats) -> Floats:
        """The scores (q, n) of every row."""
        from imgret.plugin import ops

        from ._lead import lead_all

        queries, first = self._asked(Q)
        found = ops.tensor(queries, self.device) @ ops.tensor(self._augmented, self.device).T
        return lead_all(found.cpu().numpy(), first)

    def _asked(self, Q: Floats) -> tuple[Floats, Ints]:
        """The expanded queries (q, d), and the rows (q, p) that stay first."""
        from ._lead import expanded

        rows = self._plain.kneighbors(Q, max(self.n_neighbors, self.keep))[1]
        return expanded(Q, self._X, rows[:, : self.n_neighbors], self.alpha), rows[:, : self.keep]
