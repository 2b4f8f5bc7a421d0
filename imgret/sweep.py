"""A sweep: a line for each job while it runs, one table at the end, and its files in a folder beside the runs."""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import fsum, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from imgret.words import duration, printable, shown_path

if TYPE_CHECKING:
    from imgret.results import Run

SEED = "seed"  # the setting whose values are folded into one row
LINE = {"nmi": "NMI", "ari": "ARI", "silhouette": "silhouette"}  # figures of a job's line: the first two there are


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
    that are in the store are not computed again) and `peak_bytes` (see record.Clock). `account`: see summary.account.
    """

    asked: Asked
    figures: Mapping[str, float] = field(default_factory=dict)
    folder: Path | None = None
    failed: str = ""
    peak_of: str = "run"
    account: str = ""


@dataclass(frozen=True)
class Figure:
    """A mean over seeds, and the sample standard deviation (n - 1) where there is more than one."""

    mean: float
    sd: float | None


@dataclass(frozen=True)
class Row:
    """The jobs of one setting. A figure that one of the finished jobs lacks is none: it would not compare."""

    values: Mapping[str, str | None]
    jobs: Sequence[Done]
    figures: Mapping[str, Figure]

    @property
    def finished(self) -> list[Done]:
        return [job for job in self.jobs if not job.failed]

    @property
    def failed(self) -> str:
        """Why the first of the jobs that failed did, or ""."""
        return next((job.failed for job in self.jobs if job.failed), "")


def fold(jobs: Sequence[Done]) -> list[Row]:
    """One row for the jobs that differ in their seed only, in the order in which they come up."""
    rows: dict[tuple[tuple[str, str | None], ...], list[Done]] = {}
    for job in jobs:
        rows.setdefault(tuple((k, v) for k, v in job.asked.values.items() if k != SEED), []).append(job)
    folded = []
    for values, same in rows.items():
        finished = [job.figures for job in same if not job.failed]
        names = dict.fromkeys(name for figures in finished for name in figures)
        shared = [name for name in names if all(name in figures for figures in finished)]
        folded.append(Row(dict(values), same, {n: _figure([figures[n] for figures in finished]) for n in shared}))
    return folded


def _figure(values: Sequence[float]) -> Figure:
    mean = fsum(values) / len(values)
    if len(values) == 1:
        return Figure(values[0], None)
    if min(values) == max(values):  # the mean of equal numbers is that number, whatever its rounding
        return Figure(values[0], 0.0)
    return Figure(mean, sqrt(fsum((value - mean) ** 2 for value in values) / (len(values) - 1)))


class Sweep:
    """Collects the jobs of a sweep, says each in a line, and writes the table. `words` are what was typed.

    Methods that print raise BrokenPipeError where nobody reads.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.command = shlex.join(["python", "-m", "imgret", *words])
        self.jobs: list[Done] = []

    def add(self, asked: Asked, run: Run) -> None:
        from imgret.summary import account

        done = Done(asked, figures_of(run), run.folder, peak_of=run.info["peak_of"], account=account(run))
        self.jobs.append(done)
        scores = [f"{LINE[key]} {done.figures[key]:.3f}" for key in LINE if key in done.figures][:2]
        scores = scores or [f"clusters {done.figures['n_clusters']:.0f}"]
        self._say(asked, *scores, duration(done.figures["total_seconds"]), printable(shown_path(run.folder)))

    def fail(self, asked: Asked, error: Exception) -> None:
        from imgret.registry import UsageError

        text = str(error) if isinstance(error, UsageError) else f"{type(error).__name__}: {error}"
        done = Done(asked, failed=printable((text.splitlines() or [""])[0]))
        self.jobs.append(done)
        self._say(asked, f"failed: {done.failed}")

    def again(self, asked: Asked, number: int) -> None:
        """A job that is job `number` again, as it differs from it only in a setting that it does not use."""
        self._say(asked, f"the same as {number}")

    def _say(self, asked: Asked, *more: str) -> None:
        print("  ".join((str(asked), *more)), flush=True)

    def write(self) -> Path | None:
        """Write table.csv (a row a setting), jobs.csv (a row a job) and table.html; their folder, or None without runs.

        Raises UsageError where they cannot be written.
        """
        from imgret.files import write_csv
        from imgret.record import new_folder, whole
        from imgret.sweeppage import page
        from imgret.sweeptable import jobs_csv, table_csv

        first = next((job.folder for job in self.jobs if job.folder), None)
        if first is None:
            return None
        folder, rows = new_folder(first.parent, "-sweep"), fold(self.jobs)
        with whole(folder) as temporary:
            header, *lines = table_csv(rows)
            write_csv(temporary / "table.csv", header, lines)
            header, *lines = jobs_csv(self.jobs, folder)
            write_csv(temporary / "jobs.csv", header, lines)
            text = page(rows, self.command, folder)
            (temporary / "table.html").write_text(text, encoding="utf-8")
        return folder

    def finish(self) -> None:
        """Write the table, and show it where there is one. Raises UsageError."""
        from imgret.sweeptable import text

        folder = self.write()
        if folder:
            shown = ["", *text(fold(self.jobs)), *self._accounts(), f"sweep     {printable(shown_path(folder))}"]
            print("\n".join(shown), flush=True)

    def _accounts(self) -> list[str]:
        """What became of the files, once where it is the same in all runs, else with the first job of each."""
        first: dict[str, Asked] = {}
        for job in self.jobs:
            if job.account:
                first.setdefault(job.account, job.asked)
        return [f"images    {f'{job.number}/{job.of}  ' * (len(first) > 1)}{said}" for said, job in first.items()]


def figures_of(run: Run) -> dict[str, float]:
    """The figures of a run by name; see `Done`."""
    stages = run.info["stages"]
    peaks = [stage["peak_bytes"] for stage in stages.values() if stage["peak_bytes"] is not None]
    figures = {"n_clusters": float(run.labels.max() + 1), "noise_share": float((run.labels < 0).mean()), **run.metrics}
    figures["fit_seconds"] = stages["clusters"]["seconds"]
    figures["total_seconds"] = round(fsum(stage["seconds"] for stage in stages.values()), 3)
    return figures | ({"peak_bytes": max(peaks)} if peaks else {})


def relative(folder: Path, start: Path) -> str:
    """The way from `start` to `folder`, with slashes; the whole path where there is no way, as to another drive."""
    try:
        return Path(os.path.relpath(folder, start)).as_posix()
    except ValueError:
        return folder.as_posix()


@contextmanager
def said_once() -> Iterator[None]:
    """While it lasts, imgret's log says no line twice: what is true of all jobs of a sweep is told by the first."""
    said: set[str] = set()

    def new(record: logging.LogRecord) -> bool:
        text = record.getMessage()
        return not (text in said or said.add(text))  # type: ignore[func-returns-value]

    log = logging.getLogger("imgret")
    log.addFilter(new)
    try:
        yield
    finally:
        log.removeFilter(new)
