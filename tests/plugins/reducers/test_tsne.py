from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pytest

from imgret import UsageError, ops
from imgret.plugins.reducers.tsne import tsne


def blobs(n: int, d: int = 20, spread: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Points around 5 corners that are 7 apart, and the blob of each."""
    truth = np.arange(n) % 5
    noise = np.random.default_rng(0).normal(scale=spread, size=(n, d))
    return (5 * np.eye(5, d)[truth] + noise).astype(np.float32), truth


def purity(Y: np.ndarray, truth: np.ndarray) -> float:
    """How often the nearest neighbour on the map is of the same blob."""
    return float((truth[ops.knn(Y, 1)[1][:, 0]] == truth).mean())


def test_blobs_stay_together_on_the_map() -> None:
    X, truth = blobs(300)
    Y = tsne(n_iter=250).fit_transform(X)
    assert Y.shape == (300, 2)
    assert Y.dtype == np.float32
    assert purity(Y, truth) == 1


@pytest.mark.parametrize("n_components", [1, 3])
def test_maps_of_other_dimensions(n_components: int) -> None:
    X, truth = blobs(100)
    Y = tsne(n_components, n_iter=100).fit_transform(X)
    assert Y.shape == (100, n_components)
    assert purity(Y, truth) > 0.9


@pytest.mark.parametrize("n", [1, 2, 3, 5, 9, 10, 11, 15, 31])
def test_few_rows(n: int) -> None:
    Y = tsne(n_iter=50).fit_transform(np.random.default_rng(n).normal(size=(n, 6)).astype(np.float32))
    assert Y.shape == (n, 2)
    assert Y.dtype == np.float32
    assert np.isfinite(Y).all()


def test_three_points_keep_their_distances() -> None:
    Y = tsne().fit_transform(np.float32([[0, 0, 0], [3, 0, 0], [0, 4, 0]]))
    assert sorted(np.linalg.norm(Y - Y[[1, 2, 0]], axis=1).round(5).tolist()) == [3, 4, 5]


@pytest.mark.parametrize("n", [1, 2, 3, 40])
def test_equal_rows_lie_on_one_point(n: int) -> None:
    assert not tsne().fit_transform(np.full((n, 6), 0.1, np.float32)).any()


def test_many_equal_rows_among_others_stay_finite() -> None:
    X = np.concatenate([np.zeros((60, 6)), np.eye(6), np.ones((40, 6))]).astype(np.float32)
    Y = tsne(n_iter=100, perplexity=5).fit_transform(X)
    assert np.isfinite(Y).all()


def test_above_the_sample_the_others_are_placed_near_their_neighbours() -> None:
    X, truth = blobs(400)
    Y = tsne(sample=150, n_iter=150).fit_transform(X)
    assert Y.shape == (400, 2)
    assert np.isfinite(Y).all()
    assert purity(Y, truth) == 1


@pytest.mark.slow
def test_two_processes_give_the_same_bytes_with_one_thread_and_with_two() -> None:
    code = (
        "import hashlib, sys, numpy as np, torch; from imgret.plugins.reducers import tsne as m;"
        "torch.set_num_threads(int(sys.argv[1])); m.LARGE = 250;"  # 300 items use interpolation and threads
        "X = np.random.default_rng(0).normal(size=(400, 60)).astype(np.float32);"
        "Y = [m.tsne(n_iter=60, sample=s, seed=3).fit_transform(X) for s in (200, 300, 400)];"
        "print([hashlib.sha256(y.tobytes()).hexdigest() for y in Y])"
    )
    runs = {subprocess.run([sys.executable, "-c", code, t], capture_output=True, check=True).stdout for t in "12"}
    assert len(runs) == 1


def test_silent(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    X, _ = blobs(40)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tsne(n_iter=20, sample=30).fit_transform(X)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_the_seed_draws_the_sample() -> None:
    X, _ = blobs(60)
    first, again, other = (tsne(sample=30, n_iter=20, seed=seed).fit_transform(X) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize("wrong", [{"n_components": 4}, {"perplexity": 0.5}, {"n_iter": 0}, {"sample": 5}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(UsageError, match=name):
        tsne(**wrong)  # type: ignore[arg-type]
