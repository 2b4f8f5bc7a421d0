"""The ranking after a re-ranker, for metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.blame import owned
from imgret.demands import arrays
from imgret.ops.ranking import BLOCK, Ranking, blocks
from imgret.registry import blamed, build, find, learned, on_device

if TYPE_CHECKING:
    from imgret.contracts import Floats, Ints, Reranker
    from imgret.findings.info import Fitted

ASKED = 3  # rows that a retriever is asked for as soon as it is fitted


def around(settings: Mapping[str, Any], knn: Any = None) -> Any:
    """The re-ranker that the settings name, around a new one of their retriever, or None where they name none."""
    if settings.get("rerank") is None:
        return None
    with blamed(settings, "retriever", only=True):
        retriever = build("retriever", on_device(settings["retriever"], settings["device"]))
    node = on_device(settings["rerank"], settings["device"])
    with blamed(settings, "rerank"):
        return build("reranker", node, "rerank", retriever=retriever, knn=knn)


def rerank(X: Floats, labels: Ints, settings: Mapping[str, Any], knn: Any) -> Any:
    """The same, fitted to X (n, d) and labels (n,)."""
    reranker = around(settings, knn)
    if reranker is not None:
        with blamed(settings, "rerank"):
            fitted(reranker, X, labels, settings["top"])
    return reranker


def fitted(retriever: Any, X: Floats, labels: Ints, top: int) -> Any:
    """A retriever or re-ranker, fitted to X (n, d) and labels (n,), and found to answer as it must.

    Raises Fault where it does not: asked are the first rows, as an image of the collection is.
    """
    retriever.fit(X, labels)
    Q = X[:ASKED]
    arrays.hits(retriever.kneighbors(Q, top), len(Q), len(X), top)
    if hasattr(retriever, "scores"):
        arrays.all_scores(retriever.scores(Q), len(Q), len(X))
    return retriever


def loaded(fitted: Fitted, X: Floats, labels: Ints, device: str, knn: Any) -> Any:
    """What a run that was loaded searches with: its re-ranker around its retriever, or that alone; fitted.

    `fitted` are the nodes with what the run's components had learned (see `learned_around`).
    """
    outer = dict(fitted.rerank or {})
    inner = outer.pop("retriever", fitted.retriever)
    found = build("retriever", on_device(inner, device))
    if outer:
        found = build("reranker", on_device(outer, device), "rerank", retriever=found, knn=knn)
    kind, node = ("reranker", outer) if outer else ("retriever", inner)
    with owned(kind, node["name"], find(kind, node["name"])):
        found.fit(X, labels)
    return found


def learned_around(reranker: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a re-ranker has learned, and under `retriever` what the retriever within it has, if it lets that be seen."""
    inner = getattr(reranker, "retriever", None)
    return {**learned(reranker, settings["rerank"]), "retriever": learned(inner, settings["retriever"])}


class Reranked(Ranking):
    """The ranking of X (n, d) that a fitted re-ranker makes, for query rows (q,): a `Ranking` with its scores.

    Each row asks as a search from outside does, and finds itself; its own score is then -inf. With `Q`, queries are
    rows of that in place of X, and none is itself in X. Where the re-ranker has
    no scores of all rows, those that are yielded are -1, -2, ... by the places of its hits.
    """

    def __init__(self, X: Floats, reranker: Reranker, rows: Ints | None = None, Q: Floats | None = None) -> None:
        super().__init__(X, rows, Q=Q)
        self.reranker = reranker

    def of(self, rows: Ints) -> Reranked:
        return Reranked(self.X, self.reranker, rows, self.Q)

    def __iter__(self) -> Iterator[tuple[Ints, Floats]]:
        scores_of: Any = getattr(self.reranker, "scores", self._places)
        for part in blocks(len(self.rows), BLOCK // (4 * max(1, len(self.X)))):
            rows = self.rows[part]
            scores = np.array(scores_of((self.X if self.Q is None else self.Q)[rows]), np.float32)
            if self.Q is None:
                scores[np.arange(len(rows)), rows] = -np.inf
            yield rows, scores

    def _places(self, Q: Floats) -> Floats:
        n = len(self.X)
        _, hits = self.reranker.kneighbors(Q, n)
        scores = np.empty((len(Q), n), np.float32)
        np.put_along_axis(scores, hits, -np.arange(1, n + 1, dtype=np.float32)[None], axis=1)
        return scores
