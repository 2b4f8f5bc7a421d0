"""The evidence for a number of clusters as a picture: a small chart for each criterion, the recommendation marked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.clusters.advice import NAMES, Advice, Vote
from imgret.clusters.evidence import CRITERIA
from imgret.pictures import charts
from imgret.pictures.sheet import ACCENT, GAP, INK, QUIET, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats64 = NDArray[np.float64]

ACROSS, HEIGHT = 2, 400  # charts in a row, and the height of one
LEFT, BELOW = 96, 40  # of a chart's frame, for what stands at its axes
BAND, LINE, SPREAD = map(charts.css, [(252, 232, 225), (70, 70, 76), (214, 214, 212)])


def draw(advice: Advice, title: str, file: Path) -> Path:
    """Write the picture of an advice; its file. Raises OSError where it cannot be written."""
    facts = [(f"k={advice.vote}", INK)] + [(said, QUIET) for said in advice.said]
    notes = [
        f"{advice.cost}. Along: k, the number of clusters, by its logarithm. Up: scores, 0 as points without "
        "structure, 1 perfect; support is the mean share of the best scores.",
        "Grey: one standard error. The mark is the best k; in brackets, and shaded for the support, what is as good "
        "within one standard error. To repeat it: python -m imgret sweep-k --run DIR",
    ]
    step, narrow = charts.HEADING + HEIGHT + BELOW + GAP, (WIDTH - GAP) // ACROSS
    with charts.style():
        page = charts.Page(title, facts, (WIDTH, step * (1 + -(-len(CRITERIA) // ACROSS))), notes)
        whole = page.axes((LEFT, charts.HEADING), (WIDTH - LEFT, HEIGHT))
        whole.set_title(f"support: {advice.vote}")
        _curve(whole, advice, "support", "", advice.vote)
        for i, name in enumerate(CRITERIA):
            x, y = i % ACROSS * (narrow + GAP), (1 + i // ACROSS) * step
            axes = page.axes((x + LEFT, y + charts.HEADING), (narrow - LEFT, HEIGHT))
            axes.set_title(f"{NAMES[name]}: {advice.votes[name]}")
            _curve(axes, advice, f"{name}_score", f"{name}_error", advice.votes[name])
        return page.save(file)


def _curve(axes: Axes, advice: Advice, score: str, error: str, best: Vote) -> None:
    """Scores by k along the logarithm, the advised one as a line, its range shaded."""
    ks, scores, errors = (np.array([row.get(name) or 0 for row in advice.table]) for name in ("k", score, error))
    axes.axvspan(advice.vote.least, advice.vote.most, color=BAND, linewidth=2, zorder=0)
    axes.fill_between(ks, scores - errors, scores + errors, color=SPREAD, linewidth=0)
    axes.axvline(advice.vote.k, color=charts.css(ACCENT), linewidth=1)
    axes.plot(ks, scores, color=LINE, linewidth=3, marker="o", markersize=10)
    axes.plot(best.k, scores[ks == best.k], "o", color=charts.css(ACCENT), markersize=20)
    ticks = _ticks(scores, errors)
    edge = charts.INNER * (ticks[-1] - ticks[0])
    axes.set(yticks=ticks, ylim=(ticks[0] - edge, ticks[-1] + edge))
    charts.along_logarithm(axes, ks.astype(int).tolist(), 60, {advice.vote.k: f"{advice.vote.k}"})


def _ticks(scores: Floats64, errors: Floats64) -> Any:
    """Round numbers that reach from the least score, or 0, to beyond the largest with its error.

    What lies far below no structure is cut off at as much below 0 as the largest lies above.
    """
    from matplotlib.ticker import MaxNLocator

    high = max(0.01, (scores + errors).max())
    return MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(max(-high, min(0.0, scores.min())), high)
