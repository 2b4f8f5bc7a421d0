"""What a collection says of the number of clusters: four criteria over a ladder of k, held against no structure.

A figure for one k cannot be compared with that for another: more clusters are tighter, fewer are more stable, whether
there is anything to find or not. So each is held against the same figure of points without structure that have the
collection's spread, clustered in the same way: U. von Luxburg, Clustering stability: an overview, 2010, section 2,
does that for stability, R. Tibshirani, G. Walther, T. Hastie, Estimating the number of clusters via the gap statistic,
2001, for the spread within clusters. n points, r columns, c values of k, h halves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgret import ops
from imgret.progress import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.contracts import Floats, Ints

    Floats64 = NDArray[np.float64]
    Fit = Callable[[Floats, int, int], Ints]  # points (m, r), k, seed -> labels (m,)

CRITERIA = ("silhouette", "davies_bouldin", "calinski_harabasz", "stability")
STEP = 1.25  # from one k of the ladder to the next, where that is more than 1
FEWEST = 15  # points, of which halves can still be clustered in two ways
A_CLUSTER = 5  # points at the least, on the average
SAMPLE = 3000  # points; of more, a seeded sample is looked at
HALVES, OF_NOTHING = 5, 3  # halves of the points that are clustered, and of each kind of points without structure


class Evidence(NamedTuple):
    """`figures` and `nothing` by criterion: of the halves (c, h), and of no structure (c,).

    `points` were looked at, in so many `clusterings`.
    """

    ks: list[int]
    figures: dict[str, Floats64]
    nothing: dict[str, Floats64]
    points: int
    clusterings: int


def ladder(least: int, most: int) -> list[int]:
    """Whole numbers from `least` to `most`, both among them, each `STEP` times the one before, or the next number."""
    found = [least]
    while found[-1] < most:
        found.append(min(most, max(found[-1] + 1, int(STEP * found[-1]))))
    return found


def most_clusters(n: int) -> int:
    """The largest k that is looked at among n images where nobody says: three times their root, or five a cluster."""
    return max(2, min(n // A_CLUSTER, int(3 * n**0.5)))


def gather(R: Floats, fit: Fit, ks: Sequence[int], seed: int = 0) -> Evidence:
    """Cluster halves of the points R (n, r), and of points without structure, into each number of `ks`.

    Of more than `SAMPLE` points a sample is taken. A half is drawn without replacement, so that the standard deviation
    over halves is the standard error of the figure for all points (J. Shao, C. F. J. Wu, A general theory for jackknife
    variance estimation, 1989: the delete-d jackknife with d = n / 2). Each is clustered with a seed of its own.

    The stability of a half is the mean, over the other halves, of the adjusted mutual information between the labels of
    the points that both have (A. Ben-Hur, A. Elisseeff, I. Guyon, A stability based method for discovering structure in
    clustered data, 2002, with N. X. Vinh, J. Epps, J. Bailey, 2010, in place of their measures: it is 0 by chance for
    any k). The other criteria are those of `measure`. A figure that is undefined is nan.

    Points without structure are normal, and uniform in a box along the principal axes, both with the mean and the
    covariance of R, of unit length where R is; for each k and criterion the kind counts that looks more like clusters.
    """
    rng = np.random.default_rng(seed)
    if len(R) > SAMPLE:
        R = R[np.sort(rng.choice(len(R), SAMPLE, replace=False))]
    unit = bool(np.allclose(np.einsum("nr,nr->n", R, R), 1, atol=1e-3))
    kinds = [(R, HALVES), (normal(R, rng, unit), OF_NOTHING), (uniform(R, rng, unit), OF_NOTHING)]
    clusterings = len(ks) * sum(count for _, count in kinds)
    with Progress("k", clusterings, "clusterings") as progress:
        data, *nothing = [_of(points, fit, ks, seed, count, progress) for points, count in kinds]
    harder = {}
    for name in CRITERIA:
        means = np.array([kind[name].mean(axis=1) for kind in nothing])  # (2, c)
        harder[name] = means.min(axis=0) if name == "davies_bouldin" else means.max(axis=0)
    return Evidence(list(ks), data, harder, len(R), clusterings)


def _of(points: Floats, fit: Fit, ks: Sequence[int], seed: int, count: int, progress: Progress) -> dict[str, Floats64]:
    """The figures (c, count) of so many halves of the points, by criterion."""
    from sklearn.metrics import adjusted_mutual_info_score, pairwise_distances

    n, half = len(points), -(-len(points) // 2)
    rng = np.random.default_rng(seed)
    halves = [np.sort(rng.choice(n, half, replace=False)) for _ in range(count)]
    labels = np.full((len(ks), count, n), -2, np.int64)  # -2: not of this half
    figures = {name: np.full((len(ks), count), np.nan) for name in CRITERIA}
    for place, rows in enumerate(halves):
        P = np.ascontiguousarray(points[rows])
        D = pairwise_distances(P)  # (half, half)
        for step, k in enumerate(ks):
            found = np.asarray(fit(P, k, seed + place))
            labels[step, place, rows] = found
            for name, value in measure(P, D, found).items():
                figures[name][step, place] = value
            progress.advance(1)
    for step in range(len(ks)):
        pairs = np.full((count, count), np.nan)
        for i, j in combinations(range(count), 2):
            both = (labels[step, i] > -2) & (labels[step, j] > -2)
            one, other = labels[step, i, both], labels[step, j, both]
            told = min(np.ptp(one), np.ptp(other)) > 0  # one cluster says nothing
            pairs[i, j] = pairs[j, i] = adjusted_mutual_info_score(one, other) if told else 0.0
        figures["stability"][step] = np.nanmean(pairs, axis=1)
    return figures


def measure(P: Floats, D: Floats, labels: Ints) -> dict[str, float]:
    """silhouette, davies_bouldin and calinski_harabasz of points P (m, r) with Euclidean distances D (m, m).

    Noise is left out. Empty where there are fewer than two clusters, or where each has one member. P. J. Rousseeuw,
    Silhouettes, 1987; D. L. Davies and D. W. Bouldin, A cluster separation measure, 1979; T. Calinski and J. Harabasz,
    A dendrite method for cluster analysis, 1974.
    """
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

    kept = np.flatnonzero(labels >= 0)
    if not 2 <= len(np.unique(labels[kept])) < len(kept):
        return {}
    if len(kept) < len(labels):
        P, D, labels = P[kept], D[np.ix_(kept, kept)], labels[kept]
    return {
        "silhouette": silhouette(D, labels),
        "davies_bouldin": float(davies_bouldin_score(P, labels)),
        "calinski_harabasz": float(calinski_harabasz_score(P, labels)),
    }


def silhouette(D: Floats, labels: Ints) -> float:
    """The mean silhouette of points with distances D (m, m) in two clusters or more: 0 for the only one of a cluster.

    From distances that were computed once, one product with the clusters' indicators for each k.
    """
    _, own, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    rows = np.arange(len(D))
    sums = D @ np.eye(len(sizes), dtype=D.dtype)[own]  # (m, clusters)
    inside = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
    means = sums / sizes
    means[rows, own] = np.inf
    outside = means.min(axis=1)
    larger = np.maximum(inside, outside)
    widths = np.divide(outside - inside, larger, out=np.zeros_like(larger), where=(larger > 0) & (sizes[own] > 1))
    return float(widths.mean())


def normal(R: Floats, rng: np.random.Generator, unit: bool) -> Floats:
    """As many points (n, r) from the normal distribution with the mean and covariance of R (n, r)."""
    n = len(R)
    mean = R.mean(axis=0, dtype=np.float64)
    # Normal weights of the centred rows: their covariance is that of R, and no matrix has to be decomposed.
    weights = rng.standard_normal((n, n), dtype=np.float32)
    return _scaled(weights @ (R - mean).astype(np.float32) / n**0.5 + mean, unit)


def uniform(R: Floats, rng: np.random.Generator, unit: bool) -> Floats:
    """As many points (n, r), uniform in a box along the principal axes of R (n, r), with its mean and covariance."""
    found = ops.pca(R, 1.0)
    width = (12 * found.Z.var(axis=0, dtype=np.float64)) ** 0.5
    return _scaled(rng.uniform(-0.5, 0.5, found.Z.shape) * width @ found.components + found.mean, unit)


def _scaled(points: NDArray[np.floating], unit: bool) -> Floats:
    points = points.astype(np.float32)
    return ops.normalise(points, "l2")[0] if unit else points
