"""Two partitions of the same items, as the table of how many items each pair of their parts shares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.contracts import Ints

    Floats64 = NDArray[np.float64]

NOTHING = 1e-9  # nats: above what rounding makes of equal figures, below what one pair among millions makes
DENSE = 8  # cells an item, up to which a table is quicker counted whole


@dataclass(frozen=True)
class Contingency:
    """The cells that are not empty (m,): rows, columns, and how many items there are in them, at least one."""

    rows: Ints
    columns: Ints
    counts: Ints

    @classmethod
    def of(cls, rows: Ints, columns: Ints) -> Contingency:
        """From the codes (n,) of two partitions, any whole numbers: each is one part of its partition."""
        names, place = np.unique(columns, return_inverse=True)
        cells, counts = np.unique(np.unique(rows, return_inverse=True)[1] * len(names) + place, return_counts=True)
        return cls(*np.divmod(cells, max(1, len(names))), counts)

    def drawn(self, items: int, random: np.random.Generator) -> Contingency:
        """That of so many of the items, each with the same chance, none twice."""
        counts = random.multivariate_hypergeometric(self.counts, items, method="marginals")
        kept = counts > 0
        return Contingency(self.rows[kept], self.columns[kept], counts[kept])

    def without(self, column: int) -> Contingency:
        """That of the items which are not in this column."""
        kept = self.columns != column
        return Contingency(self.rows[kept], self.columns[kept], self.counts[kept])

    @cached_property
    def n(self) -> int:
        return int(self.counts.sum())

    @cached_property
    def margins(self) -> tuple[Ints, Ints]:
        """How many items are in each row (r,) and in each column (c,), without those that are empty."""
        sums = (np.bincount(codes, self.counts).astype(np.int64) for codes in (self.rows, self.columns))
        first, second = (each[each > 0] for each in sums)
        return first, second

    @cached_property
    def information(self) -> float:
        """The mutual information of the two, in nats."""
        cells, a, b = (_log_sum(counts) for counts in (self.counts, *self.margins))
        return max(0.0, (cells - a - b) / self.n + float(np.log(self.n)))

    @property
    def nmi(self) -> float:
        return self.information / mean_entropy(*self.margins) if self.information > NOTHING else 0.0

    @property
    def ami(self) -> float:
        return adjusted(self.information, expected_information(*self.margins), mean_entropy(*self.margins))

    @property
    def ari(self) -> float:
        together, by_row, by_column = (float((c * (c - 1) / 2).sum()) for c in (self.counts, *self.margins))
        chance = by_row * by_column / (self.n * (self.n - 1) / 2)
        largest = (by_row + by_column) / 2
        return 1.0 if largest == chance else (together - chance) / (largest - chance)

    def figures(self) -> dict[str, float]:
        """nmi, ami, ari, v_measure, purity and accuracy of the columns as clusters, against the rows as the truth.

        NMI and AMI with the arithmetic mean of the entropies (N. X. Vinh et al., 2010), so that NMI is the V-measure
        (A. Rosenberg and J. Hirschberg, 2007). ARI: L. Hubert and P. Arabie, 1985. Purity: the share of items whose
        truth is the commonest one of their cluster. Accuracy: the share of items whose cluster and truth are paired
        by the best one-to-one matching (H. W. Kuhn, 1955). Without two truths: none.
        """
        if len(self.margins[0]) < 2:
            return {}
        most = np.zeros(int(self.columns.max()) + 1, np.int64)
        np.maximum.at(most, self.columns, self.counts)
        return {
            "nmi": self.nmi,
            "ami": self.ami,
            "ari": self.ari,
            "v_measure": self.nmi,
            "purity": float(most.sum() / self.n),
            "accuracy": self._matched() / self.n,
        }

    def ami_by_chance(self, times: int, seed: int = 0) -> Floats64:
        """The adjusted mutual information (times,) when items are dealt out at random to rows and columns of this size.

        The permutation distribution of independence (E. J. G. Pitman, 1937): the entropies and the expected information
        stay as they are.
        """
        a, b = self.margins
        x, y = (np.repeat(np.arange(len(sizes)), sizes) for sizes in (a, b))
        logs = np.arange(min(a.max(), b.max()) + 1.0)  # of what a cell can hold: m log m
        logs[1:] *= np.log(logs[1:])
        fixed, mean, expected = _log_sum(a) + _log_sum(b), mean_entropy(a, b), expected_information(a, b)
        random, dense, out = np.random.default_rng(seed), len(a) * len(b) <= DENSE * self.n, np.empty(times)
        for i in range(times):
            cells = random.permutation(x) * len(b) + y
            counts = np.bincount(cells) if dense else np.unique(cells, return_counts=True)[1]
            information = (float(logs[counts].sum()) - fixed) / self.n + float(np.log(self.n))
            out[i] = adjusted(information, expected, mean)
        return out

    def _matched(self) -> int:
        from scipy.optimize import linear_sum_assignment

        (rows, r), (columns, c) = (_places(codes) for codes in (self.rows, self.columns))
        table = np.zeros((r, c), np.int64)
        table[rows, columns] = self.counts
        return int(table[linear_sum_assignment(table, maximize=True)].sum())


def adjusted(information: float, expected: float, mean: float) -> float:
    """The adjusted mutual information: 0 where the information is what chance gives, 1 where it is all of `mean`.

    1 as well where chance gives no less: parts of these sizes are the same however items are dealt out.
    """
    return 1.0 if mean - expected < NOTHING else (information - expected) / (mean - expected)


def expected_information(a: Ints, b: Ints) -> float:
    """The mean mutual information, in nats, of all tables with these margins (r,) and (c,); Vinh et al., 2010, eq. 24.

    Parts of equal size have equal terms, so that the work grows with the number of sizes, not of parts. Terms whose
    chance is below 1e-15 by Bernstein's inequality are left out.
    """
    n = int(a.sum())
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])  # of factorials
    (a, many_a), (b, many_b) = (np.unique(sizes, return_counts=True) for sizes in (a, b))
    total = 0.0
    for size, many in zip(a.tolist(), many_a.tolist(), strict=True):
        middle = size * b / n
        reach = 24 + 12 * np.sqrt(middle * (1 - size / n))
        low = np.maximum(np.maximum(1, size + b - n), np.floor(middle - reach)).astype(np.int64)
        high = np.minimum(np.minimum(size, b), np.ceil(middle + reach)).astype(np.int64)
        shared = low[:, None] + np.arange(int((high - low).max(initial=0)) + 1)  # (sizes of b, terms)
        within = shared <= high[:, None]
        shared = np.where(within, shared, low[:, None])
        other = b[:, None]
        log_chance = (
            logs[size] + logs[other] + logs[n - size] + logs[n - other] - logs[n] - logs[shared]
            - logs[size - shared] - logs[other - shared] - logs[n - size - other + shared]
        )  # fmt: skip
        terms = shared / n * np.log(n * shared / (size * other)) * np.exp(log_chance)
        total += many * float((many_b * np.where(within, terms, 0).sum(axis=1)).sum())
    return total


def mean_entropy(a: Ints, b: Ints) -> float:
    """The arithmetic mean of the entropies, in nats, of partitions into parts of these sizes."""
    return (_entropy(a) + _entropy(b)) / 2


def _log_sum(counts: Ints) -> float:
    return float((counts * np.log(counts)).sum())


def _entropy(sizes: Ints) -> float:
    n = sizes.sum()
    return float(np.log(n) - _log_sum(sizes) / n)


def _places(codes: Ints) -> tuple[Ints, int]:
    names, place = np.unique(codes, return_inverse=True)
    return place, len(names)
