from __future__ import annotations

import numpy as np
import pytest

from imgret import UsageError
from imgret.plugins.reducers.pca import pca

# Three orthogonal directions with variances 16 : 4 : 1 (shares .762, .190, .048), centred by construction.
X = np.array([[4, 0, 0], [-4, 0, 0], [0, 2, 0], [0, -2, 0], [0, 0, 1], [0, 0, -1]], np.float32)


@pytest.mark.parametrize(("n_components", "columns"), [(0.7, 1), (0.8, 2), (0.95, 2), (0.96, 3), (1.0, 3)])
def test_a_share_takes_the_fewest_components_that_reach_it(n_components: float, columns: int) -> None:
    assert pca(n_components).fit_transform(X).shape == (6, columns)


def test_coordinates_by_hand() -> None:
    model = pca(2)
    Z = model.fit_transform(X + np.float32([5, 6, 7]))
    assert Z.dtype == np.float32
    np.testing.assert_allclose(Z, X[:, :2], atol=1e-5)
    np.testing.assert_allclose(model.shares_, [16 / 21, 4 / 21])
    np.testing.assert_allclose(model.components_, np.eye(3)[:2], atol=1e-6)


def test_a_whole_number_is_a_number_of_columns_and_one_is_not_a_share() -> None:
    assert pca(1).fit_transform(X).shape == (6, 1)
    assert pca(1.0).fit_transform(X).shape == (6, 3)


def test_columns_that_the_data_cannot_fill_are_zeros() -> None:
    Z = pca(5).fit_transform(X)
    assert Z.shape == (6, 5)
    assert not Z[:, 3:].any()
    line = np.arange(4, dtype=np.float32)[:, None]
    np.testing.assert_allclose(np.abs(pca(2).fit_transform(line)), [[1.5, 0], [0.5, 0], [0.5, 0], [1.5, 0]], atol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("n_components", [0.95, 1.0, 2])
def test_few_rows_and_equal_rows(n: int, n_components: float) -> None:
    different = np.eye(n, 4, dtype=np.float32)
    for rows in (different, np.full((n, 4), 0.1, np.float32)):
        Z = pca(n_components).fit_transform(rows)
        assert Z.shape == (n, 2 if n_components == 2 else Z.shape[1])
        assert Z.shape[1] >= 1
        assert Z.dtype == np.float32
        assert np.isfinite(Z).all()


@pytest.mark.parametrize("wrong", [0, -1, 0.0, 1.5, -0.5, float("nan")])
def test_neither_a_share_nor_a_count_is_refused_at_once(wrong: float) -> None:
    with pytest.raises(UsageError, match=r"n_components=.*share of the variance"):
        pca(wrong)


def test_unit_rows_have_length_one_and_the_same_directions() -> None:
    X = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    X[0] = X.mean(axis=0)  # what has no direction stays zero
    X -= X.mean(axis=0)
    plain, unit = pca(3).fit_transform(X), pca(3, unit=True).fit_transform(X)
    lengths = np.linalg.norm(plain, axis=1, keepdims=True)
    np.testing.assert_allclose(unit * lengths, plain, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1)[lengths[:, 0] > 1e-5], 1, atol=1e-6)
