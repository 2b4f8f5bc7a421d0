"""The table of a sweep as a page: one HTML file, which needs no other and no network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from imgret.evaluation.jobs import SEED, Done, Row, relative
from imgret.evaluation.sweeptable import best, cell, columns, notes, runs, settings, values
from imgret.pictures import pages


def page(rows: Sequence[Row], command: str, folder: Path) -> str:
    """The table as an HTML page that needs no other file and no network; it is to lie in `folder`."""
    from markupsafe import Markup

    shown = columns(rows)
    starred = [best(rows, column) for column in shown]

    def line(place: int, row: Row) -> dict[str, Any]:
        cells: list[dict[str, Any]] = [{"value": len(row.finished), "text": runs(row), "best": False}]
        for column, stars in zip(shown, starred, strict=True):
            figure = row.figures.get(column.name)
            text = Markup(cell(column, figure, chr(0x2009)))  # numbers, with thin spaces that are to stay thin
            cells.append({"value": figure and figure.mean, "text": text, "best": place in stars})
        jobs = [_job(job, folder) for job in row.jobs]
        return {"settings": values(row), "cells": cells if row.finished else [], "failed": row.failed, "jobs": jobs}

    content = {
        "title": "imgret: a sweep",
        "command": command,
        "settings": list(settings(rows).values()),
        "figures": ["runs", *(column.title for column in shown)],
        "rows": [line(place, row) for place, row in enumerate(rows)],
        "notes": notes(rows),
    }
    return pages.filled(pages.HOME, "sweep", content)


def _job(job: Done, folder: Path) -> dict[str, str]:
    name = f"seed {job.asked.values[SEED]}" if SEED in job.asked.values else "run"
    if job.folder is None:
        return {"name": name, "link": "", "failed": job.failed}
    way = quote(relative(job.folder, folder).encode("utf-8", "surrogateescape"))
    return {"name": name, "link": f"{way}/"}
