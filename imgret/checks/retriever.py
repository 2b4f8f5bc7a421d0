"""What is demanded of a retriever. An approximate one may miss hits, but what it returns must be true and in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgret.checks import Check, Fault, Subject
from imgret.checks.data import blobs, same, unchanged
from imgret.demands import arrays

if TYPE_CHECKING:
    from imgret.contracts import Floats, Ints

ROUNDING = 1e-5  # of an inner product of two rows of unit length in float32


def hits(subject: Subject, X: Floats, labels: Ints, Q: Floats, top: int) -> tuple[Floats, Ints]:
    """Scores (q, m) and rows (q, m) of a new one. Raises Fault as `asked` does, and for scores that are not true.

    They are held against inner products in float64.
    """
    scores, rows = asked(subject, X, labels, Q, top)
    wrong = np.abs(scores - np.take_along_axis(products(Q, X), rows, axis=1)).max(initial=0)
    longest = [np.linalg.norm(each, axis=1).max(initial=1) for each in (Q, X)]
    if not wrong <= ROUNDING * longest[0] * longest[1]:
        raise Fault(f"a score is not the inner product of the query with its row: it is off by {wrong:.2g}")
    return scores, rows


def asked(subject: Subject, X: Floats, labels: Ints, Q: Floats, top: int) -> tuple[Floats, Ints]:
    """Scores (q, m) and rows (q, m) of a new one, which is fitted and asked.

    Raises Fault where they are not whole and in order: best first, equal ones by row, no row twice.
    """
    before = X.copy(), labels.copy(), Q.copy()
    retriever = subject.build()
    retriever.fit(X, labels)
    given = retriever.kneighbors(Q, top)
    unchanged(before[0], X)
    unchanged(before[1], labels, "labels")
    unchanged(before[2], Q, "Q")
    return arrays.hits(given, len(Q), len(X), top)


def products(Q: Floats, X: Floats) -> Floats:
    """(q, n) float32 of float64 sums, which equal rows give equally wherever they lie."""
    wide: Floats = (Q[:, None].astype(np.float64) * X).sum(axis=2).astype(np.float32)
    return wide


def scan(Q: Floats, X: Floats, top: int) -> Ints:
    """The rows (q, m) that an exact retriever returns."""
    return np.argsort(-products(Q, X), axis=1, kind="stable")[:, :top]


def random_rows(n: int = 60, d: int = 5) -> tuple[Floats, Ints]:
    """X (n, d), rows of unit length in every direction, and labels (n,): four clusters, one of one item, and noise."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, d)).astype(np.float32)
    labels = rng.integers(-1, 3, n)
    labels[n // 2] = 3
    return X / np.linalg.norm(X, axis=1, keepdims=True), labels


def agrees_with_a_scan(subject: Subject) -> str:
    """9 hits of 7 queries: float32 scores that are the inner products, int64 rows, best first, none twice"""
    X, labels = random_rows()
    rows = hits(subject, X, labels, X[:7], 9)[1]
    right = scan(X[:7], X, 9)
    if np.array_equal(rows, right):
        return "the very hits of a plain scan"
    recall = np.mean([len(np.intersect1d(a, b)) / 9 for a, b in zip(rows, right, strict=True)])
    return f"approximate: recall@9 {recall:.3f}"


def repeats_itself(subject: Subject) -> str:
    """The same rows, queries and seed give the same hits"""
    X, labels = random_rows()
    first, second = (np.concatenate(hits(subject, X, labels, X[:7], 9), axis=1) for _ in range(2))
    return same(subject, first, second, "two runs on the same rows")


def breaks_ties_by_row(subject: Subject) -> None:
    """Rows that are equal come lower row first"""
    X = np.tile(np.eye(4, dtype=np.float32), (6, 1))
    hits(subject, X, np.tile(np.arange(4), 6), X[:4], 24)


def takes_any_top(subject: Subject) -> None:
    """top=1 gives one hit, a top above n all n rows"""
    X, labels = random_rows()
    for top in (1, len(X), len(X) + 40):
        hits(subject, X, labels, X[:2], top)


def takes_any_labels(subject: Subject) -> None:
    """One cluster, nothing but noise, and a cluster an item are searched"""
    X, labels = random_rows()
    for each in (np.zeros_like(labels), np.full_like(labels, -1), np.arange(len(X))):
        hits(subject, X, each, X[:2], 5)


def takes_few(subject: Subject) -> None:
    """One row, two rows, and a row of zeros are searched"""
    X = blobs(2)[0]
    hits(subject, X[:1], np.zeros(1, np.int64), X, 5)
    hits(subject, X, np.array([0, -1]), X, 5)
    hits(subject, np.vstack([X, 0 * X]), np.array([0, 1, 0, 1]), np.vstack([X, 0 * X]), 4)


def takes_rows_of_any_length(subject: Subject) -> None:
    """Rows and queries that are not of unit length, as normalize=none leaves them, are searched"""
    X, labels = random_rows()
    longer = X * np.linspace(1, 9, len(X), dtype=np.float32)[:, None]
    hits(subject, longer, labels, longer[::9], 9)


def takes_arrays_as_they_lie(subject: Subject) -> None:
    """Queries and rows that are slices of larger arrays, and read only, are searched as copies of them are"""
    X, labels = random_rows()
    wide = np.asfortranarray(np.hstack([X, X]))
    wide.flags.writeable = False
    sliced = wide[:, : X.shape[1]]  # (n, d), not contiguous
    first, second = hits(subject, X, labels, X[:11:2], 9)[1], hits(subject, sliced, labels, sliced[:11:2], 9)[1]
    same(subject, first, second, "an array and a slice with the same values")


def counts_what_it_scans(subject: Subject) -> str:
    """Where it has `scanned(Q, top)`, that is the number of rows each query is compared with: from m to n"""
    X, labels = random_rows()
    retriever = subject.build()
    retriever.fit(X, labels)
    if not hasattr(retriever, "scanned"):
        return "it has none"
    for top in (1, 9, len(X) + 40):
        found = np.asarray(retriever.scanned(X[:7], top))
        least = min(top, len(X))
        if found.shape != (7,) or not np.issubdtype(found.dtype, np.integer):
            raise Fault(f"7 queries gave {found.dtype} {found.shape}, not whole numbers (7,)")
        if found.min() < least or found.max() > len(X):
            raise Fault(f"{found.tolist()} of {len(X)} rows with top={top}, allowed are {least} to {len(X)}")
    return ""


def a_query_stands_alone(subject: Subject) -> None:
    """The hits of a query depend neither on the other queries nor on those asked before"""
    X, labels = random_rows()
    retriever = subject.build()
    retriever.fit(X, labels)
    together = retriever.kneighbors(X[:5], 9)[1]
    for row in range(5):
        alone = retriever.kneighbors(X[row : row + 1], 9)[1][0]
        if not np.array_equal(together[row], alone):
            raise Fault(f"among five queries the rows {together[row].tolist()}, alone {alone.tolist()}")
    same(subject, together, retriever.kneighbors(X[:5], 9)[1], "the first answer and a later one")


CHECKS: list[Check] = [
    agrees_with_a_scan, repeats_itself, breaks_ties_by_row, takes_any_top, takes_any_labels, takes_few,
    takes_rows_of_any_length, takes_arrays_as_they_lie, counts_what_it_scans, a_query_stands_alone,
]  # fmt: skip
