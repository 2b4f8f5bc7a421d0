"""Exact nearest rows against stable sorts of float64 products, ties and all."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from imgret import ops
from imgret.ops import ranking

# whole numbers have exact products, and few of them have many ties
GRID = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 30), st.integers(1, 3)), elements=st.integers(-2, 2).map(np.float32)
)


@pytest.fixture(params=[1 << 20, 2000])
def _small_blocks(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "BLOCK", request.param)
    monkeypatch.setattr(ranking, "CACHE", request.param)


@settings(deadline=None)
@given(GRID, st.integers(1, 35), st.data())
def test_top_k_is_a_stable_sort(X: np.ndarray, k: int, data: st.DataObject) -> None:
    exclude = data.draw(hnp.arrays(np.int64, len(X), elements=st.integers(-1, len(X) - 1)))
    m = min(k, len(X) - bool((exclude >= 0).any()))
    scores, rows = ops.top_k(X, X, k, exclude=exclude)
    assert scores.shape == rows.shape == (len(X), m)
    assert (scores.dtype, rows.dtype) == (np.float32, np.int64)
    products = X.astype(np.float64) @ X.T
    for i, left_out in enumerate(exclude):
        right = [j for j in np.argsort(-products[i], kind="stable") if j != left_out][:m]
        assert rows[i].tolist() == right
        np.testing.assert_array_equal(scores[i], products[i][right])


@settings(deadline=None)
@given(GRID, st.integers(1, 35))
def test_knn_is_a_stable_sort(X: np.ndarray, k: int) -> None:
    distances, rows = ops.knn(X, k)
    assert distances.shape == rows.shape == (len(X), min(k, len(X) - 1))
    assert (distances.dtype, rows.dtype) == (np.float32, np.int64)
    squared = ((X[:, None].astype(np.float64) - X) ** 2).sum(axis=2)
    for i in range(len(X)):
        right = [j for j in np.argsort(squared[i], kind="stable") if j != i][:k]
        assert rows[i].tolist() == right
        np.testing.assert_array_equal(distances[i], np.sqrt(squared[i][right]).astype(np.float32))


@pytest.mark.usefixtures("_small_blocks")
def test_equal_rows_tie_exactly_wherever_they_lie() -> None:
    rng = np.random.default_rng(1)
    X, _ = ops.normalise(rng.normal(size=(203, 67)).astype(np.float32))
    twins = np.sort(rng.choice(203, 40, replace=False))  # more than the spare candidates
    X[twins] = X[twins[0]]
    scores, rows = ops.top_k(X[twins], X, 25)
    assert (rows == twins[:25]).all()
    assert (scores == scores[0, 0]).all()
    others = np.setdiff1d(np.arange(203), twins)
    scores, rows = ops.top_k(X[others], X, 60)
    right = (X[others].astype(np.float64) @ X.T.astype(np.float64)).astype(np.float32)
    right[:, twins] = right[:, twins[:1]]
    np.testing.assert_array_equal(rows, np.argsort(-right, axis=1, kind="stable")[:, :60])
    np.testing.assert_array_equal(scores, np.take_along_axis(right, rows, axis=1))
    for i in (0, 40, 162):  # a query's result is the same in any company
        alone = ops.top_k(X[others[i : i + 1]], X, 60)
        np.testing.assert_array_equal(alone[0][0], scores[i])
        np.testing.assert_array_equal(alone[1][0], rows[i])


def test_knn_sees_small_distances_far_from_the_origin() -> None:
    X = np.float32([[1000 + step / 128, -1000] for step in (0, 1, 3, 7, 20)])  # 128ths are exact here
    distances, rows = ops.knn(X, 2)
    assert rows.tolist() == [[1, 2], [0, 2], [1, 0], [2, 1], [3, 2]]
    assert (distances * 128).tolist() == [[1, 3], [1, 2], [2, 3], [4, 6], [13, 17]]


def test_degenerate_shapes() -> None:
    X = np.float32([[1, 0]])
    assert ops.top_k(X, X, 5)[1].tolist() == [[0]]
    assert ops.top_k(X, X, 5, exclude=np.array([0]))[1].shape == (1, 0)
    assert ops.top_k(X[:0], X, 5)[0].shape == (0, 1)
    assert ops.knn(X, 3)[0].shape == (1, 0)
    X.flags.writeable = False  # as a memory-mapped array is: no warning
    assert ops.top_k(X, X, 1)[0].tolist() == [[1.0]]


@pytest.mark.usefixtures("_small_blocks")
def test_ranking_yields_each_query_once_without_itself() -> None:
    X = np.random.default_rng(2).normal(size=(23, 5)).astype(np.float32)
    for ordered in (ops.Ranking(X), ops.Ranking(X).of(np.array([5, 3, 22]))):
        seen = []
        for rows, scores in ordered:
            assert scores.shape == (len(rows), 23)
            assert scores.dtype == np.float32
            right = X[rows].astype(np.float64) @ X.T
            right[np.arange(len(rows)), rows] = -np.inf
            np.testing.assert_allclose(scores, right, atol=1e-5)
            seen += rows.tolist()
        assert seen == ordered.rows.tolist()
        assert len(ordered) == len(seen)


@settings(deadline=None)
@given(st.data(), st.lists(st.integers(-3, 3), min_size=1, max_size=30))
def test_ranks_are_places_in_a_stable_sort(data: st.DataObject, values: list[int]) -> None:
    scores = np.array(values, np.float32)
    rows = np.array(data.draw(st.lists(st.integers(0, len(values) - 1), unique=True)), np.int64)
    places = np.argsort(np.argsort(-scores, kind="stable"))
    assert ops.ranks(scores, rows).tolist() == (places[rows] + 1).tolist()
