"""How photographs fall into albums and stacks: a part of `albums`. Times are sorted, rows of X of length 1.

Gaps in time part albums as in PhotoTOC (Platt, Czerwinski, Field: Automatic clustering for browsing personal
photographs, 2003): a gap is long if its logarithm is above the mean of those around it by log 17. Two bounds and the
joining by likeness are our own: the rule by itself parts bursts, and joins whatever comes at an even pace.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgret.plugin import Floats, Ints

FACTOR = 17.0  # a long gap, as a multiple of the geometric mean of those around it
AROUND = 10  # gaps on each side that make the mean
HOUR, DAY = 3600.0, 86400.0
NEVER, ALWAYS = HOUR / 2, 14 * DAY  # a shorter gap parts nothing, a longer one always does
NEAR = 6 * HOUR  # albums as near as this are one if they look alike
ALIKE = 0.5  # cosine in X of what lies on both sides of a gap, by the mean of up to AROUND images
BURST = 2.0  # seconds from one to the next
SAME = 0.85  # cosine in X of an image without a date and the dated one whose album it joins


def seconds(taken: str) -> float:
    """Since 1970, by the camera's own clock; a day without a time counts as its noon."""
    time = datetime.fromisoformat(taken) - datetime(1970, 1, 1)
    return time.total_seconds() + (DAY / 2 if "T" not in taken else 0)


def parted(times: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n - 1,): whether an album ends between an image and the next, by the gaps in time alone."""
    import numpy as np

    gaps = np.diff(times)
    logs = np.log(np.maximum(gaps, 1.0))
    counted = gaps < ALWAYS  # what is between two journeys says nothing of their pace
    sums, counts = np.r_[0.0, np.cumsum(logs * counted)], np.r_[0, np.cumsum(counted)]
    places = np.arange(len(gaps))
    first, last = np.maximum(places - AROUND, 0), np.minimum(places + AROUND + 1, len(gaps))
    long = logs >= np.log(FACTOR) + (sums[last] - sums[first]) / np.maximum(counts[last] - counts[first], 1)
    ends: NDArray[np.bool_] = (long & (gaps >= NEVER)) | (gaps >= ALWAYS)
    return ends


def joined(times: NDArray[np.float64], X: Floats, ends: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n - 1,): the ends that are left where albums that are near in time and look alike are one."""
    import numpy as np

    left = ends.copy()
    edges = [0, *(np.flatnonzero(ends) + 1).tolist(), len(times)]
    for start, middle, stop in zip(edges, edges[1:], edges[2:], strict=False):
        before, after = X[max(start, middle - AROUND) : middle].mean(axis=0), X[middle:stop][:AROUND].mean(axis=0)
        length = float(np.linalg.norm(before) * np.linalg.norm(after))
        alike = length > 0 and float(before @ after) / length >= ALIKE
        left[middle - 1] = not (alike and times[middle] - times[middle - 1] <= NEAR)
    return left


def bursts(taken: Sequence[str], cameras: Sequence[str], X: Floats) -> Ints:
    """(n,) numbers: images of one camera that follow one another within two seconds, and look alike, have the same."""
    import numpy as np

    times = [seconds(date) for date in taken]
    one = [
        "T" in taken[i] and "T" in taken[i + 1] and cameras[i] == cameras[i + 1]
        and times[i + 1] - times[i] <= BURST and float(X[i] @ X[i + 1]) >= ALIKE
        for i in range(len(times) - 1)
    ]  # fmt: skip
    numbers: Ints = np.r_[0, np.cumsum(~np.array(one, bool))][: len(times)].astype(np.int64)
    return numbers


def united(n: int, sames: Iterable[Sequence[int]]) -> list[int]:
    """A number for each of n things, the same for all in one of `sames` and in those that share one with it."""
    number = list(range(n))

    def root(i: int) -> int:
        while number[i] != i:
            number[i] = i = number[number[i]]
        return i

    for things in sames:
        for one, other in pairwise(things):
            a, b = sorted((root(one), root(other)))
            number[b] = a
    return [root(i) for i in range(n)]
