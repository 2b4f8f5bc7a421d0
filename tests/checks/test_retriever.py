"""A retriever's contract: what is wrong is found, what it takes for granted, and how much an approximate one finds."""

from typing import Any

import numpy as np
import pytest

from imgret.checks import check, faults
from imgret.registry import register
from tests.checks.conftest import Hits

RETRIEVERS = {
    "gave scores float64": lambda scores, rows: (scores.astype(float), rows),
    "gave rows int32": lambda scores, rows: (scores, rows.astype(np.int32)),
    "gave scores float32 (7, 8), not float32 (7, 9)": lambda scores, rows: (scores[:, 1:], rows[:, 1:]),
    "the row -1, allowed are 0 to 59": lambda scores, rows: (scores, np.where(rows == rows[0, 1], -1, rows)),
    "a row twice": lambda scores, rows: (scores[:, [0] * len(scores[0])], rows[:, [0] * len(rows[0])]),
    "off by": lambda scores, rows: (scores - 1, rows),
    "scores rise": lambda scores, rows: (scores[:, ::-1], rows[:, ::-1]),
    "a higher row comes before": lambda scores, rows: [
        np.take_along_axis(a, np.lexsort((-rows, -scores)), axis=1) for a in (scores, rows)
    ],
    "gave scores list": lambda scores, rows: (scores.tolist(), rows.tolist()),
}


@pytest.mark.parametrize("fault", RETRIEVERS)
def test_retrievers_with_a_fault(fault: str) -> None:
    @register("retriever", "wrong")
    def wrong() -> Hits:
        """Wrong."""
        return Hits(RETRIEVERS[fault])

    assert fault in "\n".join(faults("retriever", "wrong"))


def test_an_approximate_retriever_is_one_too_and_its_recall_is_told() -> None:
    class Half(Hits):
        def kneighbors(self, Q: Any, top: int) -> Any:
            scores = Q @ self.X.T
            scores[:, 1::2] -= 9  # odd rows come last
            rows = np.argsort(-scores, axis=1, kind="stable")[:, :top]
            scores = np.take_along_axis(Q @ self.X.T, rows, axis=1)
            order = np.lexsort((rows, -scores))
            return np.take_along_axis(scores, order, axis=1), np.take_along_axis(rows, order, axis=1)

    @register("retriever", "half")
    def half() -> Half:
        """Only even rows."""
        return Half(None)

    found = list(check("retriever", "half"))
    assert [finding.fault for finding in found if finding.fault] == []
    (recall,) = (finding.remark for finding in found if "recall" in finding.remark)
    assert 0.3 < float(recall.split()[-1]) < 0.7


class Few(Hits):
    """Counts wrongly what it scans."""

    counts: Any = None

    def scanned(self, Q: Any, top: int) -> Any:
        return self.counts(len(Q), top)


class Unit(Hits):
    """Takes it that all rows are of unit length."""

    def kneighbors(self, Q: Any, top: int) -> Any:
        scores = (1 - ((Q[:, None] - self.X) ** 2).sum(axis=2) / 2).astype(np.float32)
        rows = np.argsort(-scores, axis=1, kind="stable")[:, :top]
        return np.take_along_axis(scores, rows, axis=1), rows


class InMemory(Hits):
    """Takes the bytes of the queries as they lie, in memory's order."""

    def kneighbors(self, Q: Any, top: int) -> Any:
        return super().kneighbors(Q.ravel(order="K").reshape(Q.shape), top)


class Overwrites(Hits):
    def kneighbors(self, Q: Any, top: int) -> Any:
        found = super().kneighbors(Q, top)
        Q /= 2
        return found


class Remembers(Hits):
    """Leaves out what it has found before."""

    def kneighbors(self, Q: Any, top: int) -> Any:
        found = super().kneighbors(Q, top)
        if len(Q) == 5:
            self.X = self.X[::-1]
        return found


WAYS = {
    "float64 (7,), not whole numbers (7,)": type("A", (Few,), {"counts": lambda self, q, top: np.full(q, 9.0)}),
    "allowed are 9 to 60": type("B", (Few,), {"counts": lambda self, q, top: np.full(q, 8)}),
    "allowed are 60 to 60": type("C", (Few,), {"counts": lambda self, q, top: np.full(q, 61 if top > 60 else 30)}),
    "normalize=none leaves them, are searched: a score is not the inner product": Unit,
    "read only, are searched as copies of them are: ": InMemory,
    "was written to; what is handed over": Overwrites,
    "among five queries the rows": Remembers,
}


@pytest.mark.parametrize("fault", WAYS)
def test_retrievers_that_take_too_much_for_granted(fault: str) -> None:
    @register("retriever", "wrong")
    def wrong() -> Hits:
        """Wrong."""
        way: Hits = WAYS[fault](lambda scores, rows: (scores, rows))
        return way

    assert fault in "\n".join(faults("retriever", "wrong"))


def test_a_query_must_not_lean_on_its_neighbours() -> None:
    class Leaning(Hits):
        def kneighbors(self, Q: Any, top: int) -> Any:
            return super().kneighbors(Q, top) if len(Q) != 5 else super().kneighbors(Q[::-1], top)

    @register("retriever", "leaning")
    def leaning() -> Leaning:
        """Leans."""
        return Leaning(lambda scores, rows: (scores, rows))

    (fault,) = faults("retriever", "leaning")
    assert fault.startswith("The hits of a query depend neither on the other queries nor on those asked before: among ")
