"""How well the nearest images share the query's label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import register

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgret.contracts import Ints
    from imgret.ops import Ranking

MOST = 25_000  # queries; the work grows with queries times items


@register("metric")
def retrieval(
    ranking: Ranking,
    truth: Ints,
    group: Ints | None = None,
    junk: NDArray[np.bool_] | None = None,
    plain: Ranking | None = None,
    seed: int = 0,
) -> dict[str, float]:
    """map, p_at_10 and rank_1 of the ranking of all other items, and `queries`, the number that they are means over.

    With a re-ranker these are of the ranking after it, and map_without, p_at_10_without and rank_1_without of the
    same queries in the ranking without it.

    A hit is relevant if it has the query's truth. Where groups are known, items of the query's truth and group are
    left out of its ranking (L. Zheng et al., Scalable person re-identification, 2015: the same person on the same
    camera). Items of unknown truth are distractors: ranked, never relevant, never queries. Junk is neither ranked nor a
    query, as if it were not there. Every item with something relevant to find is a query; above 25,000 a seeded sample
    of them.

    map: the mean over queries of average precision, the mean over relevant items of the precision at their rank. So
    do textbooks, torchreid and most papers; the Matlab code that came with Market-1501 takes in its place the mean of
    the precision at that rank and at the one before (the trapezoid rule), which is never more.
    p_at_10: the share of relevant ones among the first 10, or among all, where fewer are ranked. rank_1: the share of
    queries whose first hit is relevant. Left out where there is no query.
    """
    import numpy as np

    from imgret.ops import ranks

    group = np.full(len(truth), -1) if group is None else group
    junk = np.zeros(len(truth), bool) if junk is None else junk
    truth = np.where(junk, -1, truth)
    ranked = len(truth) - np.count_nonzero(junk)
    by_truth = np.argsort(truth, kind="stable")
    start, end = (np.searchsorted(truth[by_truth], truth, side) for side in ("left", "right"))  # (n,) each
    _, pair, sizes = np.unique(np.stack([truth, group]), axis=1, return_inverse=True, return_counts=True)
    left_out = np.where(group >= 0, sizes[pair.ravel()], 1)  # (n,): of the items of the same truth
    queries = ranking.rows[((truth >= 0) & (end - start > left_out))[ranking.rows]]
    if len(queries) > MOST:
        queries = np.sort(np.random.default_rng(seed).choice(queries, MOST, replace=False))
    if not len(queries):
        return {}

    def figures(ranking: Ranking, suffix: str = "") -> dict[str, float]:
        precision, early, first = [], [], []
        for rows, scores in ranking.of(queries):
            for row, line in zip(rows, scores, strict=True):
                alike = by_truth[start[row] : end[row]]
                own = (alike == row) | ((group[alike] == group[row]) & (group[row] >= 0))
                line[alike[own]] = -np.inf
                line[junk] = -np.inf
                found = np.sort(ranks(line, alike[~own]))  # from 1
                precision.append(np.mean(np.arange(1, len(found) + 1) / found))
                early.append(np.count_nonzero(found <= 10) / min(10, ranked - left_out[row]))
                first.append(found[0] == 1)
        return {
            f"map{suffix}": float(np.mean(precision)),
            f"p_at_10{suffix}": float(np.mean(early)),
            f"rank_1{suffix}": float(np.mean(first)),
        }

    without = figures(plain, "_without") if plain else {}
    return {**figures(ranking), "queries": float(len(queries)), **without}
