"""Alpha query expansion: a second search, with the query and what the first one found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import register
from imgret.plugin import Retriever

from ._expansion import Expansion

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints


@register("reranker")
class aqe(Expansion):
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
        super().__init__(retriever, n_neighbors, alpha, keep, device, usual=10)

    def fit(self, X: Floats, labels: Ints) -> aqe:
        """Index the rows of X (n, d)."""
        self._X = self._ranked = X
        self._plain = self.retriever
        self.retriever.fit(X, labels)
        return self
