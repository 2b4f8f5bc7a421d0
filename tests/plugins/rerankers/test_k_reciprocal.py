"""The re-ranker `k_reciprocal`, by hand and against a slow reference with sets."""

import numpy as np
import pytest

from imgret.errors import UsageError
from imgret.plugins.rerankers import _sparse
from imgret.plugins.rerankers.k_reciprocal import k_reciprocal
from imgret.plugins.retrievers.exact import exact
from tests.slow_rerank import led, points, reciprocal

NONE = np.zeros(0, np.int64)


def test_by_hand() -> None:
    # Angles 0, 10, 50, 60: with k1 = 1 the rows are two pairs, each R and R* the pair, and so is V, by weights of
    # exp(0) and exp(cos 10 - 1). The query at 12 has the nearest row 1 at 2, nearer than that one's own at 10: R(q) is
    # row 1 and by two thirds of nothing no more, as R(1, round(.5) = 0) is row 1 itself. k2 = 1: V as they are.
    angles = np.radians([0, 10, 50, 60])
    X = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    Q = np.float32([[np.cos(np.radians(12)), np.sin(np.radians(12))]])
    other = np.exp(np.cos(np.radians(10)) - 1)
    small, large = other / (1 + other), 1 / (1 + other)  # V of row 0 at row 1, of row 1 at itself
    overlap = np.array([small / (2 - small), large / (2 - large), 0, 0])
    right = 0.7 * overlap + 0.3 * np.cos(np.radians([12, 2, 38, 48]))
    scores, rows = k_reciprocal(exact(), k1=1, k2=1, keep=0).fit(X, NONE).kneighbors(Q, 4)
    assert rows.tolist() == [[1, 0, 2, 3]]
    np.testing.assert_allclose(scores[0], right[rows[0]], atol=1e-6)


@pytest.mark.parametrize(("k1", "k2", "keep"), [(8, 3, 0), (8, 1, 2), (5, 6, 60), (1, 1, 0), (39, 6, 0), (70, 50, 0)])
@pytest.mark.parametrize("seed", [0, 1])
def test_against_the_slow_reference(k1: int, k2: int, keep: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    X, Q = points(seed)
    monkeypatch.setattr(_sparse, "ROWS", 7)
    reranker = k_reciprocal(exact(), k1, k2, 0.4, keep).fit(X, NONE)
    scores, rows = reranker.kneighbors(Q, 40)
    right = reciprocal(Q, X, k1, k2, 0.4)
    for i, q in enumerate(Q):
        assert rows[i].tolist() == led(right[i], X.astype(np.float64) @ q, keep)
        np.testing.assert_allclose(scores[i, keep:], right[i, rows[i, keep:]], atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(reranker.scores(Q), rows, axis=1), scores, atol=1e-6)


@pytest.mark.parametrize("wrong", [{"k1": 0}, {"k2": 0}, {"k2": 22}, {"lambda_": 0.0}, {"lambda_": 1.5}, {"keep": -1}])
def test_arguments_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=r"1 <= k2 <= k1 \+ 1, lambda_ in \(0, 1\], keep from 0\nrerank\.k1=20"):
        k_reciprocal(exact(), **wrong)  # type: ignore[arg-type]


def test_rows_of_any_length_are_taken_by_their_cosines() -> None:
    X, Q = points(3)
    lengths = np.random.default_rng(0).uniform(5, 500, (len(X), 1)).astype(np.float32)
    unit = k_reciprocal(exact(), 8, 3).fit(X, NONE)
    other = k_reciprocal(exact(), 8, 3).fit(X * lengths, NONE)
    for (scores, rows), (wanted, places) in (
        (other.kneighbors(40 * Q, 9), unit.kneighbors(Q, 9)),
        ((other.scores(40 * Q), 0), (unit.scores(Q), 0)),
    ):
        np.testing.assert_allclose(scores, wanted, atol=1e-5)
        assert np.array_equal(rows, places)
