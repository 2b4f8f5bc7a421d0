"""Which rows of a table may have the best mean: a set of rows that holds the best one with 95 % confidence.

The means are over seeds. Rows are compared in pairs over the seeds that both have (the paired t-test, one-sided), and
a row is left out where another one is better than it by more than chance gives.
Of the best row that happens with a chance of 5 % at the most, in all comparisons together, as each of the others is
given its part of the 5 % (Bonferroni). So is what is left the best with 95 % confidence: subset selection (S. S.
Gupta, On some multiple decision rules, 1965) by multiple comparisons with the best (J. C. Hsu, Simultaneous
confidence intervals for all distances from the best, 1981).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from math import fsum, sqrt

LEVEL = 0.95
ROUNDING = 1e-9  # of a mean: differences that differ by less are equal
Values = Mapping[Hashable, float]  # a figure by seed


def contenders(rows: Sequence[Values], better: int) -> set[int]:
    """The places of the rows that the others leave standing; `better` is 1 where more is better, -1 where less is.

    Rows that share fewer than two seeds cannot be told apart.
    """
    from scipy.special import stdtr

    part = (1 - LEVEL) / max(1, len(rows) - 1)

    def beaten(row: Values, other: Values) -> bool:
        gain = [better * (other[each] - row[each]) for each in row if each in other]
        if len(gain) < 2:
            return False
        mean = fsum(gain) / len(gain)
        error = sqrt(fsum((each - mean) ** 2 for each in gain) / (len(gain) - 1) / len(gain))
        if error <= ROUNDING * abs(mean):  # the same difference each time
            return mean > 0
        return bool(1 - stdtr(len(gain) - 1, mean / error) <= part)

    return {place for place, row in enumerate(rows) if not any(beaten(row, other) for other in rows)}
