"""Agglomerative clustering, by scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from imgret import UsageError, register

from ._fit import check, repeatable

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints

WHOLE = 10_000  # points, up to which Ward's linkage looks at all pairs
MOST = 30_000  # points, up to which the others do: 3.6 GB of distances, held twice
NEAREST = 10


@register("clusterer")
class agglomerative:
    """Agglomerative clustering: every point is a cluster, and the two nearest are joined until there are `k`.

    `linkage` says what is near: `ward` (the join that adds least to the squared distances from the centroids; J. H.
    Ward, 1963), `average`, `complete` or `single` (the mean, largest, smallest distance between their points).
    There is no chance in it. All pairs have n (n - 1) / 2 distances of 8 bytes, which are held twice: 2.1 GB each time
    for 22,914 points. So above 10,000 points `ward` joins only clusters that touch in the graph of the 10 nearest
    neighbours, whose memory grows with n; `n_neighbors` asks for that graph, or a wider one, at any number of points.
    The other linkages find one huge cluster in such a graph, so they look at all pairs, and take 30,000 points at most.
    """

    def __init__(
        self,
        k: int = 100,
        linkage: Literal["ward", "average", "complete", "single"] = "ward",
        n_neighbors: int | None = None,
        device: str = "cpu",
        knn: Any = None,
    ) -> None:
        check("agglomerative", k=k, n_neighbors=n_neighbors)
        if n_neighbors and linkage != "ward":
            raise UsageError(
                f"clusterer.n_neighbors={n_neighbors}: linkage={linkage} looks at all pairs\n"
                "leave n_neighbors out, or type clusterer.linkage=ward"
            )
        self.k, self.linkage, self.n_neighbors = k, linkage, n_neighbors
        self.device, self.knn = device, knn

    def fit_predict(self, X: Floats) -> Ints:
        """Points (n, r) float32 to labels (n,) int64, 0 .. min(k, n) - 1."""
        import numpy as np
        from sklearn.cluster import AgglomerativeClustering

        from ._graph import neighbours

        n = len(X)
        if n <= self.k:
            return np.arange(n)
        if self.k == 1:
            return np.zeros(n, np.int64)
        if self.linkage != "ward" and n > MOST:
            raise UsageError(
                f"clusterer.linkage={self.linkage}: {n:,} points have {n * (n - 1) // 2:,} distances, "
                f"{4e-9 * n * (n - 1):.1f} GB, held twice; it takes {MOST:,} points\n"
                f"clusterer.linkage=ward, or limit={MOST}"
            )
        width = self.n_neighbors or (NEAREST if self.linkage == "ward" and n > WHOLE else 0)
        graph = neighbours(X, width, self.device, self.knn) if width else None
        with repeatable():
            model = AgglomerativeClustering(self.k, linkage=self.linkage, connectivity=graph)
            return np.asarray(model.fit_predict(X), np.int64)
