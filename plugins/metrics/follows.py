"""What the clusters follow: the camera, the day or the colour rather than the subject?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from imgret import register
from imgret.plugin import Figure

if TYPE_CHECKING:
    from imgret.plugin import Ints

TIMES = 200  # that chance is tried


CHANCE = "What 97.5 % of the figures stay below when clusters are dealt out at random."
FIGURES = [
    Figure("ami_*", "AMI with *", "How much the clusters follow this column: 0 by chance, 1 fully.", where=()),
    Figure("chance_ami", "AMI with label, by chance", CHANCE, where=()),
    Figure("chance_ami_*", "AMI with *, by chance", CHANCE, where=()),
]


@register("metric", figures=FIGURES)
def follows(
    labels: Ints, columns: Mapping[str, Ints], group: Ints | None = None, truth: Ints | None = None, seed: int = 0
) -> dict[str, float]:
    """ami_group, and ami_<column> for each column: the adjusted mutual information of the clusters with it.

    0 by chance, 1 where either tells the other (N. X. Vinh et al., 2010). On the items of which something is known;
    noise counts as one cluster. Left out with fewer than two groups.

    chance_ami_<column>, and chance_ami of the truth: what 97.5 % of the figures stay below when the clusters are dealt
    out at random, in 200 permutations by the seed. A figure that is not above it says nothing.
    """
    import numpy as np

    from imgret.plugin import ops

    figures = {}
    for name, codes in {"": truth, "_group": group, **{f"_{name}": codes for name, codes in columns.items()}}.items():
        if codes is None or len(np.unique(codes[codes >= 0])) < 2:
            continue
        known = codes >= 0
        table = ops.Contingency.of(codes[known], labels[known])
        if name:
            figures[f"ami{name}"] = table.figures()["ami"]
        figures[f"chance_ami{name}"] = float(np.quantile(table.ami_by_chance(TIMES, seed), 0.975))
    return figures
