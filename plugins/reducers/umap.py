"""UMAP, from exact nearest neighbours."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from imgret import UsageError, register

if TYPE_CHECKING:
    from imgret.plugin import Floats

_ran: set[int] = set()  # the process that UMAP has run in: another than this one where this is a copy of it


@register("reducer")
class umap:
    """UMAP: few dimensions that keep neighbourhoods, in which density-based clusterers find clusters.

    L. McInnes, J. Healy, J. Melville, UMAP: uniform manifold approximation and projection for dimension reduction,
    2018; the layout is umap-learn's. Neighbours are Euclidean and exact: for rows of unit length the same as by
    cosine. `n_neighbors` counts the point itself; more of them keep coarser structure. `min_dist` (0 to 1) is how
    close points may come; 0 makes dense clusters, 0.1 a map that is easier to look at. One thread, so that a seed
    gives the same result. Fewer than n_components + 3 rows, or rows that are all equal, get principal components.
    """

    def __init__(
        self,
        n_components: int = 10,
        n_neighbors: int = 15,
        min_dist: float = 0.0,
        n_epochs: int = 200,
        seed: int = 0,
        device: str = "cpu",
        knn: Any = None,
    ) -> None:
        for name, value, least, typed in (
            ("n_components", n_components, 1, 10),
            ("n_neighbors", n_neighbors, 2, 15),
            ("n_epochs", n_epochs, 1, 200),
        ):
            if value < least:
                raise UsageError(f"{name}={value}: UMAP takes {least} or more here\n{name}={typed}")
        if not 0 <= min_dist <= 1:
            raise UsageError(f"min_dist={min_dist}: UMAP takes 0 to 1 here\nmin_dist=0.1")
        self.n_components, self.n_neighbors, self.min_dist = n_components, n_neighbors, min_dist
        self.n_epochs, self.seed, self.device, self.knn = n_epochs, seed, device, knn

    def fit_transform(self, X: Floats) -> Floats:
        """X (n, d) float32 to (n, n_components) float32."""
        import warnings

        import numpy as np

        from imgret.plugin import ops

        start = ops.pca(X, self.n_components, self.device).Z
        start = np.pad(start, ((0, 0), (0, self.n_components - start.shape[1])))
        if len(X) < self.n_components + 3 or not start.any():
            return start

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there will be no transform, which nobody wants
            from umap import UMAP

            refuse_copy()
            distances, rows = (self.knn or partial(ops.knn, device=self.device))(X, self.n_neighbors - 1)
            distances = np.pad(distances, ((0, 0), (1, 0)))  # the point itself comes first
            rows = np.concatenate([np.arange(len(X))[:, None], rows], axis=1)
            # Principal components to start from, as wide as UMAP makes them, with a little noise against equal points.
            noise = np.random.default_rng(self.seed).normal(scale=1e-4, size=start.shape)
            layout = UMAP(
                n_components=self.n_components,
                n_neighbors=rows.shape[1],
                min_dist=self.min_dist,
                n_epochs=self.n_epochs,
                init=(start * (10 / np.abs(start).max()) + noise).astype(np.float32),
                precomputed_knn=(rows, distances),
                random_state=self.seed,
                n_jobs=1,
            )
            return np.asarray(layout.fit_transform(X), np.float32)


def refuse_copy() -> None:
    """Raises UsageError where numba's threads were left behind by a fork: by GNU's OpenMP it ends such a process."""
    import os

    import numba

    layer = getattr(numba, "threading_layer")  # noqa: B009 - untyped
    if _ran and os.getpid() not in _ran and layer() == "omp":
        raise UsageError(
            "UMAP has run before this process was forked, and its threads do not survive that\n"
            "make the pool before the first run, or use multiprocessing.get_context('spawn')"
        )
    _ran.add(os.getpid())
