"""Two runs side by side: why they differ, how far their clusters agree, and whether the figures changed by chance."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgret.evaluation.evaluate import ranking
from imgret.evaluation.why import Why
from imgret.ops import intervals
from imgret.ops.contingency import Contingency
from imgret.ops.relevance import Trial, judge
from imgret.registry import figures
from imgret.runs.previous import compare

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.contracts import Ints
    from imgret.findings.info import Since
    from imgret.ops.intervals import Interval
    from imgret.runs.differences import Change
    from imgret.runs.run import Run

    Floats64 = NDArray[np.float64]

QUICK = ("nmi", "ari")  # of a Contingency: what halves are drawn for, which the others take too long for
A_FEW = 0.05  # of the images of a cluster, that are no part of it worth a word


class Split(NamedTuple):
    """A cluster whose images, `size` of those that both runs have, are in several clusters of the other run.

    `parts` are these clusters, -1 for noise, and how many of the images each has, the most first.
    """

    cluster: int
    size: int
    parts: list[tuple[int, int]]

    @property
    def away(self) -> int:
        """Images that are not with most of the cluster."""
        return self.size - self.parts[0][1]


class Comparison:
    """The run `second` beside the run `first`, over the b images, by content, that both have."""

    def __init__(self, first: Run, second: Run) -> None:
        self.first, self.second = first, second
        row = {id: place for place, id in enumerate(second.ids)}
        pairs = [(place, row[id]) for place, id in enumerate(first.ids) if id in row]
        self.rows = np.array(pairs, np.int64).reshape(-1, 2)  # (b, 2)

    @cached_property
    def labels(self) -> tuple[Ints, Ints]:
        """The clusters (b,) of the images of both, by either run; -1 is noise."""
        return self.first.labels[self.rows[:, 0]], self.second.labels[self.rows[:, 1]]

    @cached_property
    def since(self) -> Since:
        """What moved, came and went: the first run as the earlier one."""
        before, after = self.first, self.second
        return compare(before.folder.name, after.ids, after.labels, before.ids, before.labels)

    @property
    def edited(self) -> int:
        """How many paths stand for another image in the second run."""
        return len(self.reasons.kinds.get("content", ()))

    @cached_property
    def agreement(self) -> dict[str, float]:
        """ARI and AMI of the two clusterings of the images of both, noise as one cluster; nothing without images."""
        if not len(self.rows):
            return {}
        if len(np.unique(self.labels[0])) < 2:  # a partition into one agrees with another such, and with no other
            return dict.fromkeys(("ari", "ami"), float(len(np.unique(self.labels[1])) < 2))
        table = Contingency.of(*self.labels)
        return {"ari": table.ari, "ami": table.ami}

    @property
    def noise(self) -> tuple[int, int]:
        """How many images of both became noise, and how many were."""
        before, after = self.labels
        return int(((before >= 0) & (after < 0)).sum()), int(((before < 0) & (after >= 0)).sum())

    def splits(self, most: int, joins: bool = False) -> list[Split]:
        """The clusters of the first run that are most taken apart in the second; or that the second has joined."""
        these, those = self.labels[::-1] if joins else self.labels
        found = []
        for cluster in np.unique(these[these >= 0]).tolist():
            others, counts = np.unique(those[these == cluster], return_counts=True)
            order = np.lexsort((others, -counts))
            parts = [(int(others[place]), int(counts[place])) for place in order]
            found.append(Split(cluster, int(counts.sum()), parts))
        found = [split for split in found if split.away > A_FEW * split.size]
        return sorted(found, key=lambda split: (-split.away, split.cluster))[:most]

    @cached_property
    def disagreement(self) -> Floats64:
        """For each image (b,) how little the two clusters that it is in have in common: 0 all, 1 but the image.

        1 - |A and B| / |A or B|, the Jaccard distance, by which C. Hennig, Cluster-wise assessment of cluster
        stability, 2007, compares clusters; over the images of both runs. An image that is noise is in a cluster of
        its own.
        """
        before, after = (_own(labels) for labels in self.labels)
        cell = _codes(before * (after.max(initial=0) + 1) + after)
        together = np.bincount(cell)[cell]
        either = np.bincount(before)[before] + np.bincount(after)[after] - together
        return np.asarray(1 - together / either, np.float64)

    @cached_property
    def figures(self) -> dict[str, Interval]:
        """How much larger figures of the second run are, each with a 95 % interval; nothing without labels.

        Of runs of the same labelled images alone: else the figures are of other questions. For search the difference
        of each query is resampled, for clusters the same halves of the images are drawn for both runs.
        """
        a, b = self.first, self.second
        if a.ids != b.ids or "labels" in self.reasons.kinds or len(np.unique(a.truth[a.truth >= 0])) < 2:
            return {}
        found = _halves(a.truth, a.labels, b.labels, a.seed)
        if (a.group != b.group).any() or (a.collection.junk != b.collection.junk).any():  # another protocol
            return found
        trial = Trial.of_itself(a.truth, a.group, a.collection.junk)
        queries = trial.queries(np.arange(len(a.truth)), a.seed)
        if not len(queries):
            return found
        one, other = (judge(ranking(run).of(queries), trial, (1, 10)) for run in (a, b))
        judged = [each.name for each in figures().among(one, "labels", where="told")]
        return found | intervals.of_means({name: other[name] - one[name] for name in judged}, a.seed)

    @cached_property
    def reasons(self) -> Why:
        return Why(self.first, self.second, self.rows)

    def why(self) -> dict[str, list[Change]]:
        """What differs and a figure may come of, by kind: settings, versions, features, engine, files, labels, ..."""
        return self.reasons.told


def _own(labels: Ints) -> Ints:
    """The labels from 0, with each image of noise in a cluster of its own."""
    found = labels.copy()
    noise = np.flatnonzero(labels < 0)
    found[noise] = labels.max(initial=-1) + 1 + np.arange(len(noise))
    return found


def _codes(values: Ints) -> Ints:
    codes: Ints = np.unique(values, return_inverse=True)[1]
    return codes


def _halves(truth: Ints, before: Ints, after: Ints, seed: int) -> dict[str, Interval]:
    """The differences in agreement with the truth, with the interval of `intervals.of_table`."""
    known = np.flatnonzero(truth >= 0)

    def differences(rows: Ints) -> Floats64:
        if len(np.unique(truth[rows])) < 2:
            return np.full(len(QUICK), np.nan)
        one, other = (Contingency.of(truth[rows], labels[rows]) for labels in (before, after))
        return np.array([getattr(other, name) - getattr(one, name) for name in QUICK])

    value, random = differences(known), np.random.default_rng(seed)
    drawn = [differences(random.choice(known, len(known) // 2, replace=False)) for _ in range(intervals.HALVES)]
    spread = np.array(drawn) - np.mean(drawn, axis=0)
    low, high = np.quantile(spread, [0.025, 0.975], axis=0) + value
    rows = zip(QUICK, value.tolist(), low.tolist(), high.tolist(), strict=True)
    return {name: intervals.Interval(*row) for name, *row in rows if np.isfinite(row).all()}
