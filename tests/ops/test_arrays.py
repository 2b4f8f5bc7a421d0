"""The shared array functions: by hand, against scikit-learn, and their laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.decomposition import PCA

from imgret import UsageError
from imgret.ops import arrays as ops

RNG = np.random.default_rng(0)


def test_blocks_cut_everything_once() -> None:
    assert list(ops.blocks(7, 3)) == [slice(0, 3), slice(3, 6), slice(6, 7)]
    assert list(ops.blocks(0, 3)) == []
    assert list(ops.blocks(2, 0)) == [slice(0, 1), slice(1, 2)]  # a budget below one row is one row


def test_normalise_by_hand() -> None:
    features = np.float32([[3, 4], [0, 0], [-5, 12]])
    X, mean = ops.normalise(features, "l2")
    np.testing.assert_array_equal(X, np.float32([[0.6, 0.8], [0, 0], [-5 / 13, 12 / 13]]))
    assert X.dtype == mean.dtype == np.float32
    assert mean.tolist() == [0, 0]
    few, mean = ops.normalise(features)  # 3 items: nothing is centred
    np.testing.assert_array_equal(few, X)
    assert mean.tolist() == [0, 0]
    raw, mean = ops.normalise(features, "none")
    np.testing.assert_array_equal(raw, features)
    assert mean.tolist() == [0, 0]
    query, mean = ops.normalise(np.float32([[4, 6]]), mean=np.float32([1, 2]))  # (3, 4) from the mean
    assert query.tolist() == np.float32([[0.6, 0.8]]).tolist()
    assert mean.tolist() == [1, 2]
    with pytest.raises(UsageError, match="centre, l2, none"):
        ops.normalise(features, "l3")


def test_normalise_centres_ten_items() -> None:
    features = np.float32([[i % 2 * 2, 7] for i in range(10)])  # mean (1, 7): rows at -1 and 1 of it
    X, mean = ops.normalise(features)
    assert mean.tolist() == [1, 7]
    assert X.tolist() == [[1 if i % 2 else -1, 0] for i in range(10)]


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_normalise_bears_any_size_and_equal_rows(size: float) -> None:
    X, _ = ops.normalise(np.float32([[3 * size, 4 * size]] * 3), "l2")
    np.testing.assert_allclose(X, [[0.6, 0.8]] * 3, rtol=1e-6)
    X, _ = ops.normalise(np.full((12, 3), 0.1 * size, np.float32))
    assert not X.any()


def test_a_query_is_normalised_as_the_collection_was_bit_for_bit() -> None:
    features = RNG.normal(size=(50, 33)).astype(np.float32)
    X, mean = ops.normalise(features)
    for row in (0, 7, 49):
        np.testing.assert_array_equal(ops.normalise(features[row : row + 1], mean=mean)[0][0], X[row])


@pytest.mark.parametrize(("n", "d"), [(200, 12), (15, 40)])
@pytest.mark.parametrize("asked", [0.5, 0.9, 1.0, 3, 1000])
def test_pca_is_scikit_learns_full_svd(n: int, d: int, asked: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "BLOCK", 900)  # several blocks of either Gram matrix
    monkeypatch.setattr(ops, "CACHE", 900)
    X = (RNG.normal(size=(n, 6)) @ RNG.normal(size=(6, d)) + RNG.normal(size=(n, d)) / 5 + 3).astype(np.float32)
    found = ops.pca(X, asked)
    full = PCA(svd_solver="full").fit(X.astype(np.float64))
    rank = min(n - 1, d)
    r = rank if asked in (1.0, 1000) else asked
    if asked in (0.5, 0.9):
        r = int(np.argmax(full.explained_variance_ratio_.cumsum() >= asked)) + 1
    assert found.Z.shape == (n, r)
    assert found.Z.dtype == np.float32
    assert found.components.shape == (r, d)
    np.testing.assert_allclose(found.shares, full.explained_variance_ratio_[:r], atol=1e-10)
    np.testing.assert_allclose(found.mean, full.mean_, rtol=1e-12)
    sign = np.sign((found.components * full.components_[:r]).sum(axis=1))
    np.testing.assert_allclose(found.components, sign[:, None] * full.components_[:r], atol=1e-6)
    np.testing.assert_allclose(found.Z, full.transform(X.astype(np.float64))[:, :r] * sign, atol=1e-5)
    loadings = found.components[np.arange(r), np.abs(found.components).argmax(axis=1)]
    assert (loadings > 0).all()


def test_pca_without_variance_or_with_little_rank() -> None:
    for X in (np.full((1, 4), 0.3, np.float32), np.full((9, 4), 0.3, np.float32)):
        flat = ops.pca(X, 0.95)
        assert flat.Z.tolist() == [[0.0]] * len(X)
        assert flat.shares.tolist() == [0.0]
        assert flat.components.shape == (1, 4)
    line = np.outer(np.arange(20), [3, -4]).astype(np.float32)  # one direction, (-.6, .8) by the sign rule
    found = ops.pca(line, 2)
    np.testing.assert_allclose(found.components, [[-0.6, 0.8]], atol=1e-12)
    np.testing.assert_allclose(found.Z[:, 0], 47.5 - 5 * np.arange(20), atol=1e-5)
    assert found.shares.tolist() == [1.0]
    for wrong in (0, 0.0, -1, 1.5):
        with pytest.raises(UsageError, match="n_components"):
            ops.pca(line, wrong)


def test_centroids_and_medoids_by_hand() -> None:
    #               0       1       2       3       4       5       6
    X = np.float32([[0, 0], [9, 9], [2, 0], [5, 5], [5, 7], [5, 9], [1, 3]])
    labels = np.array([1, -1, 1, 0, 0, 0, 1])
    centroids = ops.centroids(X, labels)  # of rows 3, 4, 5 and of rows 0, 2, 6
    assert centroids.dtype == np.float32
    assert centroids.tolist() == [[5, 7], [1, 1]]
    assert ops.medoids(X, labels).tolist() == [4, 0]  # rows 0 and 2 lie sqrt 2 from (1, 1): the lower one
    assert ops.medoids(X, labels).dtype == np.int64
    nothing = np.full(7, -1)
    assert ops.centroids(X, nothing).shape == (0, 2)
    assert ops.medoids(X, nothing).shape == (0,)


def test_noise_is_at_its_distance_from_the_nearest_centroid() -> None:
    """Which is not the one of the largest product, where centroids differ in length."""
    X = np.array([[2, 0], [2, 0], [0, 3], [4, 3]], np.float32)
    C = np.array([[1, 0], [4, 0]], np.float32)
    labels = np.array([-1, 1, 0, -1])
    assert ops.distances(X, labels, C).tolist() == pytest.approx([1, 2, 10**0.5, 3])
    assert labels.tolist() == [-1, 1, 0, -1]  # they are the caller's
    assert ops.distances(X, np.full(4, -1), C[:0]).tolist() == [0] * 4


def test_renumber_by_hand() -> None:
    labels = ops.renumber(np.array([7, -1, 3, 3, 5, 9, 7, 0, 7]))  # 7 has three, 3 has two, then 5, 9, 0 by first row
    assert labels.tolist() == [0, -1, 1, 1, 2, 3, 0, 4, 0]
    assert labels.dtype == np.int64
    assert ops.renumber(np.array([-1, -1], np.int32)).tolist() == [-1, -1]


@settings(deadline=None)
@given(hnp.arrays(np.int64, st.integers(1, 40), elements=st.integers(-1, 6)), st.permutations(range(7)))
def test_renumber_forgets_the_old_names(labels: np.ndarray, names: list[int]) -> None:
    found = ops.renumber(labels)
    renamed = np.where(labels < 0, -1, np.array(names)[labels])
    np.testing.assert_array_equal(found, ops.renumber(renamed))
    np.testing.assert_array_equal(found, ops.renumber(found))
    np.testing.assert_array_equal(found < 0, labels < 0)
    sizes = np.bincount(found[found >= 0])
    assert (np.diff(sizes) <= 0).all()
    assert len(set(zip(found.tolist(), labels.tolist(), strict=True))) == len(set(labels.tolist()))
