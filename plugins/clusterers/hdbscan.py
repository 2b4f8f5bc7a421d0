"""HDBSCAN, by the package of that name."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Literal

from imgret import UsageError, register

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints


@register("clusterer")
class hdbscan:
    """HDBSCAN: clusters of any density, as stable as can be over all scales, and noise (-1).

    R. Campello, D. Moulavi, J. Sander, Density-based clustering based on hierarchical density estimates, 2013.
    A group of fewer than `min_cluster_size` items is noise; null makes it half the square root of n, at least 3 (31
    of 3,800 items, 224 of 200,000), because what a person can look at grows more slowly than a collection.
    `min_samples`: density is measured with so many neighbours; null makes it 10, or min_cluster_size if that is less.
    `cluster_selection_method` is `eom`, or `leaf` for many small clusters.

    A cluster of more than `max_share` of the items is taken apart, unless that leaves most items as noise: excess of
    mass likes to see one group that lies far off, and all the rest as another. `max_share=1` turns this off.
    Learned: `min_cluster_size_` and `min_samples_`, which were used.
    """

    def __init__(
        self,
        min_cluster_size: int | None = None,
        min_samples: int | None = None,
        max_share: float = 0.5,
        cluster_selection_method: Literal["eom", "leaf"] = "eom",
        cluster_selection_epsilon: float = 0.0,
    ) -> None:
        for name, value, least, typed in (
            ("min_cluster_size", min_cluster_size, 2, 15),
            ("min_samples", min_samples, 1, 10),
            ("cluster_selection_epsilon", cluster_selection_epsilon, 0, 0),
        ):
            if value is not None and value < least:
                raise UsageError(f"clusterer.{name}={value}: {least} or more is needed\nclusterer.{name}={typed}")
        if not 0 < max_share <= 1:
            raise UsageError(f"clusterer.max_share={max_share}: a share above 0, up to 1\nclusterer.max_share=0.5")
        self.min_cluster_size, self.min_samples, self.max_share = min_cluster_size, min_samples, max_share
        self.cluster_selection_method = cluster_selection_method
        self.cluster_selection_epsilon = cluster_selection_epsilon

    def fit_predict(self, X: Floats) -> Ints:
        """Points (n, r) float32 to labels (n,) int64, -1 for noise."""
        import numpy as np

        n = len(X)
        self.min_cluster_size_ = self.min_cluster_size or max(3, round(sqrt(n) / 2))
        self.min_samples_ = self.min_samples or min(10, self.min_cluster_size_)
        if n < self.min_cluster_size_ or n <= self.min_samples_:
            return np.full(n, -1, np.int64)
        labels = self._fit_predict(X)
        largest = np.bincount(labels + 1)[1:].max(initial=0)
        if largest > self.max_share * n:
            parts = self._fit_predict(X, int(self.max_share * n))
            if 2 * np.count_nonzero(parts == -1) <= n:
                return parts
        return labels

    def _fit_predict(self, X: Floats, max_cluster_size: int = 0) -> Ints:
        import warnings

        import numpy as np

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package's, about how it uses other libraries
            from hdbscan import HDBSCAN

            model = HDBSCAN(  # takes no neighbours: what it joins may lie farther apart than any number of them
                min_cluster_size=self.min_cluster_size_,
                min_samples=self.min_samples_,
                max_cluster_size=max_cluster_size,  # 0: any
                cluster_selection_method=self.cluster_selection_method,
                cluster_selection_epsilon=float(self.cluster_selection_epsilon),
                core_dist_n_jobs=1,
            )
            return np.asarray(model.fit_predict(X.astype(np.float64)), np.int64)
