"""What lies beside a cluster, for a name where nothing in it stands out: its dates, its folder, its representative."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from imgret.findings.found import Found

STRAY = (
    10  # of so many dates of a cluster one may be early and one late: what is told is from when to when the rest are
)
SPAN = 0.25  # of that of all dates, which these take at the most: else they tell nothing
LONGEST = 40  # characters of a folder or a file
MONTHS = ("January", "February", "March", "April", "May", "June",
          "July", "August", "September", "October", "November", "December")  # fmt: skip


def beside(run: Found) -> list[str]:
    """The dates and the folder of each cluster (c,), `June 2021, in Italy`; nothing where neither sets it apart.

    Dates are told where more than half of its images have one, and the middle 80 % of these take a quarter of the time
    of the whole run at the most; a folder, the deepest one, where more than half of its images lie in it, and twice the
    share that does of all.
    """
    dates = [_date(run.collection.records[place].taken) for place in run.collection.first]
    folders = [path.split("/")[:-1] for path in run.paths]
    known = sorted(filter(None, dates))
    whole = (known[-1] - known[0]).days if known else 0
    everywhere = _held(folders)
    found = []
    for cluster in range(len(run.medoids)):
        rows = np.flatnonzero(run.labels == cluster).tolist()
        when = _when([dates[row] for row in rows], whole)
        where = _where([folders[row] for row in rows], everywhere, len(folders))
        found.append(", ".join(filter(None, [when, where and f"in {where}"])))
    return found


def likeness(run: Found) -> list[str]:
    """By the file of its representative (c,)."""
    return [f"like {_short(run.paths[row].rpartition('/')[2])}" for row in run.medoids.tolist()]


def _date(taken: str) -> date | None:
    try:
        return date.fromisoformat(taken[:10])
    except ValueError:
        return None


def _when(dates: Sequence[date | None], whole: int) -> str:
    """From when to when, of `whole` days."""
    known = sorted(filter(None, dates))
    if 2 * len(known) <= len(dates):
        return ""
    stray = len(known) // STRAY
    first, last = known[stray], known[-1 - stray]
    if (last - first).days > SPAN * whole or not whole:
        return ""
    if first.year != last.year:
        return f"{first.year} to {last.year}"
    months = dict.fromkeys(MONTHS[day.month - 1] for day in (first, last))
    return f"{f'{first.day} ' if first == last else ''}{' to '.join(months)} {first.year}"


def _held(folders: Sequence[Sequence[str]]) -> Counter[str]:
    """How many images lie in each folder, in those below it as well."""
    return Counter("/".join(parts[:depth]) for parts in folders for depth in range(1, len(parts) + 1))


def _where(folders: Sequence[Sequence[str]], everywhere: Counter[str], n: int) -> str:
    """The deepest folder that holds more than half of these, and twice its share of all n."""
    m = len(folders)
    held = [name for name, count in _held(folders).items() if 2 * count > m and count * n >= 2 * everywhere[name] * m]
    if not held:
        return ""
    parts = max(held, key=len).split("/")  # they lie in one another
    return _short("/".join(parts[-2:]) if len("/".join(parts[-2:])) <= LONGEST else parts[-1])


def _short(name: str) -> str:
    """The name, or its end, which tells more: numbers and kinds of files stand there."""
    return name if len(name) <= LONGEST else f"...{name[3 - LONGEST :]}"
