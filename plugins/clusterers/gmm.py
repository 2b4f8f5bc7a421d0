"""A mixture of Gaussians, by scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from imgret import UsageError, register

from ._fit import check, repeatable

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints

MOST = 2e9  # bytes of covariances


@register("clusterer")
class gmm:
    """A mixture of `k` Gaussians by expectation-maximisation; a point belongs to the one most likely to have made it.

    A. Dempster, N. Laird, D. Rubin, Maximum likelihood from incomplete data via the EM algorithm, 1977; it starts from
    the clusters of k-means. `covariance` is `diag` (a variance for each cluster and column), `spherical` (one for each
    cluster), `tied` (one full matrix) or `full`, which has k r^2 numbers to learn and suits few columns, say
    reducer.n_components=20.
    `reg` times the mean variance of a column is added to every variance, so that none vanishes.
    """

    def __init__(
        self,
        k: int = 100,
        covariance: Literal["diag", "spherical", "tied", "full"] = "diag",
        reg: float = 1e-3,
        n_init: int = 1,
        max_iter: int = 100,
        seed: int = 0,
    ) -> None:
        check("gmm", k=k, n_init=n_init, max_iter=max_iter)
        if not 0 < reg < float("inf"):
            raise UsageError(f"clusterer.reg={reg}: a number above 0 is needed\nclusterer.reg=0.001")
        self.k, self.covariance, self.reg = k, covariance, reg
        self.n_init, self.max_iter, self.seed = n_init, max_iter, seed

    def fit_predict(self, X: Floats) -> Ints:
        """Points (n, r) float32 to labels (n,) int64, at most min(k, n) clusters."""
        import numpy as np
        from sklearn.mixture import GaussianMixture

        if len(X) < 2:
            return np.zeros(len(X), np.int64)
        k, r = min(self.k, len(X)), X.shape[1]
        needed = 3 * 8 * k * r * r  # a covariance, its inverse and that one's Cholesky factor
        if self.covariance == "full" and needed > MOST:
            raise UsageError(
                f"clusterer.covariance=full: {k} matrices of {r} x {r}, kept three times, take {needed / 1e9:.1f} GB\n"
                "clusterer.covariance=diag, or fewer columns: reducer.n_components=20"
            )
        points = X.astype(np.float64)
        points /= np.sqrt(points.var(axis=0).mean()) or 1.0  # so that `reg` means the same at every scale
        model = GaussianMixture(
            k,
            covariance_type=self.covariance,
            reg_covar=self.reg,
            n_init=self.n_init,
            max_iter=self.max_iter,
            random_state=self.seed,
        )
        with repeatable():
            return np.asarray(model.fit_predict(points), np.int64)
