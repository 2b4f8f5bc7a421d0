"""The collection as a map: every image a dot, coloured by cluster and by label, the representatives laid on it.

Drawn with Pillow: matplotlib would leave folders in the user's home, and take text that has a `$` for mathematics.
"""

from __future__ import annotations

from functools import partial
from math import cos, pi, radians, sin
from pathlib import Path
from typing import TYPE_CHECKING

from imgret import register
from imgret.plugin import counted, sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PIL import Image

    from imgret import Run
    from imgret.plugin import RGB, Floats, Ints

PANEL = 1400  # width of a map, in pixels; it is as high as the view asks for, within a third of that and the whole
THUMBNAILS = 24  # representatives at most; more would hide the map
THUMBNAIL = 96  # the longer side of one
FRAME = 4  # around it
NUMBER = 48  # room for the cluster's number below it
LEGEND, ACROSS = 20, 5  # labels that colours can tell apart, and how many stand in a row
NONE = (214, 214, 212)  # noise, and images without a label

Box = tuple[int, int, int, int]


@register("report")
def maps(run: Run, folder: Path) -> list[Path]:
    """map.png, the run's view, and map_pca.png, the first two principal components of X unless those are the view.

    Beside the clusters, the same map coloured by label where labels are known. Both axes have one scale.
    """
    from imgret.plugin import ops

    thumbnails = sheet.load_pictures(
        [partial(run.thumbnail, row) for row in run.medoids[:THUMBNAILS].tolist()], THUMBNAIL
    )
    paths = [sheet.save(_page(run, run.view, run.view_name, thumbnails), folder / "map.png")]
    if run.view_name != "pca":
        paths.append(sheet.save(_page(run, ops.pca(run.X, 2).Z, "pca", thumbnails), folder / "map_pca.png"))
    return paths


def _page(run: Run, view: Floats, name: str, thumbnails: Sequence[Image.Image | str]) -> Image.Image:
    import numpy as np
    from PIL import Image

    from imgret.plugin import ops

    at, height = _scaled(view)
    by_size = ops.renumber(run.truth)
    panels = [(run.labels, counted(len(run.medoids), "cluster"), "in none")]
    if np.any(by_size >= 0):
        panels.append((by_size, counted(int(by_size.max()) + 1, "label"), "without one"))
    legend = _legend(run, by_size)
    margin, gap, line, lead = sheet.MARGIN, sheet.GAP, sheet.line_height(sheet.TEXT), sheet.line_height(sheet.LEAD)
    headings = margin + sheet.line_height(sheet.TITLE) + lead + gap
    top = headings + lead + gap
    across = len(panels) * (PANEL + margin) - margin
    down = top + height + bool(legend) * (gap + -(-len(legend) // ACROSS) * line) + margin

    page = Image.new("RGB", (across + 2 * margin, down), sheet.PAPER)
    pen = sheet.Pen(page)
    pen.write((margin, margin), run.title, sheet.TITLE, sheet.INK, across)
    facts = f"{counted(len(at), 'image')} · {name}"
    pen.write((margin, margin + sheet.line_height(sheet.TITLE)), facts, sheet.LEAD, sheet.QUIET, across)
    for i, (codes, heading, without) in enumerate(panels):
        x = margin + i * (PANEL + margin)
        panel = _dots(at, height, codes)
        if not i:
            _lay(panel, at[run.medoids[: len(thumbnails)]], thumbnails)
        page.paste(panel, (x, top))
        taken = pen.write((x, headings), heading, sheet.LEAD, sheet.INK, PANEL)
        if np.any(codes < 0):
            missing = f"{(codes < 0).sum():,} {without}"
            pen.write((x + taken + gap // 2, headings), missing, sheet.LEAD, sheet.QUIET, PANEL - taken - gap // 2)
    for i, text in enumerate(legend):
        x, y = margin + across - PANEL + i % ACROSS * (PANEL // ACROSS), top + height + gap + i // ACROSS * line
        page.paste(colour(i), (x, y + 7, x + 16, y + 23), _dot(16, 1.0))
        pen.write((x + gap, y), text, sheet.TEXT, sheet.QUIET, PANEL // ACROSS - 2 * gap)
    return page


def _scaled(view: Floats) -> tuple[Ints, int]:
    """View (n, 1 or 2) to pixels (n, 2) of a panel, and the panel's height: one scale for both axes, y upwards."""
    import numpy as np

    points = np.zeros((len(view), 2))
    points[:, : view.shape[1]] = view
    low, high = points.min(axis=0), points.max(axis=0)
    room = PANEL - 2 * THUMBNAIL
    extent = float((high - low).max())
    scale = room / extent if extent > 0 else 0.0
    height = min(PANEL, max(PANEL // 3, round(float((high - low)[1]) * scale) + 2 * THUMBNAIL))
    centred = (points - (low + high) / 2) * scale * [1, -1]
    return np.rint(centred + np.array([PANEL / 2, height / 2])).astype(np.int64), height


def _dots(at: Ints, height: int, codes: Ints) -> Image.Image:
    """A panel with a dot a row; those without a code first, then by row, which is chance: none hides another kind."""
    import numpy as np
    from PIL import Image

    panel = Image.new("RGB", (PANEL, height), sheet.PAPER)
    size = min(24, max(4, round(500 / len(at) ** 0.5)))
    dot = _dot(size, min(0.9, max(0.5, 4 / len(at) ** 0.2)))
    colours = [*map(colour, range(codes.max() + 1)), NONE]  # -1, without a code, is the last
    for row in np.argsort(codes >= 0, kind="stable").tolist():
        x, y = (at[row] - size // 2).tolist()
        panel.paste(colours[codes[row]], (x, y, x + size, y + size), dot)
    return panel


def _dot(size: int, opacity: float) -> Image.Image:
    from PIL import Image, ImageDraw

    disc = Image.new("L", (8 * size, 8 * size))
    ImageDraw.Draw(disc).ellipse((0, 0, 8 * size - 1, 8 * size - 1), fill=round(255 * opacity))
    return disc.reduce(8)


def _lay(panel: Image.Image, at: Ints, thumbnails: Sequence[Image.Image | str]) -> None:
    """Lay representatives, in the order of their clusters, on their places (c, 2) on the map, or near by."""
    from PIL import ImageDraw

    pen, draw, line = sheet.Pen(panel), ImageDraw.Draw(panel), sheet.line_height(sheet.TEXT)
    pictures = {cluster: p for cluster, p in enumerate(thumbnails) if not isinstance(p, str)}
    sizes = {c: (max(NUMBER, p.width) + 2 * FRAME, p.height + FRAME + line) for c, p in pictures.items()}
    boxes = _free(at, sizes, panel.size)
    for cluster, box in boxes.items():  # before any thumbnail, lest a line cross one
        x, y = at[cluster].tolist()
        draw.line((x, y, (box[0] + box[2]) // 2, (box[1] + box[3]) // 2), fill=colour(cluster), width=FRAME)
    for cluster, box in boxes.items():
        picture, tint = pictures[cluster], colour(cluster)
        panel.paste(tint, box)
        panel.paste(picture, ((box[0] + box[2] - picture.width) // 2, box[1] + FRAME))
        ink = sheet.INK if sum(tint) > 3 * 150 else sheet.PAPER
        pen.write((box[0], box[3] - line), f"{cluster:03d}", sheet.TEXT, ink, box[2] - box[0], centre=True)


def _free(at: Ints, sizes: Mapping[int, tuple[int, int]], panel: tuple[int, int]) -> dict[int, Box]:
    """A box of the given size around each place, or at most a thumbnail away; none where others lie already."""
    steps = [(THUMBNAIL * ring / 8, pi * turn / 8) for ring in range(1, 9) for turn in range(16)]
    near = [(0, 0)] + [(round(r * cos(angle)), round(r * sin(angle))) for r, angle in steps]
    laid: dict[int, Box] = {}
    for cluster, (w, h) in sizes.items():
        x, y = at[cluster].tolist()
        for left, upper in ((x + dx - w // 2, y + dy - h // 2) for dx, dy in near):
            box = left, upper, left + w, upper + h
            inside = left >= 0 and upper >= 0 and box[2] <= panel[0] and box[3] <= panel[1]
            if inside and not any(_overlap(box, other) for other in laid.values()):
                laid[cluster] = box
                break
    return laid


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] + FRAME and b[0] < a[2] + FRAME and a[1] < b[3] + FRAME and b[1] < a[3] + FRAME


def _legend(run: Run, by_size: Ints) -> list[str]:
    """The labels with their counts, largest first; none where they are too many to be told apart."""
    import numpy as np

    if by_size.max() >= LEGEND:
        return []
    members = [np.flatnonzero(by_size == code) for code in range(by_size.max() + 1)]
    return [f"{run.truth_names[run.truth[rows[0]]]}  {len(rows):,}" for rows in members]


def colour(i: int) -> RGB:
    """The i-th of some twenty colours that differ, after which they come again, slightly turned.

    Hues a golden angle apart, in three lightnesses, in Oklch (Ottosson 2020, "A perceptual color space for image
    processing"), so that no cluster looks more important than another.
    """
    lightness, chroma = ((0.64, 0.17), (0.50, 0.14), (0.77, 0.13))[i % 3]
    hue = radians(255 + 137.508 * i)
    a, b = chroma * cos(hue), chroma * sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = _encoded(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short)
    green = _encoded(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short)
    blue = _encoded(-0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short)
    return red, green, blue


def _encoded(linear: float) -> int:
    """Linear light to an sRGB byte (IEC 61966-2-1)."""
    light = min(1.0, max(0.0, linear))
    return round(255 * (12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))
