"""t-SNE, by openTSNE."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from imgret import UsageError, register

if TYPE_CHECKING:
    from imgret.plugin import Floats

COMPONENTS = 50  # principal components that the neighbours in a sample are sought in
FEWEST = 10  # items; fewer get their principal components
LARGE = 10_000  # items; interpolation beats the quad-tree from here on, and threads are worth waiting for each other


@register("reducer")
class tsne:
    """t-SNE: a map of 1, 2 or 3 dimensions that keeps near neighbours near.

    L. van der Maaten and G. Hinton, Visualizing data using t-SNE, 2008, from exact nearest neighbours, started at the
    first principal components, with a learning rate of n / exaggeration, as D. Kobak and P. Berens recommend (The art
    of using t-SNE for single-cell transcriptomics, 2019). `perplexity` is about the number of neighbours that count; at
    most (n - 1) / 3 is used. Exaggerated by 12 for the first fifth of `n_iter` iterations. Of more than `sample` items
    a sample drawn by `seed` makes the map, and each of the others is placed on it by itself, among its neighbours
    there, both in 50 principal components. Fewer than 10 items, or items that are all equal, get their principal
    components.
    """

    def __init__(
        self,
        n_components: int = 2,
        perplexity: float = 30.0,
        n_iter: int = 500,
        sample: int = 50_000,
        seed: int = 0,
        device: str = "cpu",
        knn: Any = None,
    ) -> None:
        if n_components not in (1, 2, 3):
            raise UsageError(f"n_components={n_components}: t-SNE makes maps of 1, 2 or 3 dimensions\nn_components=2")
        for name, value, least in (("perplexity", perplexity, 1), ("n_iter", n_iter, 1), ("sample", sample, FEWEST)):
            if not value >= least:
                raise UsageError(f"{name}={value}: t-SNE takes {least} or more here")
        self.n_components, self.perplexity, self.n_iter, self.sample = n_components, perplexity, n_iter, sample
        self.seed, self.device, self.knn = seed, device, knn

    def fit_transform(self, X: Floats) -> Floats:
        """X (n, d) float32 to (n, n_components) float32."""
        import numpy as np
        import openTSNE
        import torch
        from openTSNE.affinity import PerplexityBasedNN
        from openTSNE.nearest_neighbors import PrecomputedNeighbors

        from imgret.plugin import ops

        n, r = len(X), self.n_components
        Z = ops.pca(X, COMPONENTS, self.device).Z
        start = np.pad(Z[:, :r], ((0, 0), (0, max(0, r - Z.shape[1]))))
        if n < FEWEST or not start.any():
            return start

        rng = np.random.default_rng(self.seed)
        fitted = np.sort(rng.choice(n, self.sample, replace=False)) if n > self.sample else np.arange(n)
        early, perplexity = self.n_iter // 5, min(self.perplexity, (len(fitted) - 1) / 3)
        layout = openTSNE.TSNE(
            n_components=r,
            perplexity=perplexity,
            early_exaggeration_iter=early,
            n_iter=self.n_iter - early,
            neighbors="exact",
            negative_gradient_method="fft" if len(fitted) > LARGE and r < 3 else "bh",
            n_jobs=1 if len(fitted) <= LARGE else min(8, torch.get_num_threads()),  # changes the time alone
            random_state=self.seed,
        )
        # As small as t-SNE wants it, with a little noise against equal points.
        start = start[fitted] * (1e-4 / start[:, 0].std()) + rng.normal(scale=1e-6, size=(len(fitted), r))
        if n > len(fitted):
            placed = layout.fit(Z[fitted], initialization=start)
        else:
            knn = self.knn or partial(ops.knn, device=self.device)
            distances, rows = knn(X, int(3 * perplexity))
            near = PrecomputedNeighbors(rows, distances.astype(np.float64))
            alike = PerplexityBasedNN(perplexity=perplexity, knn_index=near, n_jobs=layout.n_jobs)
            placed = layout.fit(affinities=alike, initialization=start)
        Y = np.empty((n, r), np.float32)
        rest = np.setdiff1d(np.arange(n), fitted)
        if len(rest):
            Y[rest] = placed.transform(Z[rest])
        Y[fitted] = placed  # last, because placing others may shift the map
        return Y
