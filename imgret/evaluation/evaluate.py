"""Evaluation of both halves of a run: its clusters and its search, each figure with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgret import ops
from imgret.findings.rerank import Reranked
from imgret.ops import intervals
from imgret.ops.contingency import Contingency
from imgret.ops.intervals import Interval
from imgret.ops.relevance import Trial, judge
from imgret.reading import columns
from imgret.reading.outcomes import NO_FAILURE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imgret.contracts import Floats
    from imgret.evaluation.queryset import QuerySet
    from imgret.runs.run import Run

ROUNDING = 1e-9  # of an AMI
AT = (1, 5, 10, 20)  # the k of P@k and the like


class Clusters(NamedTuple):
    """Clusters against labels: figures of the images that have a label, `<figure>_covered` of those in clusters."""

    images: int
    labelled: int
    labels: int
    clusters: int
    noise: int
    figures: Mapping[str, Interval]


class Retrieval(NamedTuple):
    """Figures over queries, which are a set `apart` from the gallery, or the gallery itself.

    Of the images asked, those that are no query are counted by the reason, and files of a set that are none by their
    outcome. `groups`: whether both have them. `reranker`: by which the ranking was re-ranked, if by any.
    """

    asked: int
    queries: int
    left_out: Mapping[str, int]
    gallery: int
    distractors: int
    junk: int
    groups: bool
    apart: bool
    figures: Mapping[str, Interval]
    reranker: str = ""


class Followed(NamedTuple):
    """AMI of the clusters with a column, of `images` in `groups`, and from where to where chance alone takes it."""

    column: str
    images: int
    groups: int
    ami: float
    low: float
    high: float

    @property
    def above(self) -> bool:
        return self.ami > self.high + ROUNDING


def ranking(run: Run, Q: Floats | None = None) -> ops.Ranking:
    """The ranking that is evaluated: of the run's images for each of them, or for queries Q (q, d)."""
    plain = ops.Ranking(run.X, device=run.device, Q=Q)
    return Reranked(run.X, run.retriever, Q=Q) if run.settings["rerank"] else plain


def clusters(run: Run) -> Clusters:
    """Agreement with the labels, noise as one cluster and left out; without labels, coverage alone."""
    known = run.truth >= 0
    rows = known if known.any() else np.ones(len(known), bool)
    table = Contingency.of(run.truth[rows], run.labels[rows])
    noise = 0 if (run.labels[rows] < 0).any() else None  # -1 comes first
    found = intervals.of_table(table, noise, run.seed)
    unclustered = int((run.labels < 0).sum())
    counts = len(run.ids), int(known.sum()), len(np.unique(run.truth[known])), len(run.medoids), unclustered
    return Clusters(*counts, found)


def retrieval(run: Run, asked: QuerySet | None = None) -> Retrieval | None:
    """Search judged by labels: every image of the run among the others, or a set of queries.

    None without a query, and where all images have one label.
    """
    trial = Trial.of_itself(run.truth, run.group, run.collection.junk) if asked is None else asked.trial
    everyone = np.arange(len(trial.own))
    queries = trial.queries(everyone, run.seed)
    if not len(queries) or not run.collection.is_scored:
        return None
    figures = judge(ranking(run, None if asked is None else asked.Q).of(queries), trial, AT)
    nothing = trial.counts()[0] == 0
    labelled = trial.asked.truth >= 0 if asked is None else asked.collection.truth >= 0
    left_out = {
        "junk": int(trial.asked.junk.sum()),
        "without a label": int((~labelled & ~trial.asked.junk).sum()),
        "with nothing to find": int((nothing & labelled & ~trial.asked.junk).sum()),
        "not drawn": int((~nothing).sum()) - len(queries),
    }
    if asked is not None:
        left_out |= {name: count for name, count in asked.collection.outcomes.items() if name not in NO_FAILURE}
    gallery = trial.gallery
    return Retrieval(
        asked=len(everyone),
        queries=len(queries),
        left_out={reason: count for reason, count in left_out.items() if count},
        gallery=int((~gallery.junk).sum()),
        distractors=int(((gallery.truth < 0) & ~gallery.junk).sum()),
        junk=int(gallery.junk.sum()),
        groups=bool((gallery.group >= 0).any() and (trial.asked.group >= 0).any()),
        apart=asked is not None,
        figures=intervals.of_means(figures, run.seed),
        reranker=run.called("rerank") if run.settings["rerank"] else "",
    )


def follows(run: Run) -> list[Followed]:
    """What the clusters follow, the most first: the label, the group, and every column that groups the images."""
    found = []
    for name, codes in {"label": run.truth, "group": run.group, **columns.codes(run.collection)}.items():
        known = codes >= 0
        groups = len(np.unique(codes[known]))
        if groups > 1:
            ami = intervals.by_chance(Contingency.of(codes[known], run.labels[known]), run.seed)
            found.append(Followed(name, int(known.sum()), groups, *ami))
    return sorted(found, key=lambda each: (-each.ami, each.column))
