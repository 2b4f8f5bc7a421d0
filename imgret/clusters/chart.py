"""The evidence for a number of clusters as a picture: a small chart for each criterion, the recommendation marked."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log, log10
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imgret.clusters.advice import NAMES, Advice, Vote
from imgret.clusters.evidence import CRITERIA
from imgret.pictures import sheet

if TYPE_CHECKING:
    from PIL import Image

    from imgret.contracts import RGB

FINE = 3  # times as large are lines drawn, and then made small, which smooths them
ACROSS, HEIGHT = 2, 400  # charts in a row, and the height of one
LEFT, ABOVE, BELOW = 96, 14, 40  # of a chart's frame, for what stands at its axes
BAND: RGB = (252, 232, 225)
LINE: RGB = (70, 70, 76)
SPREAD: RGB = (214, 214, 212)


class Curve(NamedTuple):
    """Scores by k with their standard errors, the best with its range, and what stands above."""

    heading: str
    ks: Sequence[int]
    scores: Sequence[float]
    errors: Sequence[float]
    vote: Vote


def draw(advice: Advice, title: str, file: Path) -> Path:
    """Write the picture of an advice; its file. Raises OSError where it cannot be written."""
    ks = [int(row["k"] or 0) for row in advice.table]
    curves = [Curve(f"support: {advice.vote}", ks, _column(advice, "support"), [0.0] * len(ks), advice.vote)]
    for name in CRITERIA:
        scores, errors = _column(advice, f"{name}_score"), _column(advice, f"{name}_error")
        curves.append(Curve(f"{NAMES[name]}: {advice.votes[name]}", ks, scores, errors, advice.votes[name]))
    return sheet.save(_page(advice, title, curves), file)


def _column(advice: Advice, name: str) -> list[float]:
    return [float(row[name] or 0.0) for row in advice.table]


def _page(advice: Advice, title: str, curves: Sequence[Curve]) -> Image.Image:
    from PIL import Image

    lead, text, gap = sheet.line_height(sheet.LEAD), sheet.line_height(sheet.TEXT), sheet.GAP
    said = [f"k={advice.vote}", *advice.said]
    notes = [
        f"{advice.cost}. Along: k, the number of clusters, by its logarithm. Up: scores, 0 as points without "
        "structure, 1 perfect; support is the mean share of the best scores.",
        "Grey: one standard error. The mark is the best k; in brackets, and shaded for the support, what is as good "
        "within one standard error. To repeat it: python -m imgret sweep-k --run DIR",
    ]
    page = Image.new("RGB", (sheet.WIDTH + 2 * sheet.MARGIN, 1), sheet.PAPER)
    pen = sheet.Pen(page)
    said = [line for each in said for line in _wrapped(pen, each, sheet.LEAD)]
    notes = [line for each in notes for line in _wrapped(pen, each, sheet.TEXT)]
    top = sheet.MARGIN + sheet.line_height(sheet.TITLE) + len(said) * lead + gap
    step = lead + ABOVE + HEIGHT + BELOW + gap
    rows = -(-(len(curves) - 1) // ACROSS) + 1
    page = Image.new("RGB", (page.width, top + rows * step + len(notes) * text + sheet.MARGIN), sheet.PAPER)
    pen = sheet.Pen(page)
    pen.write((sheet.MARGIN, sheet.MARGIN), title, sheet.TITLE, sheet.INK, sheet.WIDTH)
    for i, line in enumerate(said):
        at = sheet.MARGIN, sheet.MARGIN + sheet.line_height(sheet.TITLE) + i * lead
        pen.write(at, line, sheet.LEAD, sheet.QUIET if i else sheet.INK, sheet.WIDTH)
    narrow = (sheet.WIDTH - gap) // ACROSS
    for i, curve in enumerate(curves):
        x = sheet.MARGIN + (max(0, i - 1) % ACROSS) * (narrow + gap)
        y = top + (0 if i == 0 else 1 + (i - 1) // ACROSS) * step
        _chart(page, (x, y), sheet.WIDTH if i == 0 else narrow, curve, advice.vote)
    for i, line in enumerate(notes):
        pen.write((sheet.MARGIN, top + rows * step + i * text), line, sheet.TEXT, sheet.QUIET, sheet.WIDTH)
    return page


def _wrapped(pen: sheet.Pen, text: str, size: int) -> list[str]:
    return pen.wrap(text, size, sheet.WIDTH)


def _chart(page: Image.Image, at: tuple[int, int], width: int, curve: Curve, advised: Vote) -> None:
    """A curve in its frame below its heading; k along the logarithm, the advised one as a line, its range shaded."""
    from PIL import Image, ImageDraw

    pen, lead, small = sheet.Pen(page), sheet.line_height(sheet.LEAD) + ABOVE, sheet.line_height(sheet.TEXT)
    pen.write(at, curve.heading, sheet.LEAD, sheet.INK, width)
    ticks = _ticks(curve)
    low, high = ticks[0], ticks[-1]
    w, h = (width - LEFT) * FINE, HEIGHT * FINE
    first, last = log(curve.ks[0]), log(curve.ks[-1])

    def across(k: float) -> float:
        inner = 0.02 * w
        return inner + (log(k) - first) / (last - first or 1) * (w - 2 * inner)

    def down(value: float) -> float:
        return h * (1 - (min(high, max(low, value)) - low) / (high - low))

    frame = Image.new("RGB", (w, h), sheet.MAT)
    pencil = ImageDraw.Draw(frame)
    pencil.rectangle((across(advised.least) - FINE, 0, across(advised.most) + FINE, h), fill=BAND)
    for tick in ticks:
        pencil.line((0, down(tick), w, down(tick)), fill=sheet.PAPER, width=2 * FINE)
    upper = [(across(k), down(s + e)) for k, s, e in zip(curve.ks, curve.scores, curve.errors, strict=True)]
    lower = [(across(k), down(s - e)) for k, s, e in zip(curve.ks, curve.scores, curve.errors, strict=True)]
    if len(upper) > 1:
        pencil.polygon([*upper, *reversed(lower)], fill=SPREAD)
    pencil.line((across(advised.k), 0, across(advised.k), h), fill=sheet.ACCENT, width=FINE)
    points = [(across(k), down(s)) for k, s in zip(curve.ks, curve.scores, strict=True)]
    pencil.line(points, fill=LINE, width=3 * FINE, joint="curve")
    for k, (x, y) in zip(curve.ks, points, strict=True):
        best = k == curve.vote.k
        size = (10 if best else 5) * FINE
        pencil.ellipse((x - size, y - size, x + size, y + size), fill=sheet.ACCENT if best else LINE)
    page.paste(frame.reduce(FINE), (at[0] + LEFT, at[1] + lead))
    for tick in ticks:
        y = at[1] + lead + round(down(tick) / FINE) - small // 2
        pen.write((at[0], y), f"{tick:.6g}", sheet.TEXT, sheet.QUIET, LEFT - 16)
    free = 0.0
    for k in curve.ks:
        x = at[0] + LEFT + round(across(k) / FINE)
        if x - 30 >= free:
            pen.write((x - 30, at[1] + lead + HEIGHT + 4), f"{k}", sheet.TEXT, sheet.QUIET, 60, centre=True)
            free = x + 30


def _ticks(curve: Curve) -> list[float]:
    """Four to nine round numbers that reach from the least score, or 0, to beyond the largest with its error.

    What lies far below no structure is cut off at as much below 0 as the largest lies above.
    """
    high = max(0.01, *(s + e for s, e in zip(curve.scores, curve.errors, strict=True)))
    low = max(-high, min(0.0, *curve.scores))
    rough = (high - low) / 5
    unit = 10.0 ** floor(log10(rough))
    step = next(unit * times for times in (1, 2, 5, 10) if unit * times >= rough)
    start = floor(low / step + 1e-9)
    ticks = [start * step]
    while ticks[-1] < high - 1e-9:
        ticks.append((start + len(ticks)) * step)
    return [round(tick, 6) for tick in ticks]
