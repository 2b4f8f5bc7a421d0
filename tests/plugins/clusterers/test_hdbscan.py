from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from imgret import UsageError
from imgret.plugins.clusterers.hdbscan import hdbscan
from tests.blobs import blobs


@pytest.mark.parametrize("sizes", [(60, 50, 40), (8, 8, 8), (90, 10), (300, 30, 30, 30)])
def test_blobs_are_found_whole_however_unequal(sizes: tuple[int, ...]) -> None:
    X, truth = blobs(*sizes)
    labels = hdbscan().fit_predict(X)
    assert labels.dtype == np.int64
    assert adjusted_rand_score(truth, labels) == 1


def test_what_lies_alone_is_noise() -> None:
    X, truth = blobs(50, 50)
    labels = hdbscan().fit_predict(np.concatenate([X, np.float32([[40, 40], [-40, 10]])]))
    assert labels[100:].tolist() == [-1, -1]
    assert adjusted_rand_score(truth, labels[:100]) == 1


def far_group() -> np.ndarray:
    """Six groups near each other, of 100 points each, and one of 40 far off."""
    rng = np.random.default_rng(3)
    near = 1.6 * np.repeat(np.eye(6, 8), 100, axis=0) + rng.normal(scale=0.22, size=(600, 8))
    return np.concatenate([near, 40 + rng.normal(scale=0.2, size=(40, 8))]).astype(np.float32)


def test_a_far_group_does_not_make_one_cluster_of_the_rest() -> None:
    X = far_group()
    whole, parts = hdbscan(max_share=1.0).fit_predict(X), hdbscan().fit_predict(X)
    assert len(set(whole.tolist())) == 2
    assert len(set(parts[:600].tolist()) - {-1}) == 6
    assert np.bincount(parts + 1)[0] < 0.5 * len(X)
    assert len(set(parts[600:].tolist())) == 1


def test_sizes_follow_the_collection_and_are_learned() -> None:
    for n, cluster, samples in ((10, 3, 3), (100, 5, 5), (3600, 30, 10)):
        model = hdbscan()
        model.fit_predict(np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32))
        assert (model.min_cluster_size_, model.min_samples_) == (cluster, samples)
    model = hdbscan(min_cluster_size=4, min_samples=2)
    model.fit_predict(blobs(20, 20)[0])
    assert (model.min_cluster_size_, model.min_samples_) == (4, 2)


def test_no_cluster_is_smaller_than_min_cluster_size() -> None:
    X, _ = blobs(40, 40, 12)
    for size, clusters in ((10, 3), (20, 2)):
        counts = np.bincount(hdbscan(min_cluster_size=size).fit_predict(X) + 1)[1:]
        assert len(counts) == clusters
        assert counts.min() >= size


@pytest.mark.parametrize("n", [1, 2, 3, 4])
@pytest.mark.parametrize("min_cluster_size", [None, 2, 15])
def test_few_points_are_noise_or_clusters(n: int, min_cluster_size: int | None) -> None:
    labels = hdbscan(min_cluster_size).fit_predict(np.arange(n, dtype=np.float32)[:, None] ** 2)
    assert labels.shape == (n,)
    assert labels.dtype == np.int64
    assert labels.min() >= -1
    if n < (min_cluster_size or 3):
        assert set(labels.tolist()) == {-1}


@pytest.mark.parametrize("n", [3, 30, 300])
def test_equal_points_are_no_trouble(n: int) -> None:
    labels = hdbscan().fit_predict(np.full((n, 3), 0.1, np.float32))
    assert len(set(labels.tolist())) == 1


def test_twice_the_same_and_silent(capfd: pytest.CaptureFixture[str]) -> None:
    X = np.random.default_rng(1).normal(size=(600, 6)).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = (hdbscan().fit_predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert capfd.readouterr() == ("", "")


def test_leaf_makes_more_clusters() -> None:
    X = far_group()
    eom, leaf = (hdbscan(cluster_selection_method=method).fit_predict(X) for method in ("eom", "leaf"))  # type: ignore[arg-type]
    assert leaf.max() >= eom.max()


@pytest.mark.parametrize(
    "wrong",
    [{"min_cluster_size": 1}, {"min_samples": 0}, {"max_share": 0.0}, {"max_share": 1.5}, {"min_cluster_size": -5}],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(UsageError, match=name):
        hdbscan(**wrong)  # type: ignore[arg-type]
