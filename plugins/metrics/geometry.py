"""How tight the clusters are and how far apart, without any truth."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from imgret import register
from imgret.plugin import Figure

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints

MOST = 10_000  # items; the silhouette compares all pairs
MEGABYTES = 64  # of distances at a time


FIGURES = [
    Figure("silhouette", "silhouette", "How much nearer an image is to its own cluster than to the next: -1 to 1, "
           "higher is better.", 1, role="alone"),
    Figure("davies_bouldin", "Davies-Bouldin", "How wide clusters are against their distance: lower is better.", -1,
           role="alone", where=("table",)),
    Figure("calinski_harabasz", "Calinski-Harabasz", "Variance between clusters against that within: higher is better.",
           1, ",.1f", role="alone", where=()),
]  # fmt: skip


@register("metric", figures=FIGURES)
def geometry(X: Floats, labels: Ints, seed: int = 0) -> dict[str, float]:
    """silhouette, davies_bouldin and calinski_harabasz of the items in clusters, by Euclidean distance in X.

    On rows of unit length that distance orders pairs as the cosine does. Noise is left out. Above 10,000 items the
    silhouette is that of a seeded sample. Left out with fewer than two clusters, or where each has one member.

    P. J. Rousseeuw, Silhouettes, 1987; D. L. Davies and D. W. Bouldin, A cluster separation measure, 1979;
    T. Calinski and J. Harabasz, A dendrite method for cluster analysis, 1974.
    """
    import numpy as np
    from sklearn import config_context
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

    def comparable(rows: Ints) -> bool:
        return 2 <= len(np.unique(labels[rows])) < len(rows)

    kept = np.flatnonzero(labels >= 0)
    if not comparable(kept):
        return {}
    points, clusters = (X, labels) if len(kept) == len(X) else (X[kept], labels[kept])
    figures = {
        "davies_bouldin": float(davies_bouldin_score(points, clusters)),
        "calinski_harabasz": float(calinski_harabasz_score(points, clusters)),
    }
    if len(kept) > MOST:
        kept = np.sort(np.random.default_rng(seed).choice(kept, MOST, replace=False))
    if comparable(kept):
        with config_context(working_memory=MEGABYTES):
            figures["silhouette"] = float(silhouette_score(X[kept], labels[kept]))
    return {name: value for name, value in figures.items() if isfinite(value)}
