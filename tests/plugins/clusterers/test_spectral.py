from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans, SpectralClustering
from sklearn.metrics import adjusted_rand_score

from imgret import UsageError
from imgret.plugins.clusterers import spectral as module
from imgret.plugins.clusterers._graph import neighbours
from imgret.plugins.clusterers.spectral import spectral
from tests.blobs import blobs


def rings(n: int) -> tuple[np.ndarray, np.ndarray]:
    """A ring of n points around a smaller one of n / 2, which no two centroids can part."""
    truth = np.repeat([0, 1], [n, n // 2])
    angle = np.concatenate([np.linspace(0, 2 * np.pi, m, endpoint=False) for m in (n, n // 2)])
    return (np.array([3.0, 1.0])[truth, None] * np.stack([np.cos(angle), np.sin(angle)], 1)).astype(np.float32), truth


@pytest.mark.parametrize("dense", [0, 1000])
def test_rings_are_found_where_k_means_fails(dense: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DENSE", dense)
    X, truth = rings(200)
    labels = spectral(k=2).fit_predict(X)
    assert labels.dtype == np.int64
    assert adjusted_rand_score(truth, labels) == 1
    assert adjusted_rand_score(truth, KMeans(2, n_init=10, random_state=0).fit_predict(X)) < 0.1


@pytest.mark.parametrize("dense", [0, 1000])
def test_blobs_are_found_whole_twice(dense: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DENSE", dense)
    X, truth = blobs(80, 60, 40, 30)
    first, again = (spectral(k=4).fit_predict(X) for _ in range(2))
    assert adjusted_rand_score(truth, first) == 1
    np.testing.assert_array_equal(first, again)


def test_the_vectors_are_the_leading_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(0).normal(size=(120, 4)).astype(np.float32)
    graph = neighbours(X, 6).toarray()
    scale = 1 / np.sqrt(graph.sum(axis=0))
    adjacency = graph * scale[:, None] * scale
    leading = np.sort(np.linalg.eigvalsh(adjacency))[-5:]
    assert leading[-1] == pytest.approx(1)
    for dense in (0, 1000):
        monkeypatch.setattr(module, "DENSE", dense)
        vectors = spectral(k=5, n_neighbors=6)._embedded(X)
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(5), atol=1e-5)
        found = np.linalg.eigvalsh(vectors.T @ adjacency @ vectors)
        np.testing.assert_allclose(found, leading, atol=1e-5)


def test_it_agrees_with_scikit_learn() -> None:
    X, _ = blobs(70, 60, 50, spread=1.2)
    theirs = SpectralClustering(3, affinity="precomputed", random_state=0).fit_predict(neighbours(X, 10).toarray())
    assert adjusted_rand_score(theirs, spectral(k=3).fit_predict(X)) > 0.97


@pytest.mark.parametrize("dense", [0, 1000])
@pytest.mark.parametrize(("n", "k"), [(1, 1), (1, 5), (2, 1), (2, 2), (2, 9), (3, 2), (40, 3), (40, 39)])
def test_few_or_equal_points(n: int, k: int, dense: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DENSE", dense)
    for X in (np.arange(n, dtype=np.float32)[:, None], np.full((n, 3), 0.1, np.float32)):
        labels = spectral(k=k).fit_predict(X)
        assert (labels.dtype, labels.shape) == (np.int64, (n,))
        assert 1 <= len(set(labels.tolist())) <= min(n, k)


@pytest.mark.parametrize("name", ["k", "n_neighbors"])
def test_what_makes_no_sense_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=rf"clusterer\.{name}=0: clusterer=spectral takes 1 or more here"):
        spectral(**{name: 0})
