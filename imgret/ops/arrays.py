"""Arrays of features and labels: scaled, reduced, averaged, renumbered.

What grows with the number of images is done by pure functions of one block of rows, reduced in block order, so that
memory stays bounded and a result depends on nothing but its input. n images, d features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgret.errors import UsageError
from imgret.ops.ranking import BLOCK, CACHE, blocks, tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.contracts import Floats, Ints

    Floats64 = NDArray[np.float64]

TOO_FEW = 10  # items; the mean of fewer says more about each of them than about the collection


def normalise(features: Floats, mode: str = "centre", mean: Floats | None = None) -> tuple[Floats, Floats]:
    """Features (n, d) to X (n, d) float32, and the mean (d,) float32 that was subtracted.

    `centre`: subtract `mean` (that of these features where none is given; zeros below 10 items), then divide each row
    by its L2 norm. `l2`: the norm alone. `none`: the features as they are. Rows of zeros stay zeros. A row's result
    depends on that row and the mean alone, bit for bit, so that a query is treated as the collection was.
    Raises UsageError for another mode.
    """
    if mode not in ("centre", "l2", "none"):
        raise UsageError(f"normalize={mode}: there is no such mode\nchoose from: centre, l2, none")
    n, d = features.shape
    if mode != "centre" or (mean is None and n < TOO_FEW):
        mean = np.zeros(d, np.float32)
    elif mean is None:
        mean = features.mean(axis=0, dtype=np.float64).astype(np.float32)
    if mode == "none":
        return features.astype(np.float32), mean
    X = np.empty((n, d), np.float32)
    for rows in blocks(n, BLOCK // (8 * d)):
        centred = features[rows] - mean.astype(np.float64)  # float64: no square overflows or vanishes
        norms = np.sqrt((centred**2).sum(axis=1, keepdims=True))
        X[rows] = np.divide(centred, norms, out=centred, where=norms > 0)
    return X, mean


class Principal(NamedTuple):
    """r principal components, of the largest variance first."""

    Z: Floats  # (n, r): the centred rows in their coordinates
    components: Floats64  # (r, d), rows of unit length
    mean: Floats64  # (d,)
    shares: Floats64  # (r,) of the total variance


def pca(X: Floats, n_components: float = 0.95, device: str = "cpu") -> Principal:
    """Exact principal components of X (n, d), by an eigendecomposition of its Gram matrix in float64.

    A float in (0, 1] is a share of the variance, which the fewest components reach; an int is their number. Both are
    capped at the rank of the centred X. The matrix is X'X (d, d), or XX' (n, n) where that is smaller. A component's
    largest loading is positive. Where all rows are equal, Z is a column of zeros. Raises UsageError for other numbers.
    """
    import torch

    whole = isinstance(n_components, int)
    if not (n_components >= 1 if whole else 0 < n_components <= 1):
        raise UsageError(f"n_components={n_components}: neither a share in (0, 1] nor a count\nn_components=0.95")
    n, d = X.shape
    mean = X.mean(axis=0, dtype=np.float64)
    if all((X[rows] == X[0]).all() for rows in blocks(n, BLOCK // d)):
        return Principal(np.zeros((n, 1), np.float32), np.eye(1, d), mean, np.zeros(1))

    base, centre = tensor(X, device), tensor(mean, device)
    gram = torch.zeros((min(n, d),) * 2, dtype=torch.float64, device=base.device)
    if n >= d:
        for rows in blocks(n, CACHE // (8 * d)):
            centred = base[rows].double() - centre
            gram.addmm_(centred.T, centred)
    else:
        for columns in blocks(d, BLOCK // (8 * n)):
            centred = base[:, columns].double() - centre[columns]
            gram.addmm_(centred, centred.T)
    values, vectors = torch.linalg.eigh(gram)
    values, vectors = values.flip(0).clamp(min=0), vectors.flip(1)  # (min(n, d),), columns

    rank = int((values > values[0] * max(n, d) * torch.finfo(torch.float64).eps).sum())
    shares = values / values.sum()
    r = n_components if whole else int(torch.searchsorted(shares.cumsum(0), n_components)) + 1
    r = min(int(r), rank)
    components = vectors[:, :r].T  # (r, min(n, d))
    if n < d:
        parts = [components @ (base[:, c].double() - centre[c]) for c in blocks(d, BLOCK // (8 * n))]
        components = torch.nn.functional.normalize(torch.cat(parts, dim=1))
    components = components * components.gather(1, components.abs().argmax(dim=1, keepdim=True)).sign()
    Z = np.empty((n, r), np.float32)
    for rows in blocks(n, BLOCK // (8 * d)):
        Z[rows] = ((base[rows].double() - centre) @ components.T).cpu().numpy()
    return Principal(Z, components.cpu().numpy(), mean, shares[:r].cpu().numpy())


def centroids(X: Floats, labels: Ints) -> Floats:
    """The means (c, d) float32 of the members of clusters 0..c-1, each of which has one; noise is left out."""
    means = [X[rows].mean(axis=0, dtype=np.float64) for rows in _members(labels)]
    return np.asarray(means, np.float32).reshape(-1, X.shape[1])


def medoids(X: Floats, labels: Ints) -> Ints:
    """The rows (c,) of the members nearest to the centroids of clusters 0..c-1, Euclidean; ties: the lower row."""
    nearest = []
    for rows in _members(labels):
        centre = X[rows].mean(axis=0, dtype=np.float64)
        squared = [((X[rows[part]] - centre) ** 2).sum(axis=1) for part in blocks(len(rows), BLOCK // (8 * X.shape[1]))]
        nearest.append(rows[np.concatenate(squared).argmin()])
    return np.asarray(nearest, np.int64)


def distances(X: Floats, labels: Ints, centroids: Floats) -> Floats:
    """(n,): from each row of X (n, d) to the centroid (c, d) of its cluster; for noise, to the nearest one, or 0."""
    if not len(centroids):
        return np.zeros(len(X), np.float32)
    homes = labels.copy()
    noise = np.flatnonzero(homes < 0)
    if len(noise):
        reach = (centroids**2).sum(axis=1) - 2 * X[noise] @ centroids.T  # squared, but for |x|^2
        homes[noise] = reach.argmin(axis=1)
    out = np.empty(len(X), np.float32)
    for rows in blocks(len(out), 8192):
        out[rows] = np.linalg.norm(X[rows] - centroids[homes[rows]], axis=1)
    return out


def renumber(labels: Ints) -> Ints:
    """The labels (n,) with clusters numbered 0, 1, ... by size, largest first, ties by lowest row; noise stays -1."""
    names, first, place, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    kept = np.flatnonzero(names != -1)
    numbers = np.full(len(names), -1, np.int64)
    numbers[kept[np.lexsort((first[kept], -sizes[kept]))]] = np.arange(len(kept))
    return numbers[place]


def _members(labels: Ints) -> list[Ints]:
    """The rows of each cluster 0..c-1, ascending."""
    order = np.argsort(labels, kind="stable")
    clusters = np.arange(labels.max(initial=-1) + 2)
    return np.split(order, np.searchsorted(labels[order], clusters))[1:-1]
