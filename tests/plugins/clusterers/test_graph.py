from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components
from sklearn.cluster import MiniBatchKMeans

from imgret import ops
from imgret.plugins.clusterers._fit import repeatable
from imgret.plugins.clusterers._graph import bridges, neighbours


def column(*places: float) -> np.ndarray:
    return np.array(places, np.float32)[:, None]


def test_a_line_by_hand() -> None:
    # The nearest of 0 is 1, of 1 is 0, of 3 is 1; then 20 and 21, joined to the rest by 3 and 20.
    graph = neighbours(column(0, 1, 3, 20, 21), 1).toarray()
    wanted = np.zeros((5, 5))
    wanted[0, 1] = wanted[3, 4] = 1
    wanted[1, 2] = wanted[2, 3] = 0.5
    np.testing.assert_array_equal(graph, wanted + wanted.T)


def test_bridges_leave_from_every_part_but_the_largest() -> None:
    X, part = column(0, 1, 5, 9, 10, 11, 30), np.array([1, 1, 0, 2, 2, 2, 0])
    start, end = bridges(X, part)  # 5 lies 4 from 1 and from 9: the lower row
    assert (start.tolist(), end.tolist()) == ([2, 1], [1, 2])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 8), st.integers(1, 4))
def test_the_graph_is_connected_symmetric_and_has_the_neighbours(seed: int, n: int, width: int, spots: int) -> None:
    rng = np.random.default_rng(seed)
    X = (100 * rng.integers(spots, size=(n, 1)) + rng.normal(size=(n, 2))).astype(np.float32)
    graph = neighbours(X, width)
    assert connected_components(graph)[0] == 1
    dense = graph.toarray()
    np.testing.assert_array_equal(dense, dense.T)
    assert set(np.unique(dense)) <= {0, 0.5, 1}
    near = np.zeros((n, n))
    for row, others in enumerate(ops.knn(X, width)[1]):
        near[row, others] = 1
    assert (dense[near > 0] >= 0.5).all()
    np.testing.assert_array_equal(dense == 1, near * near.T == 1)
    assert np.count_nonzero((dense > 0) & (near + near.T == 0)) <= 2 * (n - 1)


def test_blocks_change_no_bridge(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(0).normal(size=(90, 3)).astype(np.float32)
    part = np.random.default_rng(1).integers(0, 7, 90)
    whole = bridges(X, part)
    monkeypatch.setattr(ops, "BLOCK", 8 * 90 * 4)
    np.testing.assert_array_equal(whole, bridges(X, part))


def test_warnings_stay_in_and_threads_come_back(recwarn: pytest.WarningsRecorder) -> None:
    from threadpoolctl import threadpool_info

    def threads() -> list[int]:
        return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "openmp"]

    before = threads()
    with repeatable():
        assert set(threads()) == {1}
        MiniBatchKMeans(3, n_init=1).fit(np.zeros((9, 2), np.float32))
    assert threads() == before
    assert not recwarn.list
