from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest

from imgret import UsageError, ops
from imgret.plugins.reducers.umap import umap


def blobs(n: int, d: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Points around 5 corners that are 7 apart, and the blob of each."""
    truth = np.arange(n) % 5
    noise = np.random.default_rng(0).normal(scale=0.3, size=(n, d))
    return (5 * np.eye(5, d)[truth] + noise).astype(np.float32), truth


@pytest.mark.parametrize("n", [1, 2, 3, 5, 12])
def test_too_few_rows_get_principal_components(n: int) -> None:
    X = np.random.default_rng(n).normal(size=(n, 6)).astype(np.float32)
    Z = umap().fit_transform(X)
    assert Z.shape == (n, 10)
    assert Z.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(Z - Z[0], axis=1), np.linalg.norm(X - X[0], axis=1), atol=1e-5)


@pytest.mark.parametrize("n", [1, 2, 3, 50])
def test_equal_rows_lie_on_one_point(n: int) -> None:
    Z = umap().fit_transform(np.full((n, 6), 0.1, np.float32))
    assert Z.shape == (n, 10)
    assert not Z.any()


def test_a_copy_of_a_process_that_has_run_it_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """GNU's OpenMP under numba ends such a process with a signal."""
    module = sys.modules[umap.__module__]
    monkeypatch.setattr("numba.threading_layer", lambda: "omp")
    monkeypatch.setattr(module, "_ran", set())
    module.refuse_copy()
    module.refuse_copy()
    monkeypatch.setattr(module, "_ran", {1})  # as it is in a copy
    with pytest.raises(UsageError, match=r"was forked.*\nmake the pool before the first run, or use"):
        module.refuse_copy()
    monkeypatch.setattr("numba.threading_layer", lambda: "tbb")
    module.refuse_copy()


@pytest.mark.slow  # as all that draws: numba compiles first
def test_blobs_come_apart_silently(capfd: pytest.CaptureFixture[str]) -> None:
    X, truth = blobs(60)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Z = umap(n_components=2, n_neighbors=8, n_epochs=50).fit_transform(X)
    assert Z.shape == (60, 2)
    assert Z.dtype == np.float32
    assert (truth[ops.knn(Z, 3)[1]] == truth[:, None]).all()
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
@pytest.mark.parametrize("n", [13, 15, 16, 40])
def test_few_rows(n: int) -> None:
    Z = umap().fit_transform(np.random.default_rng(n).normal(size=(n, 6)).astype(np.float32))
    assert Z.shape == (n, 10)
    assert np.isfinite(Z).all()


@pytest.mark.slow
@pytest.mark.parametrize("group", [2, 20, 80])
def test_groups_of_equal_rows_stay_finite(group: int) -> None:
    X = np.repeat(np.random.default_rng(0).normal(size=(160 // group, 30)), group, axis=0).astype(np.float32)
    Z = umap().fit_transform(X)
    assert Z.shape == (160, 10)
    assert np.isfinite(Z).all()


@pytest.mark.slow
def test_two_processes_give_the_same_bytes_and_a_seed_matters() -> None:
    code = (
        "import hashlib, numpy as np; from imgret.plugins.reducers.umap import umap;"
        "X = np.random.default_rng(0).normal(size=(200, 60)).astype(np.float32);"
        "found = [hashlib.sha256(umap(seed=s).fit_transform(X).tobytes()).hexdigest() for s in (0, 0, 1)]"
    )
    here: dict[str, Any] = {}
    exec(code, here)
    there = subprocess.run([sys.executable, "-c", f"{code}; print(*found)"], capture_output=True, check=True, text=True)
    assert there.stdout.split() == here["found"]
    first, again, other = here["found"]
    assert first == again != other


@pytest.mark.parametrize(
    "wrong", [{"n_components": 0}, {"n_neighbors": 1}, {"min_dist": -0.1}, {"min_dist": 2.0}, {"n_epochs": 0}]
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(UsageError, match=name):
        umap(**wrong)  # type: ignore[arg-type]
