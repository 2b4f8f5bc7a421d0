from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from imgret import UsageError
from imgret.plugins.clusterers.kmeans import assign, kmeans, lloyd, moved, seeds


def blobs(*sizes: int, r: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points around corners that are 10 apart at least, spread 0.5, and the blob of each."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    corners = 10.0 * np.array([[(b >> axis) & 1 for axis in range(r)] for b in range(len(sizes))])
    return (corners[truth] + rng.normal(scale=0.5, size=(len(truth), r))).astype(np.float32), truth


def slow_lloyd(X: np.ndarray, centroids: np.ndarray, iterations: int) -> tuple[np.ndarray, np.ndarray, float]:
    for _ in range(iterations):
        labels = ((X[:, None] - centroids) ** 2).sum(axis=2).argmin(axis=1)
        centroids = np.array([X[labels == c].mean(axis=0) for c in range(len(centroids))])
    distances = ((X[:, None] - centroids) ** 2).sum(axis=2)
    return distances.argmin(axis=1), centroids, float(distances.min(axis=1).sum())


def test_blobs_are_found_whole() -> None:
    X, truth = blobs(40, 25, 10, 5)
    model = kmeans(k=4)
    labels = model.fit_predict(X)
    assert labels.dtype == np.int64
    assert labels.shape == (80,)
    assert adjusted_rand_score(truth, labels) == 1
    for blob in range(4):
        cluster = labels[truth == blob][0]
        np.testing.assert_allclose(model.centroids_[cluster], X[truth == blob].mean(axis=0), atol=1e-5)
    within = sum(((X[truth == b] - X[truth == b].mean(axis=0)) ** 2).sum() for b in range(4))
    assert model.inertia_ == pytest.approx(within, rel=1e-5)


def test_five_numbers_by_hand() -> None:
    X = np.array([[0], [1], [10], [12], [14]], np.float32)
    model = kmeans(k=2, tol=0)
    labels = model.fit_predict(X)
    assert labels[0] == labels[1] != labels[2] == labels[3] == labels[4]
    assert sorted(model.centroids_[:, 0].tolist()) == [0.5, 12.0]
    assert model.inertia_ == 8.5  # 2 x .25 + 4 + 0 + 4


@pytest.mark.parametrize("k", [3, 17])
def test_lloyd_agrees_with_the_definition(k: int) -> None:
    X = np.random.default_rng(1).normal(size=(3000, 6)).astype(np.float32)
    points = torch.from_numpy(X)
    start = seeds(points, k, np.random.default_rng(2))
    for iterations in (0, 1, 7):
        fit = lloyd(points, start, iterations)
        labels, centroids, inertia = slow_lloyd(X.astype(np.float64), start, iterations)
        np.testing.assert_array_equal(fit.labels, labels)
        np.testing.assert_allclose(fit.centroids, centroids, atol=1e-5)
        assert fit.inertia == pytest.approx(inertia, rel=1e-5)
        assert fit.n_iter == iterations


def test_a_settled_run_is_a_fixed_point() -> None:
    X = np.random.default_rng(3).normal(size=(500, 4)).astype(np.float32)
    fit = lloyd(torch.from_numpy(X), seeds(torch.from_numpy(X), 8, np.random.default_rng(0)), 300)
    again = slow_lloyd(X.astype(np.float64), fit.centroids, 1)
    np.testing.assert_array_equal(again[0], fit.labels)
    np.testing.assert_allclose(again[1], fit.centroids, atol=1e-5)
    assert fit.n_iter < 300


def test_inertia_is_as_low_as_scikit_learns() -> None:
    rng = np.random.default_rng(4)
    X = (rng.normal(size=(1500, 20)) + rng.normal(size=(30, 20))[rng.integers(30, size=1500)]).astype(np.float32)
    ours, theirs = [], []
    for seed in range(5):
        model = kmeans(k=30, n_init=1, seed=seed)
        model.fit_predict(X)
        ours.append(model.inertia_)
        theirs.append(KMeans(30, n_init=1, random_state=seed).fit(X).inertia_)
    assert np.mean(ours) <= 1.005 * np.mean(theirs)


def test_restarts_keep_the_least_inertia() -> None:
    X = np.random.default_rng(5).normal(size=(400, 5)).astype(np.float32)
    gains = []
    for seed in range(4):
        once, five = kmeans(k=20, n_init=1, seed=seed), kmeans(k=20, n_init=5, seed=seed)
        once.fit_predict(X)
        five.fit_predict(X)
        gains.append(once.inertia_ - five.inertia_)
    assert min(gains) >= 0  # the first run is the same
    assert max(gains) > 0


def test_few_columns_get_more_starts() -> None:
    X = np.random.default_rng(6).normal(size=(60, 21)).astype(np.float32)
    for typed, columns, wanted in ((None, 20, 10), (None, 21, 3), (2, 20, 2)):
        model = kmeans(k=5, n_init=typed)
        labels = model.fit_predict(X[:, :columns])
        assert model.n_init_ == wanted
        np.testing.assert_array_equal(labels, kmeans(k=5, n_init=wanted).fit_predict(X[:, :columns]))


def test_an_empty_cluster_starts_anew_at_the_farthest_point() -> None:
    X = np.array([[0], [1], [2], [50]], np.float32)
    far = np.array([[1.0], [-1000.0]])  # nobody is nearest to the second
    fit = lloyd(torch.from_numpy(X), far, 300)
    np.testing.assert_array_equal(fit.labels, [0, 0, 0, 1])
    np.testing.assert_allclose(fit.centroids[:, 0], [1, 50])


def test_assign_takes_the_lower_of_two_equally_near() -> None:
    block, centroids = torch.tensor([[0.0], [3.0]]), torch.tensor([[1.0], [-1.0], [3.0], [3.0]])
    assert assign(block, centroids).tolist() == [0, 2]


def test_moved_counts_what_each_cluster_gains() -> None:
    block = torch.tensor([[1.0, 2.0], [10.0, 20.0], [5.0, 5.0]])
    sums, counts = moved(block, torch.tensor([0, -1, 2]), torch.tensor([1, 1, 0]), 3)
    assert sums.tolist() == [[4, 3], [11, 22], [-5, -5]]
    assert counts.tolist() == [0, 2, -1]


def test_seeds_are_distinct_points_of_the_data() -> None:
    X = np.repeat(np.arange(6, dtype=np.float32), 5)[:, None]
    found = seeds(torch.from_numpy(X), 6, np.random.default_rng(0))
    assert sorted(found[:, 0].tolist()) == [0, 1, 2, 3, 4, 5]
    assert len(seeds(torch.from_numpy(X), 20, np.random.default_rng(0))) == 6


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_points_make_as_many_clusters(n: int) -> None:
    X = np.arange(n, dtype=np.float32)[:, None] * [1, 2]
    model = kmeans(k=100)
    assert sorted(model.fit_predict(X.astype(np.float32)).tolist()) == list(range(n))
    assert model.inertia_ == 0


def test_equal_points_are_one_cluster() -> None:
    model = kmeans(k=4)
    labels = model.fit_predict(np.full((30, 3), 0.1, np.float32))
    assert len(set(labels.tolist())) == 1
    assert np.isfinite(model.centroids_).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=30), st.integers(1, 8), st.integers(0, 3))
def test_with_more_clusters_than_points_each_distinct_point_has_its_own(places: list[int], k: int, seed: int) -> None:
    corners = np.random.default_rng(9).normal(size=(5, 3)).astype(np.float32)
    X = corners[places]
    model = kmeans(k=k, seed=seed)
    labels = model.fit_predict(X)
    assert len(set(labels.tolist())) == min(k, len(set(places)))
    assert np.isfinite(model.centroids_).all()
    if k >= len(set(places)):
        assert len(set(zip(labels.tolist(), places, strict=True))) == len(set(places))
        assert model.inertia_ == pytest.approx(0, abs=1e-9)


def test_far_from_the_origin_nothing_cancels() -> None:
    X, truth = blobs(30, 30, 30)
    assert adjusted_rand_score(truth, kmeans(k=3).fit_predict(X + np.float32(20_000))) == 1


def test_another_process_gives_the_same_bytes() -> None:
    code = (
        "import hashlib, numpy as np, torch; from imgret.plugins.clusterers.kmeans import kmeans;"
        f"torch.set_num_threads({torch.get_num_threads()});"
        "X = np.random.default_rng(0).normal(size=(5000, 37)).astype(np.float32); m = kmeans(k=50, n_init=2, seed=7);"
        "print(hashlib.sha256(m.fit_predict(X).tobytes() + m.centroids_.tobytes()).hexdigest(), m.inertia_)"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    X = np.random.default_rng(0).normal(size=(5000, 37)).astype(np.float32)
    model = kmeans(k=50, n_init=2, seed=7)
    labels = model.fit_predict(X)
    assert other == [hashlib.sha256(labels.tobytes() + model.centroids_.tobytes()).hexdigest(), str(model.inertia_)]


def test_another_seed_is_another_run() -> None:
    X = np.random.default_rng(6).normal(size=(300, 5)).astype(np.float32)
    first, other = (kmeans(k=10, n_init=1, seed=seed).fit_predict(X) for seed in (0, 1))
    assert (first != other).any()
    np.testing.assert_array_equal(first, kmeans(k=10, n_init=1, seed=0).fit_predict(X))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_repeats_itself_and_agrees_with_the_cpu() -> None:
    X, truth = blobs(400, 300, 200, 100)
    runs = [kmeans(k=4, device="cuda").fit_predict(X) for _ in range(2)]
    np.testing.assert_array_equal(*runs)
    assert adjusted_rand_score(truth, runs[0]) == 1


@pytest.mark.parametrize("wrong", [{"k": 0}, {"n_init": 0}, {"max_iter": 0}, {"tol": -1.0}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(UsageError, match=name):
        kmeans(**wrong)  # type: ignore[arg-type]
