"""The table of a sweep: its columns, the best of each, and the same table for the screen, as CSV and as a page."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from imgret.evaluation.best import LEVEL, contenders
from imgret.evaluation.jobs import SEED, Done, Mean, Row, relative
from imgret.figures import Figure, Role
from imgret.pictures import pages
from imgret.registry import figures
from imgret.words import printable, shortened

SURE, UNSURE = "*", "°"
LONG = 28  # characters of a value on the screen, above which its middle is left out


def columns(rows: Sequence[Row]) -> list[Figure]:
    """The figures to be shown: against labels where there are any, else of the clusters alone; those somebody has."""
    known, there = figures(), dict.fromkeys(name for row in rows for name in row.figures)
    scores: Role = "labels" if known.among(there, "labels", where="table") else "alone"
    return known.among(there, "size", scores, "own", "search", "cost", where="table")


def cell(figure: Figure, value: Mean | None, gap: str = "") -> str:
    """The mean, and its spread where it is a score, `gap` around the sign; without one, as short as can be."""
    if value is None:
        return "-"
    mean = figure.written(value.mean)
    if figure.role in ("size", "cost") or value.sd is None:
        return mean
    spread = figure.written(value.sd)
    return f"{mean}{gap}±{gap}{spread if gap else spread.removeprefix('0')}"


class Marks(NamedTuple):
    """The rows of a column that are marked, and with which sign."""

    rows: frozenset[int] = frozenset()
    sign: str = ""


def best(rows: Sequence[Row], column: Figure) -> Marks:
    """Of a score the rows that hold the best with 95 % confidence; see best.py. None where that is every row.

    Where the seeds do not move the figure, or there is but one, the best mean is marked with another sign: nothing
    says how far chance goes. Rows of other images are not compared.
    """
    places = [place for place, row in enumerate(rows) if column.name in row.figures]
    means = {place: row.figures[column.name] for place, row in enumerate(rows) if column.name in row.figures}
    read = {place: column.written(mean.mean) for place, mean in means.items()}
    if not column.is_score or len(set(read.values())) < 2 or of_other_images(rows):
        return Marks()
    if any(mean.sd for mean in means.values()):
        left = contenders([rows[place].by_seed(column.name) for place in places], column.better)
        return Marks(frozenset(places[each] for each in left if len(left) < len(places)), SURE)
    top = max(means, key=lambda place: column.better * means[place].mean)
    return Marks(frozenset(place for place in read if read[place] == read[top]), UNSURE)


def of_other_images(rows: Sequence[Row]) -> bool:
    return len(set().union(*(row.data for row in rows))) > 1


def settings(rows: Sequence[Row]) -> dict[str, str]:
    """The settings that tell the rows apart, and what stands above each: its last part where that says enough."""
    names = list(rows[0].values)
    last = [name.rpartition(".")[2] for name in names]
    return {name: short if last.count(short) == 1 else name for name, short in zip(names, last, strict=True)}


def values(row: Row) -> list[str]:
    """The values of a row's settings, safe to show; a dash for one that it does not use."""
    return [printable(value or "-") for value in row.values.values()]


def legend(rows: Sequence[Row]) -> str:
    """What the signs in the table say, and how that was found; nothing where there is nothing to mark."""
    marks = [best(rows, column) for column in columns(rows)]
    signs = {each.sign for each in marks}
    said = []
    if SURE in signs:
        many = sum(bool(row.finished) for row in rows)
        said.append(
            f"{SURE} the best of its column is among these with {LEVEL:.0%} confidence, over seeds: paired t-tests, "
            f"corrected for {many} rows (Hsu, 1981)"
        )
        if any(each.sign == SURE and not each.rows for each in marks):
            said.append(f"a score without {SURE} or {UNSURE} tells no row from the best")
    if UNSURE in signs:
        several = any(len(row.finished) > 1 for row in rows)
        why = "seeds do not move it" if several else "one seed; for a claim type seed=0,1,2,3,4"
        said.append(f"{UNSURE} the best of its column, and no claim: {why}")
    if not said and len(rows) > 1 and of_other_images(rows):
        said.append("no best is marked: the rows are of different images")
    return "; ".join(said)


def runs(row: Row) -> str:
    """How many runs the figures of a row are the means of, and of how many jobs where some failed."""
    return f"{len(row.finished)} of {len(row.jobs)}" if row.failed else str(len(row.jobs))


def text(rows: Sequence[Row]) -> list[str]:
    """Lines for a terminal; a sign marks the best, see `best`, a dash what a row does not use or have."""
    above, shown = settings(rows), columns(rows)
    starred = [best(rows, column) for column in shown]
    head = [*above.values(), "runs", *(f"{printable(column.title)} " for column in shown)]
    body = []
    for place, row in enumerate(rows):
        cells = [shortened(value, LONG) for value in values(row)] + [runs(row)]
        for column, stars in zip(shown, starred, strict=True):
            cells.append(cell(column, row.figures.get(column.name)) + (stars.sign if place in stars.rows else " "))
        body.append(cells)
    widths = [max(map(len, cells)) for cells in zip(head, *body, strict=True)]
    lines = []
    for cells, of in zip((head, *body), (None, *rows), strict=True):
        left = [f"{cell:<{width}}" for cell, width in zip(cells[: len(above)], widths, strict=False)]
        if of and not of.finished:
            right = [f"failed: {of.failed}"]
        else:
            right = [f"{c:>{w}}" for c, w in zip(cells[len(above) :], widths[len(above) :], strict=True)]
        lines.append("  ".join([*left, " ".join(right)]).rstrip())
    return lines + notes(rows)


def notes(rows: Sequence[Row]) -> list[str]:
    """What a reader of the table has to know, a line each."""
    jobs = [job for row in rows for job in row.finished]
    said = [legend(rows)] if legend(rows) else []
    said += ["± sample standard deviation over seeds"] if any(len(row.finished) > 1 for row in rows) else []
    said += ["fit s: reducer and clusterer; total s: all of the run. What is in the store by then is not made again"]
    if any("peak_bytes" in job.figures for job in jobs):
        whole = any(job.peak_of != "run" for job in jobs)
        since = "since the process began, as this system counts no other" if whole else "of a run"
        said += [f"peak MB: the most {since}, with what earlier runs left behind, without the workers that decode"]
    return said


def table_csv(rows: Sequence[Row]) -> list[list[Any]]:
    """Header and one line a row: settings, runs, failed, and every figure's mean and `_sd`, as precise as they are."""
    names = list(dict.fromkeys(name for row in rows for name in row.figures))
    pairs = (each for name in names for each in (name, f"{name}_sd"))
    lines: list[list[Any]] = [[*rows[0].values, "runs", "failed", *pairs]]
    for row in rows:
        means = [row.figures.get(name) for name in names]
        numbers = [value for f in means for value in ((f.mean, f.sd) if f else (None, None))]
        lines.append([*row.values.values(), len(row.finished), row.failed, *numbers])
    return lines


def jobs_csv(jobs: Sequence[Done], folder: Path) -> list[list[Any]]:
    """Header and one line a job: number, settings, the run's folder as seen from `folder`, why it failed, figures."""
    names = list(dict.fromkeys(name for job in jobs for name in job.figures))
    lines: list[list[Any]] = [["job", *jobs[0].asked.values, "run", "failed", *names]]
    for job in jobs:
        run = relative(job.folder, folder) if job.folder else ""
        found = (job.figures.get(name) for name in names)
        lines.append([job.asked.number, *job.asked.values.values(), run, job.failed, *found])
    return lines


def page(rows: Sequence[Row], command: str, folder: Path, chart: bytes = b"") -> str:
    """The table as an HTML page that needs no other file and no network; it is to lie in `folder`.

    `chart` is its picture as PNG.
    """
    from markupsafe import Markup

    shown = columns(rows)
    starred = [best(rows, column) for column in shown]

    def line(place: int, row: Row) -> dict[str, Any]:
        cells: list[dict[str, Any]] = [{"value": len(row.finished), "text": runs(row), "best": ""}]
        for column, stars in zip(shown, starred, strict=True):
            figure = row.figures.get(column.name)
            text = Markup(cell(column, figure, chr(0x2009)))  # numbers, with thin spaces that are to stay thin
            cells.append(
                {"value": figure and figure.mean, "text": text, "best": stars.sign if place in stars.rows else ""}
            )
        jobs = [_job(job, folder) for job in row.jobs]
        return {"settings": values(row), "cells": cells if row.finished else [], "failed": row.failed, "jobs": jobs}

    content = {
        "title": "imgret: a sweep",
        "command": command,
        "settings": list(settings(rows).values()),
        "figures": ["runs", *(column.title for column in shown)],
        "rows": [line(place, row) for place, row in enumerate(rows)],
        "notes": notes(rows),
        "chart": b64encode(chart).decode("ascii"),
    }
    return pages.filled(pages.HOME, "sweep", content, images="data:" if chart else "'none'")


def _job(job: Done, folder: Path) -> dict[str, str]:
    name = f"seed {job.asked.values[SEED]}" if SEED in job.asked.values else "run"
    if job.folder is None:
        return {"name": name, "link": "", "failed": job.failed}
    way = quote(relative(job.folder, folder).encode("utf-8", "surrogateescape"))
    return {"name": name, "link": f"{way}/"}
