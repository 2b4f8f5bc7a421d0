"""What cluster-then-rank costs as a picture: recall and the share scanned against the number of probes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from imgret.errors import UsageError
from imgret.pictures import charts
from imgret.pictures.sheet import ACCENT, GAP, INK, LEAD, QUIET, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from imgret.contracts import RGB
    from imgret.evaluation.probes import Cost
    from imgret.ops.intervals import Interval

HEIGHT, LEFT, BELOW = 640, 96, 40  # of the chart, and for what stands at its axes
SCANNED: RGB = (88, 96, 112)
RECALL = ACCENT


def draw(cost: Cost | None, title: str, repeat: str, file: Path) -> Path:
    """Write the picture; its file. Raises UsageError where nothing is probed, OSError where it cannot be written."""
    rows = [row for row in cost.rows if row.probes is not None] if cost else []
    if cost is None or not rows:
        raise UsageError("--plot: this run's search probes no clusters\nmake the run with its default retriever")
    notes = [
        f"Along: clusters probed, by the logarithm; all of them are an exact scan. {cost.queries:,} images of the run "
        "as queries; bands: 95 % intervals over queries.",
        f"To repeat it: {repeat} --plot FILE.png",
    ]
    with charts.style():
        page = charts.Page(title, [(cost.said, QUIET)], (WIDTH, charts.HEADING + HEIGHT + BELOW + GAP), notes)
        axes = page.axes((LEFT, charts.HEADING), (WIDTH - LEFT, HEIGHT))
        if cost.chosen is not None:
            axes.axvline(cost.chosen, color=charts.css(INK), alpha=0.35, linewidth=2)
        _curve(axes, f"recall@{cost.top}", RECALL, [(row.probes or 0, row.recall) for row in rows], cost.chosen)
        scanned = [(row.probes or 0, row.scanned) for row in rows if row.scanned is not None]
        _curve(axes, "share of the images scanned", SCANNED, scanned, cost.chosen)
        axes.set_ylim(-charts.INNER, 1 + charts.INNER)
        axes.yaxis.set_major_formatter("{x:.0%}")
        named = {} if cost.chosen is None else {cost.chosen: f"{cost.chosen} (this run)"}
        charts.along_logarithm(axes, [row.probes or 0 for row in rows], 80, named)
        above = 0, 1 + GAP / 2 / HEIGHT  # the frame, which is 1 high
        axes.legend(
            ncols=2, loc="lower left", bbox_to_anchor=above, labelcolor="linecolor", fontsize=charts.points(LEAD)
        )
        return page.save(file)


def _curve(axes: Axes, name: str, colour: RGB, figures: list[tuple[int, Interval]], chosen: int | None) -> None:
    """Figures by the number of probes, with their intervals; the run's own number has the largest dot."""
    if not figures:
        return
    tint, probes, values = charts.css(colour), [p for p, _ in figures], [f.value for _, f in figures]
    low, high = [f.low for _, f in figures], [f.high for _, f in figures]
    axes.fill_between(probes, low, high, color=tint, alpha=0.24, linewidth=0)
    axes.plot(probes, values, color=tint, linewidth=3, label=name)
    axes.scatter(probes, values, [(18 if p == chosen else 12) ** 2 for p in probes], color=tint, linewidth=0, zorder=3)
