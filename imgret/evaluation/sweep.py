"""A sweep: a line for each job while it runs, one table at the end, and its files in a folder beside the runs."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import fsum
from pathlib import Path

from imgret.errors import Fault, UsageError
from imgret.evaluation.jobs import Asked, Done, fold
from imgret.evaluation.sweepchart import draw
from imgret.evaluation.sweeptable import jobs_csv, page, table_csv, text
from imgret.evaluation.sweeptexts import latex, markdown
from imgret.registry import figures
from imgret.runs import again
from imgret.runs.account import account
from imgret.runs.run import Run
from imgret.runs.sweeps import JOBS
from imgret.runs.write import new_folder, whole
from imgret.screen import say
from imgret.store.files import write_csv
from imgret.words import duration, printable, shown_path

LINE = 2  # figures of a job's line


class Sweep:
    """Collects the jobs of a sweep, says each in a line, and writes the table. `words` are what was typed,
    `settings` the same as settings; see `again.Again`.

    `quiet`: the folders alone.

    Methods that print raise BrokenPipeError where nobody reads.
    """

    def __init__(self, words: Sequence[str], settings: Sequence[str] = (), quiet: bool = False) -> None:
        self.words, self.quiet = list(settings), quiet
        self.command = shlex.join(["python", "-m", "imgret", *words])
        self.jobs: list[Done] = []
        self.faults: list[Fault] = []  # of components, that cost no run
        self.versions: Mapping[str, str] = {}

    def add(self, asked: Asked, run: Run) -> None:
        info = run.info
        self.versions = info.versions
        done = Done(
            asked, figures_of(run), run.folder, "", info.peak_of, account(run), config=info.config, data=info.data
        )
        self.jobs.append(done)
        known = figures()
        told = known.among(done.figures, "labels", where="told") or known.among(
            done.figures, "alone", "own", where="told"
        )
        scores = [printable(f"{each.title} {each.written(done.figures[each.name])}") for each in told[:LINE]]
        scores = scores or [f"clusters {done.figures['n_clusters']:.0f}"]
        if self.quiet:
            self._print(shown_path(run.folder))
        self._say(asked, *scores, duration(done.figures["total_seconds"]), printable(shown_path(run.folder)))

    def fail(self, asked: Asked, error: Exception) -> None:
        text = str(error) if isinstance(error, UsageError) else f"{type(error).__name__}: {error}"
        done = Done(asked, failed=printable((text.splitlines() or [""])[0]))
        same = next((job.asked.number for job in self.jobs if job.failed == done.failed), None)
        self.jobs.append(done)
        self._say(asked, f"failed as {same} did" if same else f"failed: {done.failed}")

    def again(self, asked: Asked, number: int) -> None:
        """A job that is job `number` again, as it differs from it only in a setting that it does not use."""
        self._say(asked, f"the same as {number}")

    def _say(self, asked: Asked, *more: str) -> None:
        if not self.quiet:
            self._print("  ".join((str(asked), *more)))

    def _print(self, line: str) -> None:
        try:
            say(line, flush=True)
        except BrokenPipeError:
            raise
        except OSError:  # a full disk, say: the runs are made, and `finish` raises it
            pass

    def write(self) -> Path | None:
        """Write the table, and what makes it again; their folder, or None without runs.

        table.csv (a row a setting), jobs.csv (a row a job), table.md, table.tex, table.png, table.html and sweep.yaml.
        Raises UsageError where they cannot be written.
        """
        first = next((job.folder for job in self.jobs if job.folder), None)
        if first is None:
            return None
        folder, rows = new_folder(first.parent, "-sweep"), fold(self.jobs)
        with whole(folder) as temporary:
            header, *lines = table_csv(rows)
            write_csv(temporary / "table.csv", header, lines)
            header, *lines = jobs_csv(self.jobs, folder)
            write_csv(temporary / JOBS, header, lines)
            draw(rows, self.command, temporary / "table.png")
            plain = draw(rows, "", temporary / "chart.png")  # as the page says the rest itself
            web = page(rows, self.command, folder, plain.read_bytes() if plain else b"")
            if plain:
                plain.unlink()
            for end, table in (("html", web), ("md", markdown(rows)), ("tex", latex(rows, folder.name))):
                (temporary / f"table.{end}").write_text(table, encoding="utf-8")
            again.write(temporary / again.NAME, self.words, self.versions, [job.data for job in self.jobs])
        return folder

    def finish(self) -> None:
        """Write the table, and show it where there is one. Raises UsageError."""
        folder = self.write()
        if folder and self.quiet:
            say(shown_path(folder), flush=True)
        elif folder:
            shown = ["", *text(fold(self.jobs)), *self._accounts(), f"sweep     {shown_path(folder)}"]
            say(*shown, flush=True)

    def _accounts(self) -> list[str]:
        """What became of the files, once where it is the same in all runs, else with the first job of each."""
        first: dict[str, Asked] = {}
        for job in self.jobs:
            if job.account:
                first.setdefault(job.account, job.asked)
        return [f"images    {f'{job.number}/{job.of}  ' * (len(first) > 1)}{said}" for said, job in first.items()]


def figures_of(run: Run) -> dict[str, float]:
    """The figures of a run by name; see `Done`."""
    stages = run.info.stages
    peaks = [stage.peak_bytes for stage in stages.values() if stage.peak_bytes is not None]
    found = {"n_clusters": float(run.labels.max() + 1), "noise_share": float((run.labels < 0).mean()), **run.metrics}
    found["fit_seconds"] = stages["clusters"].seconds
    found["total_seconds"] = round(fsum(stage.seconds for stage in stages.values()), 3)
    return found | ({"peak_bytes": max(peaks)} if peaks else {})


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
