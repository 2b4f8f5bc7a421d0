"""How well the clusters agree with known labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import register

if TYPE_CHECKING:
    from imgret.plugin import Ints


@register("metric")
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
