"""Database-side augmentation: every image as the weighted mean of itself and its neighbours."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from imgret import register
from imgret.plugin import Retriever

from ._expansion import Expansion, expanded

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints


@register("reranker")
class dba(Expansion):
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
        super().__init__(retriever, n_neighbors, alpha, keep, device, usual=20)
        self.knn = knn

    def fit(self, X: Floats, labels: Ints) -> dba:
        """Augment the rows of X (n, d), and index both."""
        from imgret.plugin import ops

        knn = self.knn or ops.knn
        self._X, self._plain = X, deepcopy(self.retriever)
        self._ranked = expanded(X, X, knn(X, self.n_neighbors)[1], self.alpha)  # (n, d)
        self._plain.fit(X, labels)
        self.retriever.fit(self._ranked, labels)
        return self
