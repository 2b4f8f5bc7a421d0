"""Which number of clusters the evidence speaks for, how far, and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgret.clusters.evidence import CRITERIA, Evidence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats64 = NDArray[np.float64]

MOST_OF = 3  # of the four criteria, that have to agree
FLAT = 2  # times its lower end is what the range of k may reach up to
HARDLY = 0.01  # of the adjusted mutual information: as good as none
STABLE = 0.5  # the least of a score of stability that speaks of clusters: half way from no structure to no change
NAMES = {name: name.replace("_", "-").title() if "_" in name else name for name in CRITERIA}


class Vote(NamedTuple):
    """The k that is best, and the least and the largest that are within one standard error of it."""

    k: int
    least: int
    most: int

    def __str__(self) -> str:
        return f"{self.k}" if self.least == self.most else f"{self.k} ({self.least}-{self.most})"


class Advice(NamedTuple):
    """The k that is recommended, what each criterion says, and why the evidence is weak, where it is.

    `table` has a row a k: `k`, `support`, and by criterion the figure, that of no structure, the score, its error.
    `points` were looked at, in so many `clusterings`.
    """

    vote: Vote
    votes: dict[str, Vote]
    weak: list[str]
    table: list[dict[str, float | None]]
    points: int
    clusterings: int

    def __str__(self) -> str:
        return f"k={self.vote}: {self.criteria}" + (f"; {self.weakness}" if self.weak else "")

    @property
    def criteria(self) -> str:
        first, *rest = (f"{NAMES[name]} {vote}" for name, vote in self.votes.items())
        return ", ".join([first.replace(" ", " says ", 1), *rest])

    @property
    def weakness(self) -> str:
        return f"the evidence is weak: {'; '.join(self.weak)}" if self.weak else ""

    @property
    def said(self) -> list[str]:
        """The criteria, and the weakness where there is one, a line each."""
        return [self.criteria, *filter(None, [self.weakness])]

    @property
    def cost(self) -> str:
        """What was done for it."""
        tried = f"{len(self.table)} numbers from {self.table[0]['k']} to {self.table[-1]['k']}"
        return f"{tried}, {self.clusterings:,} clusterings of halves of {self.points:,} images"

    def plain(self) -> dict[str, Any]:
        """As run.json has it."""
        votes = {name: vote._asdict() for name, vote in self.votes.items()}
        return {**self._asdict(), "vote": self.vote._asdict(), "votes": votes}


def weigh(evidence: Evidence) -> Advice:
    """The k with the most support, which is the mean over the criteria of a score's share of the criterion's best.

    The score of a criterion is how much of what is missing to perfection it misses less than no structure does:
    1 - missing / missing of no structure, where a silhouette s misses 1 - s, a stability likewise, Davies-Bouldin its
    own figure, and Calinski-Harabasz one over its figure. 0 is no structure, 1 perfection, for any k. A range holds
    every k whose score, half by half, is at most one standard error from the best. Of equals the largest k counts: two
    clusters are found as surely where they are taken for one.

    Weak is what fewer than three criteria have in their ranges (or a step beside), whose range is wider than a factor
    of two, whose stability is less than half way from no structure to no change, or which is the last k of all.
    """
    ks = evidence.ks
    scores = {name: score(name, evidence.figures[name], evidence.nothing[name]) for name in CRITERIA}  # (c, h)
    votes = {name: _vote(ks, scores[name]) for name in CRITERIA}
    support = np.mean([_shares(scores[name]) for name in CRITERIA], axis=0)  # (c, h)
    vote = _vote(ks, support)
    table: list[dict[str, float | None]] = []
    for place, k in enumerate(ks):
        row: dict[str, float | None] = {"k": k, "support": _number(support[place].mean())}
        for name in CRITERIA:
            row[name] = _number(evidence.figures[name][place].mean())
            row[f"{name}_of_nothing"] = _number(evidence.nothing[name][place])
            row[f"{name}_score"] = _number(scores[name][place].mean())
            row[f"{name}_error"] = _number(_error(scores[name][place]))
        table.append(row)
    weak = _weak(ks, vote, votes, table[ks.index(vote.k)])
    return Advice(vote, votes, weak, table, evidence.points, evidence.clusterings)


def score(name: str, figures: Floats64, nothing: Floats64) -> Floats64:
    """Figures (c, h) of a criterion against those (c,) of no structure: see `weigh`.

    Undefined figures score 0, and 1 is what misses hardly anything, whether no structure misses something or not: two
    groups far apart have an axis along which points without structure are cut alike as well.
    """

    def missing(values: Floats64) -> Floats64:
        if name == "davies_bouldin":
            return values
        return 1 / values if name == "calinski_harabasz" else 1 - values

    with np.errstate(all="ignore"):
        found: Floats64 = 1 - missing(figures) / missing(nothing)[:, None]
    if name == "stability":
        found = np.where(missing(figures) <= HARDLY, 1.0, found)
    return np.where(np.isfinite(found), found, 0.0)


def _shares(scores: Floats64) -> Floats64:
    """Scores (c, h) as shares of the best mean; nothing where no mean is above no structure's."""
    best = scores.mean(axis=1).max()
    return np.maximum(0, scores) / best if best > 0 else np.zeros_like(scores)


def _vote(ks: Sequence[int], scores: Floats64) -> Vote:
    means = scores.mean(axis=1)
    best = int(np.flatnonzero(means >= means.max() - 1e-9)[-1])
    behind = scores[best] - scores  # (c, h)
    near = [k for k, each in zip(ks, behind, strict=True) if each.mean() <= _error(each) + 1e-9]
    return Vote(ks[best], min(near), max(near))


def _error(values: Floats64) -> float:
    """The standard error of what halves have (h,): their standard deviation (see evidence.gather)."""
    return float(values.std(ddof=1))


def _number(value: float) -> float | None:
    return float(f"{value:.6g}") if np.isfinite(value) else None


def _weak(ks: Sequence[int], vote: Vote, votes: Mapping[str, Vote], row: Mapping[str, float | None]) -> list[str]:
    place, reasons = ks.index(vote.k), []
    below, above = ks[max(0, place - 1)], ks[min(len(ks) - 1, place + 1)]
    agree = [name for name, each in votes.items() if each.least <= above and each.most >= below]
    if len(agree) < MOST_OF:
        reasons.append(f"{len(agree)} of {len(votes)} criteria agree with it")
    if vote.most > FLAT * vote.least:
        reasons.append(f"from {vote.least} to {vote.most} all is about as good")
    if (row["stability_score"] or 0) < STABLE:
        figures = f"AMI {row['stability'] or 0:.2f} and {row['stability_of_nothing'] or 0:.2f}"
        reasons.append(
            f"halves of the images are clustered little more alike than points without structure ({figures})"
        )
    if vote.k == ks[-1]:
        reasons.append(f"{vote.k} is the most that was looked at")
    return reasons
