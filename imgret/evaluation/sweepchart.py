"""The table of a sweep as a picture: a chart for each score, a line for each row, means with their spread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgret.evaluation.jobs import Row
from imgret.evaluation.sweeptable import Marks, best, columns, legend, values
from imgret.figures import Figure
from imgret.pictures import charts
from imgret.pictures.sheet import ACCENT, GAP, INK, QUIET, TEXT, WIDTH, line_height

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 60  # rows that are drawn
ACROSS = 3  # charts beside each other
LABELS = 380  # pixels for what the rows are called
BELOW = 56  # of a chart's frame, for its numbers


def draw(rows: Sequence[Row], title: str, file: Path) -> Path | None:
    """Write the picture of a table; its file, or None where there is no score to draw. Raises OSError.

    Without a `title` it has no heading and no notes, for where they stand beside it.
    """
    shown = [each for each in columns(rows) if each.is_score]
    drawn = [(place, row) for place, row in enumerate(rows) if row.finished][:MOST]
    if not shown or not drawn:
        return None
    height = len(drawn) * line_height(TEXT)
    step, wide = charts.HEADING + height + BELOW + GAP, (WIDTH - LABELS) // ACROSS
    notes = ["A point is the mean over seeds, a bar one sample standard deviation on either side."]
    notes += [f"Marked: {legend(rows)}"] if legend(rows) else []
    notes += [f"The first {MOST} of {len(rows)} rows."] if len(rows) > MOST else []
    with charts.style():
        heading, facts = ("A sweep", [(title, QUIET)]) if title else ("", [])
        room = WIDTH, step * -(-len(shown) // ACROSS)
        page = charts.Page(heading, facts, room, notes if title else ())
        names = [page.shorten(" · ".join(values(row)) or "all", TEXT, LABELS - GAP) for _, row in drawn]
        for number, figure in enumerate(shown):
            at = LABELS + number % ACROSS * wide, number // ACROSS * step + charts.HEADING
            axes = page.axes(at, (wide - GAP, height))
            axes.set_title(
                page.shorten(f"{figure.title}{' (less is better)' if figure.better < 0 else ''}", TEXT, wide - GAP)
            )
            _points(axes, drawn, figure, best(rows, figure))
            axes.set_yticks(range(len(drawn)), names if number % ACROSS == 0 else [""] * len(drawn))
        return page.save(file)


def _points(axes: Axes, drawn: Sequence[tuple[int, Row]], figure: Figure, marks: Marks) -> None:
    from matplotlib.ticker import MaxNLocator

    for line, (place, row) in enumerate(drawn):
        mean: Any = row.figures.get(figure.name)
        if mean is not None:
            tint = charts.css(ACCENT if place in marks.rows else INK)
            axes.errorbar(mean.mean, line, xerr=mean.sd or 0, fmt="o", color=tint, markersize=9, linewidth=3)
    axes.set_ylim(len(drawn) - 0.5, -0.5)
    axes.margins(x=0.1)
    axes.xaxis.set_major_locator(MaxNLocator(3))
