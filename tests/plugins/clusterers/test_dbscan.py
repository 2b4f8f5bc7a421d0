from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import DBSCAN
from sklearn.metrics import adjusted_rand_score

from imgret import UsageError, ops
from imgret.plugins.clusterers import dbscan as module
from imgret.plugins.clusterers.dbscan import dbscan, k_distances, knee


def slow_dbscan(X: np.ndarray, eps: float, min_samples: int) -> np.ndarray:
    distances = np.sqrt(((X[:, None].astype(np.float64) - X) ** 2).sum(axis=2))
    core = (distances <= eps).sum(axis=1) >= min_samples
    labels = np.full(len(X), -1)
    for start in np.flatnonzero(core):
        if labels[start] == -1:
            cluster, stack = labels.max() + 1, [start]
            while stack:
                row = stack.pop()
                if labels[row] == -1:
                    labels[row] = cluster
                    stack += np.flatnonzero(core & (distances[row] <= eps)).tolist()
    for row in np.flatnonzero(~core):
        reachable = np.where(core & (distances[row] <= eps), distances[row], np.inf)
        if np.isfinite(reachable.min(initial=np.inf)):
            labels[row] = labels[reachable.argmin()]
    return labels


def test_a_line_by_hand() -> None:
    # Cores within 1: 1 and 2 (0 and 3 are border points), 11 and 12; 20 is alone.
    X = np.array([[0], [1], [2], [3], [10.5], [11], [12], [12.5], [20]], np.float32)
    labels = dbscan(eps=1.0, min_samples=3).fit_predict(X)
    assert labels.dtype == np.int64
    assert labels.tolist() == [0, 0, 0, 0, 1, 1, 1, 1, -1]


def test_a_border_point_joins_the_nearest_core_whatever_the_order() -> None:
    left, right = [0, 0.5, 1.0], [3.0, 3.5, 4.0]
    X = np.array([[*left, 2.1, *right]], np.float32).T  # 2.1 lies 1.1 from the left cores and 0.9 from the right
    for order in (np.arange(7), np.arange(7)[::-1]):
        labels = np.empty(7, np.int64)
        labels[order] = dbscan(eps=1.2, min_samples=4).fit_predict(X[order])
        assert labels[3] == labels[4] != labels[2]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.floats(0.05, 2.0), st.integers(1, 6))
def test_agrees_with_the_definition(seed: int, n: int, eps: float, min_samples: int) -> None:
    X = np.random.default_rng(seed).normal(size=(n, 2)).astype(np.float32)
    labels, slow = dbscan(eps=eps, min_samples=min_samples).fit_predict(X), slow_dbscan(X, eps, min_samples)
    np.testing.assert_array_equal(ops.renumber(labels), ops.renumber(slow))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.sampled_from([1.0, 2.0, 5.0]), st.integers(1, 6))
def test_agrees_with_the_definition_where_distances_are_equal(seed: int, n: int, eps: float, min_samples: int) -> None:
    """On a grid many pairs are at `eps` exactly, some at 5 as 3 and 4 give it."""
    X = np.random.default_rng(seed).integers(0, (14, 3) if seed % 2 else (9, 9), (n, 2)).astype(np.float32)
    labels, slow = dbscan(eps=eps, min_samples=min_samples).fit_predict(X), slow_dbscan(X, eps, min_samples)
    np.testing.assert_array_equal(ops.renumber(labels), ops.renumber(slow))
    theirs = DBSCAN(eps=eps, min_samples=min_samples).fit(X)
    cores = theirs.core_sample_indices_
    np.testing.assert_array_equal(ops.renumber(labels[cores]), ops.renumber(theirs.labels_[cores].astype(np.int64)))
    np.testing.assert_array_equal(labels == -1, theirs.labels_ == -1)


def test_a_border_point_as_near_to_two_clusters_joins_that_of_the_lower_row() -> None:
    """So many cores that a tree finds them in an order of its own; the clusters' other rows have no say."""
    line = np.array([*range(11), *range(30, 41)] * 4 + [20])
    for seed in range(20):
        X = np.random.default_rng(seed).permutation(line)
        labels = dbscan(eps=10.0, min_samples=10).fit_predict(X[:, None].astype(np.float32))
        nearest = np.flatnonzero((X == 10) | (X == 30))
        assert labels[X == 20] == labels[nearest[0]]
        assert len(set(labels[X <= 10])) == len(set(labels[X >= 30])) == 1
        assert len(set(labels)) == 2


def test_agrees_with_scikit_learn_where_many_blocks_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "BLOCK", 16 * 700 * 50)  # 50 rows or so a block
    X = np.random.default_rng(1).normal(size=(700, 3)).astype(np.float32)
    labels, theirs = dbscan(eps=0.35, min_samples=5).fit_predict(X), DBSCAN(eps=0.35, min_samples=5).fit(X)
    cores = theirs.core_sample_indices_
    assert len(set(labels[cores].tolist())) > 1
    np.testing.assert_array_equal(ops.renumber(labels[cores]), ops.renumber(theirs.labels_[cores].astype(np.int64)))
    np.testing.assert_array_equal(labels == -1, theirs.labels_ == -1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["auto", 0.4]))
def test_a_permutation_of_rows_gives_the_same_partition(seed: int, eps: float | str) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 2)).astype(np.float32)
    order = rng.permutation(len(X))
    model, permuted = dbscan(eps=eps), dbscan(eps=eps)
    np.testing.assert_array_equal(
        ops.renumber(model.fit_predict(X)[order]), ops.renumber(permuted.fit_predict(X[order]))
    )
    assert model.eps_ == permuted.eps_


def test_eps_auto_finds_blobs_and_outliers() -> None:
    rng = np.random.default_rng(2)
    truth = np.repeat([0, 1, 2], [120, 100, 80])
    X = (6.0 * np.eye(3)[truth] + rng.normal(scale=0.4, size=(300, 3))).astype(np.float32)
    X = np.concatenate([X, np.float32([[30, 0, 0], [0, -40, 0]])])
    model = dbscan()
    labels = model.fit_predict(X)
    assert labels[300:].tolist() == [-1, -1]
    kept = labels[:300] >= 0
    assert kept.mean() > 0.9
    assert adjusted_rand_score(truth[kept], labels[:300][kept]) == 1
    np.testing.assert_array_equal(dbscan(eps=model.eps_, min_samples=model.min_samples_).fit_predict(X), labels)


def test_a_knee_that_joins_most_points_is_lowered_where_that_takes_them_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "knee", lambda curve: 9.0)
    rng = np.random.default_rng(4)
    pair = rng.normal(scale=0.5, size=(190, 2))
    pair[100:] += 5
    apart, whole = dbscan(), dbscan(max_share=1)
    labels = apart.fit_predict(pair.astype(np.float32))
    assert sorted(np.bincount(labels + 1)[1:].tolist(), reverse=True) == [
        np.sum(labels[:100] >= 0),
        np.sum(labels[100:] >= 0),
    ]
    assert np.mean(labels == -1) < 0.25
    assert apart.eps_ < 2
    assert set(whole.fit_predict(pair.astype(np.float32)).tolist()) == {0}
    assert whole.eps_ == 9
    one = dbscan()
    assert set(one.fit_predict(pair[:100].astype(np.float32)).tolist()) == {0}  # it has no parts
    assert one.eps_ == 9


def test_the_knee_lies_farthest_below_the_chord() -> None:
    # From 0 to 8 in four steps the chord is 0 2 4 6 8; the curve lies below it by 0 1.5 2.5 3 0.
    assert knee(np.array([0, 0.5, 1.5, 3, 8])) == 3
    assert knee(np.array([2.0, 2.0, 2.0])) == 2
    assert knee(np.array([])) == 0


def test_k_distances_count_the_point_itself() -> None:
    X = np.array([[0], [1], [3], [7]], np.float32)
    assert k_distances(X, 1).tolist() == [0, 0, 0, 0]
    assert k_distances(X, 2).tolist() == [1, 1, 2, 4]
    assert k_distances(X, 4).tolist() == [7, 6, 4, 7]
    assert k_distances(X, 5).tolist() == [np.inf] * 4


@pytest.mark.parametrize("eps", ["auto", 0.5])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_points_are_noise(n: int, eps: float | str) -> None:
    labels = dbscan(eps=eps, min_samples=5).fit_predict(np.arange(n, dtype=np.float32)[:, None])
    assert labels.tolist() == [-1] * n


@pytest.mark.parametrize("eps", ["auto", 1e-6, 3.0])
@pytest.mark.parametrize("columns", [1, 40])
def test_equal_points_are_one_cluster(eps: float | str, columns: int) -> None:
    for value in (0.0, 0.1):
        X = np.full((50, columns), value, np.float32)
        assert set(dbscan(eps=eps).fit_predict(X).tolist()) == {0}


def test_min_samples_follow_the_collection() -> None:
    for n, expected in ((4, 3), (100, 5), (400, 10), (2000, 20)):
        model = dbscan(eps=1.0)
        model.fit_predict(np.zeros((n, 1), np.float32))
        assert model.min_samples_ == expected


@pytest.mark.parametrize("wrong", [{"eps": "knee"}, {"eps": 0.0}, {"eps": -1.0}, {"eps": float("nan")}])
def test_a_wrong_eps_is_refused(wrong: dict[str, float | str]) -> None:
    with pytest.raises(UsageError, match=r"clusterer\.eps=.*auto"):
        dbscan(**wrong)  # type: ignore[arg-type]


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="min_samples=0"):
        dbscan(min_samples=0)
    with pytest.raises(UsageError, match="max_share=2"):
        dbscan(max_share=2)
