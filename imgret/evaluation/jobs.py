"""The jobs of a sweep, what each was asked and gave, and the rows that they become: seeds folded into one."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import fsum, sqrt
from pathlib import Path
from typing import Any

from imgret.runs.differences import apart
from imgret.words import printable

SEED = "seed"  # the setting whose values are folded into one row


@dataclass(frozen=True)
class Asked:
    """What a job was asked: its number from 1 of how many, and the swept settings with their values.

    The value of a setting that the job does not use is None.
    """

    number: int
    of: int
    values: Mapping[str, str | None]

    def __str__(self) -> str:
        used = (f"{key}={value}" for key, value in self.values.items() if value is not None)
        return printable(f"{self.number:>{len(str(self.of))}}/{self.of}  {' '.join(used)}")


@dataclass(frozen=True)
class Done:
    """A job that ended: its figures and the run's folder, or why it has none.

    Figures are those of metrics.json, with `n_clusters` and `noise_share` whatever was measured, `fit_seconds` (reducer
    and clusterer; a reduction that is in the store is not made again), `total_seconds` (all of the run; features
    that are in the store are not computed again) and `peak_bytes` (see runs/clock.py). `account`: see summary.account.
    `config` and `data` are what run.json says of settings and images.
    """

    asked: Asked
    figures: Mapping[str, float] = field(default_factory=dict)
    folder: Path | None = None
    failed: str = ""
    peak_of: str = "run"
    account: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    data: str = ""


@dataclass(frozen=True)
class Mean:
    """A mean over seeds, and the sample standard deviation (n - 1) where there is more than one."""

    mean: float
    sd: float | None


@dataclass(frozen=True)
class Row:
    """The jobs of one setting. A figure that one of the finished jobs lacks is none: it would not compare."""

    values: Mapping[str, str | None]
    jobs: Sequence[Done]
    figures: Mapping[str, Mean]

    @property
    def finished(self) -> list[Done]:
        return [job for job in self.jobs if not job.failed]

    @property
    def data(self) -> set[str]:
        """What stands for the images of its runs."""
        return {job.data for job in self.finished}

    def by_seed(self, figure: str) -> dict[Hashable, float]:
        """A figure of each seed."""
        return {job.asked.values.get(SEED): job.figures[figure] for job in self.finished}

    @property
    def failed(self) -> str:
        """Why the first of the jobs that failed did, or ""."""
        return next((job.failed for job in self.jobs if job.failed), "")


def fold(jobs: Sequence[Done]) -> list[Row]:
    """One row for the jobs that differ in their seed only, in the order in which they come up.

    Beside what was swept a row has the settings that came with it, where they tell rows apart: an option may bring
    another reducer, a preset all of its own.
    """
    rows: dict[tuple[tuple[str, str | None], ...], list[Done]] = {}
    for job in jobs:
        rows.setdefault(tuple((k, v) for k, v in job.asked.values.items() if k != SEED), []).append(job)
    folded = []
    for values, same in rows.items():
        finished = [job.figures for job in same if not job.failed]
        names = dict.fromkeys(name for figures in finished for name in figures)
        shared = [name for name in names if all(name in figures for figures in finished)]
        folded.append(Row(dict(values), same, {n: _mean([figures[n] for figures in finished]) for n in shared}))
    first = {place: row.finished[0].config for place, row in enumerate(folded) if row.finished}
    brought = apart(list(first.values())) if first and all(first.values()) else {}
    asked = {key for job in jobs for key in job.asked.values} | {SEED}
    for name in sorted(brought.keys() - asked):
        told = dict(zip(first, brought[name], strict=True))
        folded = [replace(row, values={**row.values, name: told.get(n) or None}) for n, row in enumerate(folded)]
    return folded


def _mean(values: Sequence[float]) -> Mean:
    mean = fsum(values) / len(values)
    if len(values) == 1:
        return Mean(values[0], None)
    if min(values) == max(values):  # the mean of equal numbers is that number, whatever its rounding
        return Mean(values[0], 0.0)
    return Mean(mean, sqrt(fsum((value - mean) ** 2 for value in values) / (len(values) - 1)))


def relative(folder: Path, start: Path) -> str:
    """The way from `start` to `folder`, with slashes; the whole path where there is no way, as to another drive."""
    try:
        return Path(os.path.relpath(folder, start)).as_posix()
    except ValueError:
        return folder.as_posix()
