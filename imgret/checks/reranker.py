"""What is demanded of a reranker. Its scores are its own; its hits must be whole, in order, and the same every time.

What any retriever is held to besides is in checks/retriever.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgret.checks import Check, Fault, Subject
from imgret.checks.data import blobs, same
from imgret.checks.retriever import asked, random_rows, scan
from imgret.demands import arrays, objects
from imgret.registry import parameters

if TYPE_CHECKING:
    from imgret.contracts import Floats, Ints

ROUNDING = 1e-4  # of a score, which may be a sum of many in float32


def hits(subject: Subject, X: Floats, labels: Ints, Q: Floats, top: int) -> tuple[Floats, Ints]:
    """Scores (q, m) and rows (q, m) of a new one around a plain scan. Raises Fault as `retriever.asked` does."""
    return asked(subject, X, labels, Q, top)


def takes_a_retriever(subject: Subject) -> None:
    """Its parameter `retriever` receives the retriever that it re-ranks"""
    objects.takes_a_retriever(parameters(subject.component))


def ranks_all(subject: Subject) -> str:
    """9 hits of 7 queries, by scores of its own: float32, int64 rows, best first, equal ones by row, none twice"""
    X, labels = random_rows()
    rows, right = hits(subject, X, labels, X[:7], 9)[1], scan(X[:7], X, 9)
    shared = np.mean([len(np.intersect1d(a, b)) / 9 for a, b in zip(rows, right, strict=True)])
    return f"{shared:.0%} of the hits of the retriever alone, {np.mean(rows == right):.0%} in their place"


def finds_the_query_itself(subject: Subject) -> str:
    """Images of the collection as queries: whether each is its own first hit is told"""
    X, labels = blobs()
    first = hits(subject, X, labels, X, 1)[1][:, 0]
    own = np.mean(first == np.arange(len(X)))
    return "each is" if own == 1 else f"{own:.0%} are: finding the very same object suffers"


def repeats_itself(subject: Subject) -> str:
    """The same rows, queries and seed give the same hits"""
    X, labels = random_rows()
    first, second = (np.concatenate(hits(subject, X, labels, X[:7], 9), axis=1) for _ in range(2))
    return same(subject, first, second, "two runs on the same rows")


def fits_its_retriever_itself(subject: Subject) -> None:
    """It is handed a retriever that is not fitted, and fits it; two of them do not disturb each other"""
    X, labels = random_rows()
    first = subject.build()
    first.fit(X, labels)
    before = first.kneighbors(X[:3], 5)[1]
    other = subject.build()
    other.fit(X[::-1].copy(), labels[::-1].copy())
    if not np.array_equal(before, first.kneighbors(X[:3], 5)[1]):
        raise Fault("what one finds changed when another was fitted; keep what is learned on the object")


def breaks_ties_by_row(subject: Subject) -> None:
    """Rows that are equal are found, and of equal scores the lower row comes first"""
    X = np.tile(np.eye(4, dtype=np.float32), (6, 1))
    hits(subject, X, np.tile(np.arange(4), 6), X[:4], 24)


def takes_any_top(subject: Subject) -> None:
    """top=1 gives one hit, a top above n all n rows; a smaller top gives the beginning of the same hits"""
    X, labels = random_rows()
    whole = hits(subject, X, labels, X[:2], len(X) + 40)[1]
    for top in (1, 2, 3, 10, len(X)):
        rows = hits(subject, X, labels, X[:2], top)[1]
        if not np.array_equal(rows, whole[:, :top]):
            raise Fault(f"top={top} gave the rows {rows[0].tolist()[:5]}, a large top {whole[0].tolist()[:5]}")


def takes_any_labels(subject: Subject) -> None:
    """One cluster, nothing but noise, and a cluster an item are searched"""
    X, labels = random_rows()
    for each in (np.zeros_like(labels), np.full_like(labels, -1), np.arange(len(X))):
        hits(subject, X, each, X[:2], 5)


def takes_few(subject: Subject) -> None:
    """One row, two rows, and a row of zeros are searched, by queries from outside too"""
    X = blobs(2)[0]
    for Q in (X, -X, 0 * X):
        hits(subject, X[:1], np.zeros(1, np.int64), Q, 5)
        hits(subject, X, np.array([0, -1]), Q, 5)
        hits(subject, np.vstack([X, 0 * X]), np.array([0, 1, 0, 1]), Q, 4)


def a_query_stands_alone(subject: Subject) -> None:
    """The hits of a query do not depend on the other queries"""
    X, labels = random_rows()
    reranker = subject.build()
    reranker.fit(X, labels)
    together = reranker.kneighbors(X[:5], 9)[1]
    for row in range(5):
        alone = reranker.kneighbors(X[row : row + 1], 9)[1][0]
        if not np.array_equal(together[row], alone):
            raise Fault(f"among five queries the rows {together[row].tolist()}, alone {alone.tolist()}")


def scores_agree(subject: Subject) -> str:
    """`scores(Q)`, where it has it, gives every row (q, n) the score that kneighbors gives it"""
    reranker = subject.build()
    if not hasattr(reranker, "scores"):
        return "it has none: metrics ask kneighbors for every row, which takes longer"
    X, labels = random_rows()
    reranker.fit(X, labels)
    scores = arrays.all_scores(reranker.scores(X[:7]), 7, len(X))
    found, rows = reranker.kneighbors(X[:7], len(X))
    apart = np.abs(np.take_along_axis(scores, rows, axis=1) - found).max()
    if not apart <= ROUNDING:
        raise Fault(f"it is off by {apart:.2g} from the score that kneighbors gives")
    return ""


CHECKS: list[Check] = [
    takes_a_retriever, ranks_all, finds_the_query_itself, repeats_itself, fits_its_retriever_itself,
    breaks_ties_by_row, takes_any_top, takes_any_labels, takes_few, a_query_stands_alone, scores_agree,
]  # fmt: skip
