"""How many clusters there are, and how large."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import register
from imgret.plugin import Figure

if TYPE_CHECKING:
    from imgret.plugin import Ints


FIGURES = [  # beside n_clusters and noise_share, which every run has
    Figure("largest_share", "largest", "The share of images that are in the largest cluster.", 0, ".0%", "size", ()),
    Figure(
        "median_size", "median size", "Half of the clusters are smaller than this many images.", 0, ",g", "size", ()
    ),
]


@register("metric", figures=FIGURES)
def sizes(labels: Ints) -> dict[str, float]:
    """n_clusters; noise_share and largest_share, of all items; median_size, in items. Noise is no cluster."""
    import numpy as np

    members = np.unique(labels[labels >= 0], return_counts=True)[1]
    figures = {"n_clusters": float(len(members)), "noise_share": float(np.mean(labels < 0))}
    if len(members):
        figures |= {"largest_share": members.max() / len(labels), "median_size": float(np.median(members))}
    return figures
