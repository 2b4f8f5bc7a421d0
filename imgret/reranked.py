"""The ranking after a re-ranker, for metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.ranking import BLOCK, Ranking, blocks
from imgret.registry import build, learned, on_device

if TYPE_CHECKING:
    from imgret.contracts import Floats, Ints, Reranker


def around(settings: Mapping[str, Any]) -> Any:
    """The re-ranker that the settings name, around a new one of their retriever, or None where they name none."""
    if settings.get("rerank") is None:
        return None
    retriever = build("retriever", on_device(settings["retriever"], settings["device"]))
    return build("reranker", on_device(settings["rerank"], settings["device"]), "rerank", retriever=retriever)


def rerank(X: Floats, labels: Ints, settings: Mapping[str, Any]) -> Any:
    """The same, fitted to X (n, d) and labels (n,)."""
    reranker = around(settings)
    if reranker is not None:
        reranker.fit(X, labels)
    return reranker


def learned_around(reranker: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a re-ranker has learned, and under `retriever` what the retriever within it has, if it lets that be seen."""
    inner = getattr(reranker, "retriever", None)
    return {**learned(reranker, settings["rerank"]), "retriever": learned(inner, settings["retriever"])}


class Reranked(Ranking):
    """The ranking of X (n, d) that a fitted re-ranker makes, for query rows (q,): a `Ranking` with its scores.

    Each row asks as a search from outside does, and finds itself; its own score is then -inf. Where the re-ranker has
    no scores of all rows, those that are yielded are -1, -2, ... by the places of its hits.
    """

    def __init__(self, X: Floats, reranker: Reranker, rows: Ints | None = None) -> None:
        super().__init__(X, rows)
        self.reranker = reranker

    def of(self, rows: Ints) -> Reranked:
        return Reranked(self.X, self.reranker, rows)

    def __iter__(self) -> Iterator[tuple[Ints, Floats]]:
        scores_of: Any = getattr(self.reranker, "scores", self._places)
        for part in blocks(len(self.rows), BLOCK // (4 * max(1, len(self.X)))):
            rows = self.rows[part]
            scores = np.array(scores_of(self.X[rows]), np.float32)
            scores[np.arange(len(rows)), rows] = -np.inf
            yield rows, scores

    def _places(self, Q: Floats) -> Floats:
        n = len(self.X)
        _, hits = self.reranker.kneighbors(Q, n)
        scores = np.empty((len(Q), n), np.float32)
        np.put_along_axis(scores, hits, -np.arange(1, n + 1, dtype=np.float32)[None], axis=1)
        return scores
