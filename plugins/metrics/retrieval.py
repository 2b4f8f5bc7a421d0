"""How well the nearest images share the query's label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import register
from imgret.plugin import Figure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgret.plugin import Ints, ops


FIGURES = [
    Figure("map", "mAP", "If each image is searched for: how near the top its own label's images are. 1: all before "
           "any other.", 1, role="labels"),
    Figure("p_at_10", "P@10", "The share of the ten nearest images that have the same label.", 1, role="labels",
           where=("told",)),
    Figure("rank_1", "rank-1", "How often the very nearest image has the same label.", 1, role="labels",
           where=("told", "table")),
    Figure("queries", "queries", "Images that were searched for to measure mAP, P@10 and rank-1.", 0, ",.0f",
           role="labels", where=()),
]  # fmt: skip


@register("metric", figures=FIGURES)
def retrieval(
    ranking: ops.Ranking,
    truth: Ints,
    group: Ints | None = None,
    junk: NDArray[np.bool_] | None = None,
    plain: ops.Ranking | None = None,
    seed: int = 0,
) -> dict[str, float]:
    """map, p_at_10 and rank_1 of the ranking of all other items, and `queries`, the number that they are means over.

    With a re-ranker these are of the ranking after it, and map_without, p_at_10_without and rank_1_without of the
    same queries in the ranking without it.

    A hit is relevant if it has the query's truth. What is left out of a ranking says `ops.Trial`, what the figures are
    `ops.judge`. Every item with something relevant to find is a query; above 25,000 a seeded sample of them. Left out
    where there is no query.
    """
    from imgret.plugin import ops

    trial = ops.Trial.of_itself(truth, group, junk)
    queries = trial.queries(ranking.rows, seed)
    if not len(queries):
        return {}

    def figures(ranking: ops.Ranking, suffix: str = "") -> dict[str, float]:
        found = ops.judge(ranking.of(queries), trial, [1, 10])
        return {f"{name}{suffix}": float(found[name].mean()) for name in ("map", "p_at_10", "rank_1")}

    without = figures(plain, "_without") if plain else {}
    return {**figures(ranking), "queries": float(len(queries)), **without}
