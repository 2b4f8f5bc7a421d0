"""What cluster-then-rank costs as a picture: recall and the share scanned against the number of probes."""

from __future__ import annotations

from math import log
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imgret.errors import UsageError
from imgret.pictures import sheet

if TYPE_CHECKING:
    from PIL import Image

    from imgret.contracts import RGB
    from imgret.evaluation.probes import Cost
    from imgret.ops.intervals import Interval

FINE = 3  # times as large are lines drawn, and then made small, which smooths them
HEIGHT, LEFT, RIGHT = 640, 110, 40  # of the chart, and for what stands beside it
SCANNED: RGB = (88, 96, 112)
RECALL = sheet.ACCENT


class Curve(NamedTuple):
    """Figures by the number of probes, a colour, and what is written beside the last of them."""

    name: str
    colour: RGB
    points: list[tuple[int, Interval]]


def draw(cost: Cost | None, title: str, repeat: str, file: Path) -> Path:
    """Write the picture; its file. Raises UsageError where nothing is probed, OSError where it cannot be written."""
    rows = [row for row in cost.rows if row.probes is not None] if cost else []
    if cost is None or not rows:
        raise UsageError("--plot: this run's search probes no clusters\nmake the run with its default retriever")
    curves = [Curve(f"recall@{cost.top}", RECALL, [(row.probes or 0, row.recall) for row in rows])]
    scanned = [(row.probes or 0, row.scanned) for row in rows if row.scanned is not None]
    curves += [Curve("share of the images scanned", SCANNED, scanned)] if scanned else []
    return sheet.save(_page(cost, curves, title, repeat), file)


def _page(cost: Cost, curves: list[Curve], title: str, repeat: str) -> Image.Image:
    from PIL import Image

    lead, text = sheet.line_height(sheet.LEAD), sheet.line_height(sheet.TEXT)
    top = sheet.MARGIN + sheet.line_height(sheet.TITLE) + 2 * lead + sheet.GAP
    notes = [
        f"Along: clusters probed, by the logarithm; all of them are an exact scan. {cost.queries:,} images of the run "
        "as queries; bands: 95 % intervals over queries.",
        f"To repeat it: {repeat} --plot FILE.png",
    ]
    page = Image.new("RGB", (sheet.WIDTH + 2 * sheet.MARGIN, 1), sheet.PAPER)
    lines = [line for note in notes for line in sheet.Pen(page).wrap(note, sheet.TEXT, sheet.WIDTH)]
    foot = top + HEIGHT + text + sheet.GAP
    page = Image.new("RGB", (page.width, foot + len(lines) * text + sheet.MARGIN), sheet.PAPER)
    pen = sheet.Pen(page)
    x, y = sheet.MARGIN, sheet.MARGIN + sheet.line_height(sheet.TITLE)
    pen.write((x, sheet.MARGIN), title, sheet.TITLE, sheet.INK, sheet.WIDTH)
    pen.write((x, y), cost.said, sheet.LEAD, sheet.QUIET, sheet.WIDTH)
    for curve in curves:
        x += pen.write((x, y + lead), f"{curve.name}", sheet.LEAD, curve.colour, sheet.WIDTH // 2) + 2 * sheet.GAP
    _chart(page, top, curves, cost.chosen)
    for i, line in enumerate(lines):
        pen.write((sheet.MARGIN, foot + i * text), line, sheet.TEXT, sheet.QUIET, sheet.WIDTH)
    return page


def _chart(page: Image.Image, top: int, curves: list[Curve], chosen: int | None) -> None:
    from PIL import Image, ImageDraw

    pen, text = sheet.Pen(page), sheet.line_height(sheet.TEXT)
    probes = [p for p, _ in curves[0].points]
    w, h, last = sheet.WIDTH - LEFT, HEIGHT, log(probes[-1]) or 1.0

    def across(p: int) -> float:
        return RIGHT + log(p) / last * (w - 2 * RIGHT)

    def at(p: int, value: float) -> tuple[float, float]:
        return FINE * across(p), FINE * (h * (1.02 - value) / 1.04)

    frame = Image.new("RGB", (w * FINE, h * FINE), sheet.MAT)
    pencil = ImageDraw.Draw(frame, "RGBA")
    for tick in range(0, 11, 2):
        pencil.line((0, at(1, tick / 10)[1], w * FINE, at(1, tick / 10)[1]), fill=sheet.PAPER, width=2 * FINE)
        level = top + round(at(1, tick / 10)[1] / FINE) - text // 2
        pen.write((sheet.MARGIN, level), f"{tick / 10:.0%}", sheet.TEXT, sheet.QUIET, LEFT - 16)
    if chosen is not None:
        pencil.line((*at(chosen, 1.02), *at(chosen, -0.02)), fill=(*sheet.INK, 90), width=2 * FINE)
    for curve in curves:
        band = [at(p, f.high) for p, f in curve.points] + [at(p, f.low) for p, f in reversed(curve.points)]
        if len(curve.points) > 1:
            pencil.polygon(band, fill=(*curve.colour, 60))
            pencil.line([at(p, f.value) for p, f in curve.points], fill=curve.colour, width=3 * FINE, joint="curve")
        for p, figure in curve.points:
            (x, y), r = at(p, figure.value), FINE * (9 if p == chosen else 6)
            pencil.ellipse((x - r, y - r, x + r, y + r), fill=curve.colour)
    page.paste(frame.reduce(FINE), (sheet.MARGIN + LEFT, top))
    taken: list[float] = []
    for p in sorted(probes, key=lambda p: p != chosen):  # the run's own number is always written
        note, x = f"{p} (this run)" if p == chosen else f"{p}", sheet.MARGIN + LEFT + round(across(p))
        if all(abs(x - other) > 80 for other in taken):
            pen.write((x - 80, top + HEIGHT + 6), note, sheet.TEXT, sheet.QUIET, 160, centre=True)
            taken.append(x)
