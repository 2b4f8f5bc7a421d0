from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score

from imgret import UsageError
from imgret.plugins.clusterers.kmeans import kmeans
from imgret.plugins.clusterers.minibatch_kmeans import minibatch_kmeans
from tests.blobs import blobs


def inertia(X: np.ndarray, labels: np.ndarray) -> float:
    return float(sum(((X[labels == c] - X[labels == c].mean(axis=0)) ** 2).sum() for c in set(labels.tolist())))


@pytest.mark.parametrize("batch_size", [7, 2048])
def test_blobs_are_found_whole(batch_size: int) -> None:
    X, truth = blobs(120, 80, 60, 40)
    labels = minibatch_kmeans(k=4, batch_size=batch_size).fit_predict(X)
    assert labels.dtype == np.int64
    assert adjusted_rand_score(truth, labels) == 1


def test_it_is_nearly_as_tight_as_k_means() -> None:
    X = np.random.default_rng(0).normal(size=(3000, 8)).astype(np.float32)
    small, whole = (
        inertia(X, model.fit_predict(X)) for model in (minibatch_kmeans(k=20, batch_size=256), kmeans(k=20))
    )
    assert small < 1.05 * whole


def test_arguments_reach_scikit_learn() -> None:
    X = np.random.default_rng(1).normal(size=(500, 4)).astype(np.float32)
    theirs = MiniBatchKMeans(6, batch_size=50, n_init=2, max_iter=7, random_state=5).fit(X).labels_
    ours = minibatch_kmeans(k=6, batch_size=50, n_init=2, max_iter=7, seed=5).fit_predict(X)
    assert adjusted_rand_score(theirs, ours) == 1


def test_the_seed_decides() -> None:
    X = np.random.default_rng(2).normal(size=(900, 5)).astype(np.float32)
    first, again, other = (minibatch_kmeans(k=12, seed=seed).fit_predict(X) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(("n", "k"), [(1, 1), (1, 5), (2, 1), (2, 2), (2, 9), (40, 3)])
def test_few_or_equal_points(n: int, k: int) -> None:
    apart = minibatch_kmeans(k=k).fit_predict(np.arange(n, dtype=np.float32)[:, None])
    assert len(set(apart.tolist())) == min(n, k)
    equal = minibatch_kmeans(k=k).fit_predict(np.full((n, 3), 0.1, np.float32))
    assert (equal.shape, len(set(equal.tolist()))) == ((n,), 1)


@pytest.mark.parametrize("name", ["k", "batch_size", "n_init", "max_iter"])
def test_what_makes_no_sense_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=rf"clusterer\.{name}=0: clusterer=minibatch_kmeans takes 1 or more"):
        minibatch_kmeans(**{name: 0})
