"""k-means from small samples, by scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import register

from ._fit import check, repeatable

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints


@register("clusterer")
class minibatch_kmeans:
    """Mini-batch k-means: centroids follow samples of `batch_size` points instead of all, for very large collections.

    D. Sculley, Web-scale k-means clustering, 2010. Of `n_init` starts the one that is best on a sample is kept; it ends
    after `max_iter` passes over the points, or as soon as ten samples bring nothing. Inertia is a percent or two above
    that of `kmeans`. Memory grows with the points and `batch_size` times `k`.
    """

    def __init__(
        self, k: int = 100, batch_size: int = 2048, n_init: int = 3, max_iter: int = 100, seed: int = 0
    ) -> None:
        check("minibatch_kmeans", k=k, batch_size=batch_size, n_init=n_init, max_iter=max_iter)
        self.k, self.batch_size, self.n_init, self.max_iter, self.seed = k, batch_size, n_init, max_iter, seed

    def fit_predict(self, X: Floats) -> Ints:
        """Points (n, r) float32 to labels (n,) int64, fewer than `k` where there are fewer distinct points."""
        import numpy as np
        from sklearn.cluster import MiniBatchKMeans

        model = MiniBatchKMeans(
            min(self.k, len(X)),
            batch_size=self.batch_size,
            n_init=self.n_init,
            max_iter=self.max_iter,
            random_state=self.seed,
        )
        with repeatable():
            return np.asarray(model.fit_predict(X), np.int64)
