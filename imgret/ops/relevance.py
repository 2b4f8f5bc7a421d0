"""How well rankings put what is relevant first: who queries, what is left out, and figures of each query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgret.ops.ranking import ranks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.contracts import Floats, Ints

    Floats64 = NDArray[np.float64]

MOST = 25_000  # queries; the work grows with queries times items


class Known(NamedTuple):
    """What is known of images (n,): codes of truth and group, -1 for unknown, and whether an image is junk."""

    truth: Ints
    group: Ints
    junk: NDArray[np.bool_]


class Trial(NamedTuple):
    """Queries (q,) to be answered from a gallery (n,), in one code of truths and one of groups.

    `own` (q,) is the row of the gallery that is the query itself, -1 for none: it is left out of its ranking. So are
    the images of the query's truth and group where the group is known (L. Zheng et al., Scalable person
    re-identification, 2015: the same person on the same camera), and junk, which is no query either. Images of
    unknown truth are distractors: ranked, never relevant, never queries.
    """

    asked: Known
    gallery: Known
    own: Ints

    @classmethod
    def of_itself(cls, truth: Ints, group: Ints | None = None, junk: NDArray[np.bool_] | None = None) -> Trial:
        """Every image of a collection (n,) is searched for among the others."""
        group = np.full(len(truth), -1) if group is None else group
        known = Known(truth, group, np.zeros(len(truth), bool) if junk is None else junk)
        return cls(known, known, np.arange(len(truth)))

    def counts(self) -> tuple[Ints, Ints]:
        """For each query how many images are relevant (q,), which is 0 for what is no query, and ranked (q,)."""
        asked, gallery = self.asked, self.gallery
        truth = np.where(gallery.junk, -1, gallery.truth)
        scale = 1 + max(gallery.group.max(initial=0), asked.group.max(initial=0))

        def pairs(truth: Ints, group: Ints) -> Ints:
            return np.where((truth >= 0) & (group >= 0), truth * scale + group, -1)

        pair, own = pairs(asked.truth, asked.group), np.maximum(self.own, 0)
        left_out = _occurrences(pairs(truth, gallery.group), pair)
        itself = (self.own >= 0) & ~gallery.junk[own]  # unless it is left out with its group
        itself &= (pair < 0) | (pairs(truth, gallery.group)[own] != pair)
        relevant = _occurrences(truth, asked.truth) - left_out - (itself & (truth[own] == asked.truth))
        relevant[(asked.truth < 0) | asked.junk] = 0
        return relevant, len(truth) - np.count_nonzero(gallery.junk) - left_out - itself

    def queries(self, places: Ints, seed: int = 0) -> Ints:
        """Those of the places with something relevant to find, ascending; above 25,000 a seeded sample of them."""
        found = np.sort(places[self.counts()[0][places] > 0])
        if len(found) > MOST:
            found = np.sort(np.random.default_rng(seed).choice(found, MOST, replace=False))
        return found


def _occurrences(among: Ints, codes: Ints) -> Ints:
    """How often each of some codes (q,) occurs among others (n,); 0 for -1."""
    ordered = np.sort(among)
    start, end = (np.searchsorted(ordered, codes, side) for side in ("left", "right"))
    return np.where(codes >= 0, end - start, 0)


def judge(ranking: Iterable[tuple[Ints, Floats]], trial: Trial, at: Sequence[int]) -> dict[str, Floats64]:
    """Figures (q,) by name of the queries of a ranking, in its order: each has something relevant to find.

    The ranking yields places of queries (b,) and their scores (b, n) of the gallery, higher is better, which are
    written to; equal scores: lower row first. k is each of `at`.

    map: average precision, the mean over relevant images of the precision at their rank. So do textbooks, torchreid
    and most papers; the Matlab code that came with Market-1501 takes in its place the mean of the precision at that
    rank and at the one before (the trapezoid rule), which is never more. map_at_<k>: the same of the first k, with
    min(k, relevant) in the place of the relevant (T. Weyand et al., Google Landmarks Dataset v2, 2020; trec_eval's
    map_cut divides by all relevant). p_at_<k>: the share of relevant ones among the first k, or among all, where fewer
    are ranked. recall_at_<k>: the share of the relevant that is among the first k; not Recall@K of metric learning,
    which is rank_<k>. r_precision: the share of relevant ones among the first r of r relevant. rank_<k>: 1 where one
    of the first k is relevant, else 0 (the cumulative match characteristic, CMC).
    """
    truth = np.where(trial.gallery.junk, -1, trial.gallery.truth)
    by_truth, junk = np.argsort(truth, kind="stable"), np.flatnonzero(trial.gallery.junk)
    start, end = (np.searchsorted(truth[by_truth], trial.asked.truth, side) for side in ("left", "right"))  # (q,) each
    relevant, ranked = trial.counts()
    parts: list[dict[str, Floats64]] = []
    for places, scores in ranking:
        found = []
        for place, line in zip(places, scores, strict=True):
            alike, own, group = by_truth[start[place] : end[place]], trial.own[place], trial.asked.group[place]
            out = (alike == own) | ((trial.gallery.group[alike] == group) & (group >= 0))
            line[alike[out]] = -np.inf
            line[junk] = -np.inf
            if own >= 0:
                line[own] = -np.inf
            found.append(np.sort(ranks(line, alike[~out])))  # from 1
        if len(places):
            parts.append(_figures(found, relevant[places], ranked[places], at))
    return {name: np.concatenate([part[name] for part in parts]) for name in (parts[0] if parts else ())}


def _figures(found: Sequence[Ints], relevant: Ints, ranked: Ints, at: Sequence[int]) -> dict[str, Floats64]:
    """Of the ranks of what is relevant, ascending, of each of some queries (b,)."""
    query = np.repeat(np.arange(len(found)), relevant)  # (r,) for all that is relevant to any
    rank = np.concatenate(found)
    first = rank[np.cumsum(relevant) - relevant]
    precision = np.concatenate([np.arange(1, count + 1) for count in relevant]) / rank

    def total(of: NDArray[Any]) -> Floats64:  # (b,)
        return np.bincount(query, of.astype(np.float64), len(found)).astype(np.float64)

    figures = {"map": total(precision) / relevant, "r_precision": total(rank <= relevant[query]) / relevant}
    for k in at:
        within = rank <= k
        figures[f"map_at_{k}"] = total(precision * within) / np.minimum(k, relevant)
        figures[f"p_at_{k}"] = total(within) / np.minimum(k, ranked)
        figures[f"recall_at_{k}"] = total(within) / relevant
        figures[f"rank_{k}"] = (first <= k).astype(np.float64)
    return figures
