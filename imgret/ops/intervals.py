"""Intervals of figures: what they could as well have been, were other images of the same kind drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgret.ops.ranking import BLOCK, blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.ops.contingency import Contingency

    Floats64 = NDArray[np.float64]

LEVEL = 0.95
RESAMPLES = 2000  # of queries
HALVES = 500  # of the images of a table
DEALT = 1000  # times that clusters are dealt out at random


class Interval(NamedTuple):
    """A figure, and from where to where 95 % of what it is compared with lies."""

    value: float
    low: float
    high: float


def of_means(values: Mapping[str, Floats64], seed: int) -> dict[str, Interval]:
    """The means of figures (q,) by name over the same queries, with the percentile bootstrap over queries.

    2,000 times q of the q queries are drawn with replacement (B. Efron, 1979): so far would the mean over other
    queries of the same kind, put to the same gallery, lie from this one. Figures are drawn together, by the seed.
    """
    if not values:
        return {}
    table = np.stack(list(values.values()), axis=1)  # (q, figures)
    queries, random, means = len(table), np.random.default_rng(seed), np.empty((RESAMPLES, table.shape[1]))
    for part in blocks(RESAMPLES, BLOCK // (8 * queries)):
        drawn = random.integers(queries, size=(part.stop - part.start, queries))
        times = np.stack([np.bincount(line, minlength=queries) for line in drawn])  # (resamples, q)
        means[part] = times @ table / queries
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return _named(values, table.mean(axis=0), low, high)


def of_table(table: Contingency, noise: int | None, seed: int) -> dict[str, Interval]:
    """Agreement of the columns with the rows, of a column `noise` too; of the rest as `<figure>_covered`; and coverage.

    The usual bootstrap draws images more than once, and two copies of one image are always together in both
    partitions: it counts them as pairs that agree, and moves ARI, NMI and AMI up. So 500 times half of the images are
    drawn, none twice. The variance of a mean over such a half is that of one over all images of a draw from the whole
    kind (the delete-half jackknife: J. Shao and C. F. J. Wu, A general theory for jackknife variance estimation, 1989;
    D. N. Politis and J. P. Romano, Large sample confidence regions based on subsamples, 1994), so no factor is needed.
    Of few images NMI and purity are larger than of many: the halves are moved by the difference of their mean from the
    figure, and cut off at 1. Only what all halves define has an interval; others are left out.
    """
    found = _agreement(table, noise)
    random = np.random.default_rng(seed)
    halves = [_agreement(table.drawn(table.n // 2, random), noise) for _ in range(HALVES)] if table.n > 3 else []
    intervals = {}
    for name, value in found.items():
        drawn = np.array([half.get(name, np.nan) for half in halves])
        if len(drawn) and np.isfinite(drawn).all():
            low, high = np.quantile(drawn - drawn.mean(), [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) + value
            intervals[name] = Interval(value, float(min(low, value)), float(max(value, min(high, 1.0))))
    return intervals


def by_chance(table: Contingency, seed: int) -> Interval:
    """AMI of rows and columns, and where 95 % of it lies when the items are dealt out at random, 1,000 times."""
    low, high = np.quantile(table.ami_by_chance(DEALT, seed), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(table.figures()["ami"], float(low), float(high))


def _agreement(table: Contingency, noise: int | None) -> dict[str, float]:
    if noise is None:
        return {"coverage": 1.0, **table.figures()}
    covered = table.without(noise)
    figures = {"coverage": covered.n / table.n, **table.figures()}
    return figures | {f"{name}_covered": value for name, value in covered.figures().items()}


def _named(names: Mapping[str, object], *columns: Floats64) -> dict[str, Interval]:
    return {name: Interval(*map(float, line)) for name, *line in zip(names, *columns, strict=True)}
