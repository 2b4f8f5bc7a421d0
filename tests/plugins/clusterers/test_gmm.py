from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from imgret import UsageError
from imgret.plugins.clusterers.gmm import gmm
from imgret.plugins.clusterers.kmeans import kmeans
from tests.blobs import blobs

COVARIANCES = ["diag", "spherical", "tied", "full"]


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize("scale", [1e-3, 1, 1e3])
def test_blobs_are_found_whole_at_every_scale(covariance: Any, scale: float) -> None:
    X, truth = blobs(80, 60, 40)
    labels = gmm(k=3, covariance=covariance).fit_predict(X * np.float32(scale))
    assert labels.dtype == np.int64
    assert adjusted_rand_score(truth, labels) == 1


def test_a_tight_group_in_a_wide_one_is_told_by_its_variance() -> None:
    rng = np.random.default_rng(1)
    truth = np.repeat([0, 1], 300)
    wide, tight = rng.normal(scale=3, size=(300, 4)), rng.normal([3, 0, 0, 0], 0.2, size=(300, 4))
    X = np.concatenate([wide, tight]).astype(np.float32)
    assert adjusted_rand_score(truth, gmm(k=2).fit_predict(X)) == 1
    assert adjusted_rand_score(truth, kmeans(k=2).fit_predict(X)) < 0.5


def test_a_variance_for_each_column_suits_flat_groups() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 300)
    X = np.stack([rng.normal(scale=3, size=600), 6 * truth + rng.normal(scale=0.4, size=600)], axis=1)
    diag, spherical = (gmm(k=2, covariance=c).fit_predict(X.astype(np.float32)) for c in ("diag", "spherical"))  # type: ignore[arg-type]
    assert adjusted_rand_score(truth, diag) == 1
    assert adjusted_rand_score(truth, spherical) < 0.5


def test_hundreds_of_columns_and_few_points_for_each() -> None:
    rng = np.random.default_rng(2)
    truth = np.repeat(np.arange(12), 8)
    X = (rng.normal(size=(12, 400))[truth] + rng.normal(scale=0.4, size=(96, 400))).astype(np.float32)
    assert adjusted_rand_score(truth, gmm(k=12, n_init=5).fit_predict(X)) > 0.9


def test_the_seed_decides() -> None:
    X = np.random.default_rng(3).normal(size=(600, 5)).astype(np.float32)
    first, again, other = (gmm(k=8, seed=seed).fit_predict(X) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("covariance", COVARIANCES)
@pytest.mark.parametrize(("n", "k"), [(1, 1), (1, 5), (2, 1), (2, 2), (2, 9), (40, 3)])
def test_few_or_equal_points(n: int, k: int, covariance: Any) -> None:
    apart = gmm(k=k, covariance=covariance).fit_predict(np.arange(n, dtype=np.float32)[:, None])
    assert len(set(apart.tolist())) == min(n, k)
    equal = gmm(k=k, covariance=covariance).fit_predict(np.full((n, 3), 0.1, np.float32))
    assert (equal.dtype, equal.shape, len(set(equal.tolist()))) == (np.int64, (n,), 1)


def test_full_matrices_that_would_fill_the_memory_are_refused_with_the_sum() -> None:
    with pytest.raises(UsageError, match=r"100 matrices of 2048 x 2048, kept three times, take 10\.1 GB\n.*diag"):
        gmm(k=100, covariance="full").fit_predict(np.zeros((100, 2048), np.float32))


@pytest.mark.parametrize("wrong", [{"k": 0}, {"n_init": 0}, {"max_iter": 0}, {"reg": 0.0}, {"reg": float("nan")}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(UsageError, match=rf"clusterer\.{name}="):
        gmm(**wrong)
