"""A re-ranker's contract: what is wrong is found, and what it does to the hits is told."""

from typing import Any

import numpy as np
import pytest

from imgret.checks import check, faults
from imgret.plugins.retrievers.exact import exact
from imgret.registry import register


class Around:
    """A re-ranker that gives what `give(scores, rows)` makes of its retriever's hits of all rows, cut to `top`."""

    def __init__(self, retriever: Any, give: Any) -> None:
        self.retriever, self.give = retriever, give

    def fit(self, X: Any, labels: Any) -> None:
        self.n = len(X)
        self.retriever.fit(X, labels)

    def kneighbors(self, Q: Any, top: int) -> Any:
        scores, rows = self.give(*self.retriever.kneighbors(Q, self.n))
        return scores[:, :top], rows[:, :top]


RERANKERS = {
    "gave scores float64": lambda scores, rows: (scores.astype(float), rows),
    "a row twice": lambda scores, rows: (scores, rows[:, [0] * rows.shape[1]]),
    "scores rise": lambda scores, rows: (scores[:, ::-1], rows),
    "scores are not all finite": lambda scores, rows: (np.full_like(scores, -np.inf), np.sort(rows, axis=1)),
    "a higher row comes before": lambda scores, rows: (0 * scores, rows),
    "the row 60, allowed are 0 to 59": lambda scores, rows: (scores, rows + 1),
    "two runs on the same rows differ": lambda scores, rows: (
        np.sort(np.random.default_rng().random(scores.shape, np.float32), axis=1)[:, ::-1], rows
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", RERANKERS)
def test_rerankers_with_a_fault(fault: str) -> None:
    @register("reranker", "wrong")
    def wrong(retriever: Any) -> Around:
        """Wrong."""
        return Around(retriever, RERANKERS[fault])

    assert fault in "\n".join(faults("reranker", "wrong"))


def test_a_reranker_that_is_not_handed_its_retriever_or_changes_with_top_or_keeps_things_elsewhere() -> None:
    shared: dict[str, Any] = {}

    class Cut(Around):
        def kneighbors(self, Q: Any, top: int) -> Any:
            scores, rows = self.retriever.kneighbors(Q, top)
            order = np.argsort(-rows, axis=1)  # of the first `top` alone
            return np.sort(scores, axis=1)[:, ::-1], np.take_along_axis(rows, order, axis=1)

        def scores(self, Q: Any) -> Any:
            return np.zeros((len(Q), self.n), np.float32)

    class Elsewhere(Around):
        def fit(self, X: Any, labels: Any) -> None:
            super().fit(X, labels)
            shared["retriever"] = self.retriever

        def kneighbors(self, Q: Any, top: int) -> Any:
            return shared["retriever"].kneighbors(Q, top)

    for kind in (Cut, Elsewhere):

        @register("reranker", kind.__name__)
        def made(retriever: Any, kind: Any = kind) -> Any:
            """Wrong."""
            return kind(retriever, None)

    @register("reranker", "alone")
    def alone() -> Around:
        """Wrong."""
        return Around(exact(), lambda *hits: hits)

    found = "\n".join(faults("reranker", "Cut"))
    assert "top=1 gave the rows" in found
    assert "from the score that kneighbors gives" in found
    assert "what one finds changed when another was fitted" in "\n".join(faults("reranker", "Elsewhere"))
    assert "it has no parameter `retriever`" in "\n".join(faults("reranker", "alone"))


def test_of_a_reranker_it_is_told_what_it_does_to_the_hits() -> None:
    @register("reranker", "same")
    def same(retriever: Any) -> Around:
        """Changes nothing."""
        return Around(retriever, lambda *hits: hits)

    findings = list(check("reranker", "same"))
    assert [finding.fault for finding in findings if finding.fault] == []
    remarks = [finding.remark for finding in findings]
    assert "100% of the hits of the retriever alone, 100% in their place" in remarks
    assert "each is" in remarks
    assert "it has none: metrics ask kneighbors for every row, which takes longer" in remarks
