"""k-means: pure functions of a block of points, and a small reduction in block order on the host.

The same two block functions serve the CPU and an accelerator. Nothing is added atomically, and the order of every
sum is fixed, so that the same points, seed, machine and threads give the same labels, bit for bit.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any, NamedTuple

from imgret import register

from ._fit import check

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from imgret.plugin import Floats, Ints

    Floats64 = NDArray[np.float64]


FEW = 20  # columns, in which a start costs little: UMAP's clumps lie far apart, and one that misses some ends poorly


@register("clusterer")
class kmeans:
    """k-means by Lloyd's iterations from greedy k-means++ seeds; of `n_init` runs the one of least inertia is kept.

    S. P. Lloyd, Least squares quantization in PCM, 1982. D. Arthur and S. Vassilvitskii, k-means++: the advantages of
    careful seeding, 2007, with its greedy form: 2 + ln k candidates a step, of which the best is taken. `n_init=null`
    makes it 3, or 10 for points of 20 columns or fewer.

    A run ends when no label changes, or when the centroids' squared shifts add up to at most `tol` times the mean
    variance of a column (scikit-learn's measure), or after `max_iter` iterations. With fewer than `k` distinct
    points there are as many clusters as distinct points. Learned: `n_init_`, and of the run that was kept
    `inertia_` (the sum of squared distances to the centroids), `n_iter_` and `centroids_` (c, r).
    """

    def __init__(
        self,
        k: int = 100,
        n_init: int | None = None,
        max_iter: int = 300,
        tol: float = 1e-4,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        check("kmeans", k=k, n_init=n_init, max_iter=max_iter)
        check("kmeans", 0, tol=tol)
        self.k, self.n_init, self.max_iter, self.tol = k, n_init, max_iter, tol
        self.seed, self.device = seed, device

    def fit_predict(self, X: Floats) -> Ints:
        """Points (n, r) float32 to labels (n,) int64, 0 .. min(k, n) - 1."""
        import numpy as np
        import torch

        mean = X.mean(axis=0, dtype=np.float64).astype(np.float32)
        # Centred, because |x|^2 - 2xc + |c|^2 cancels badly far from the origin; a fresh tensor, because the last bit
        # of a matrix product may depend on the alignment of its arguments, and torch aligns while NumPy need not.
        points = torch.from_numpy(X - mean).clone().to(self.device)
        enough = self.tol * float(X.var(axis=0, dtype=np.float64).mean())
        rng = np.random.default_rng(self.seed)
        self.n_init_ = self.n_init or (10 if X.shape[1] <= FEW else 3)
        runs = (lloyd(points, seeds(points, self.k, rng), self.max_iter, enough) for _ in range(self.n_init_))
        best = min(runs, key=lambda run: run.inertia)  # the earliest of equals
        self.inertia_, self.n_iter_ = best.inertia, best.n_iter
        self.centroids_ = (best.centroids + mean).astype(np.float32)
        return best.labels


class Fit(NamedTuple):
    labels: Ints  # (n,)
    centroids: Floats64  # (k, r)
    inertia: float
    n_iter: int


def lloyd(points: torch.Tensor, centroids: Floats64, max_iter: int, enough: float = 0.0) -> Fit:
    """Lloyd's iterations over points (n, r) from centroids (k, r), until no label changes or the shift is `enough`.

    Sums and counts follow the points that change their cluster, few of them after the first iterations. A cluster
    that becomes empty starts anew at the point that lies farthest from its own centroid (ties: the lower row).
    """
    import numpy as np
    import torch

    from imgret.plugin import ops

    k = len(centroids)
    labels = torch.full((len(points),), -1, device=points.device)
    sums, counts = np.zeros_like(centroids), np.zeros(k, np.int64)
    spans = list(ops.blocks(len(points), max(256, min(2048, 2**24 // k))))
    n_iter = 0
    while True:
        near = _on(points, centroids)
        settled = True
        for rows in spans:
            before, after = labels[rows], assign(points[rows], near)
            changed = torch.nonzero(before != after)[:, 0]
            if len(changed):
                settled = False
                delta, flow = moved(points[rows][changed], before[changed], after[changed], k)
                sums += delta.cpu().numpy()
                counts += flow.cpu().numpy()
                labels[rows] = after
        if settled or n_iter == max_iter:
            break
        n_iter += 1
        found = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centroids)
        empty = np.flatnonzero(counts == 0)
        if len(empty):
            distances = _distances(points, _on(points, found), labels, spans)
            far = np.argsort(-distances, kind="stable")[: len(empty)]
            far = far[distances[far] > 0]  # else every point is a centroid already
            found[empty[: len(far)]] = points[torch.from_numpy(far).to(points.device)].cpu().numpy()
        shift = float(((found - centroids) ** 2).sum())
        centroids = found
        if shift <= enough:
            max_iter = n_iter  # the labels must still follow the centroids
    distances = _distances(points, _on(points, centroids), labels, spans)
    return Fit(labels.cpu().numpy(), centroids, float(distances.sum(dtype=np.float64)), n_iter)


def assign(block: torch.Tensor, centroids: torch.Tensor) -> torch.Tensor:
    """The nearest of centroids (k, r) for each point of a block (b, r): (b,) int64; ties: the lower centroid."""
    import torch

    half = (centroids * centroids).sum(1) / 2
    return torch.addmm(half, block, centroids.T, alpha=-1).argmin(1)  # |x - c|^2 / 2 less |x|^2 / 2, equal for all c


def moved(block: torch.Tensor, before: torch.Tensor, after: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """What clusters gain when points (b, r) go from clusters `before` (-1: from none) to `after`, both (b,).

    Returns sums (k, r) and counts (k,), as a product with a signed one-hot matrix, in which no order is left open.
    """
    import torch

    clusters = torch.arange(k, device=block.device)[:, None]
    sign = (clusters == after).to(torch.int8) - (clusters == before).to(torch.int8)  # (k, b)
    return sign.to(block.dtype) @ block, sign.sum(1)


def seeds(points: torch.Tensor, k: int, rng: np.random.Generator) -> Floats64:
    """Greedy k-means++: up to k of the points (n, r), fewer where no point is left that is not yet a seed."""
    import numpy as np
    import torch

    from imgret.plugin import ops

    spans = list(ops.blocks(len(points), 8192))
    norms = (points * points).sum(1)

    def squared_distances(rows: NDArray[np.int64]) -> Floats:  # (c, n)
        chosen = points[torch.from_numpy(rows).to(points.device)]
        half = (chosen * chosen).sum(1) / 2
        parts = [norms[span, None] + 2 * torch.addmm(half, points[span], chosen.T, alpha=-1) for span in spans]
        found: Floats = torch.cat(parts).clamp_(min=0).T.cpu().numpy()
        return found

    rows = [int(rng.integers(len(points)))]
    nearest = squared_distances(np.array(rows))[0]  # (n,) to the nearest seed
    nearest[rows[0]] = 0
    while len(rows) < min(k, len(points)):
        mass = np.cumsum(nearest, dtype=np.float64)
        if mass[-1] <= 0:
            break
        draws = rng.random(2 + int(log(k))) * mass[-1]
        candidates = np.minimum(np.searchsorted(mass, draws, side="right"), len(points) - 1)
        remaining = np.minimum(nearest, squared_distances(candidates))  # (c, n)
        best = int(remaining.sum(axis=1, dtype=np.float64).argmin())
        rows.append(int(candidates[best]))
        nearest = remaining[best]
        nearest[rows[-1]] = 0
    return points[torch.tensor(rows, device=points.device)].cpu().numpy().astype(np.float64)


def _on(points: torch.Tensor, centroids: Floats64) -> torch.Tensor:
    import torch

    return torch.from_numpy(centroids).to(points.dtype).to(points.device)


def _distances(points: torch.Tensor, centroids: torch.Tensor, labels: torch.Tensor, spans: list[Any]) -> Floats:
    """Squared distances (n,) of points (n, r) to their own centroids, from differences, which do not cancel."""
    import torch

    parts = [(points[rows] - centroids[labels[rows]]).square_().sum(1) for rows in spans]
    distances: Floats = torch.cat(parts).cpu().numpy()
    return distances
