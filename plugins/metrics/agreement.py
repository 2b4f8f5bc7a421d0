"""How well the clusters agree with known labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import register
from imgret.plugin import Figure

if TYPE_CHECKING:
    from imgret.plugin import Ints


FIGURES = [
    Figure("nmi", "NMI", "How much clusters and labels tell of each other: 0 nothing, 1 everything.", 1, role="labels"),
    Figure("ami", "AMI", "As NMI, less what chance alone would give: 0 by chance, 1 the same.", 1, role="labels",
           where=()),
    Figure("ari", "ARI", "Of all pairs of images, how well clusters and labels agree on which belong together: 0 by "
           "chance, 1 fully.", 1, role="labels", where=("told", "table")),
    Figure("v_measure", "V-measure", "The mean of homogeneity (one label a cluster) and completeness (one cluster a "
           "label).", 1, role="labels", where=()),
    Figure("purity", "purity", "The share of images that have the commonest label of their cluster. Many small "
           "clusters make it high.", 1, role="labels", where=("told",)),
    Figure("accuracy", "accuracy", "The share of images that are right if each cluster stands for one label, matched "
           "as well as can be.", 1, role="labels", where=()),
]  # fmt: skip


@register("metric", figures=FIGURES)
def agreement(labels: Ints, truth: Ints) -> dict[str, float]:
    """nmi, ami, ari, v_measure, purity and accuracy of the clusters against the truth, on items whose truth is known.

    What they are says `ops.Contingency.figures`.

    Noise counts as one cluster. Where there is some, `nmi_covered` and so on are the same figures on the items in
    clusters. Left out with fewer than two truths.
    """
    from imgret.plugin import ops

    known = truth >= 0
    table = ops.Contingency.of(truth[known], labels[known])
    figures = table.figures()
    if (labels[known] < 0).any():
        covered = ops.Contingency.of(*(codes[known & (labels >= 0)] for codes in (truth, labels)))
        figures |= {f"{name}_covered": value for name, value in covered.figures().items()}
    return figures
