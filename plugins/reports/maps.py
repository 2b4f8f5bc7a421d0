"""The collection as a map: every image a dot, coloured by cluster and by label, with the clusters' representatives."""

from __future__ import annotations

from functools import partial
from math import cos, radians, sin
from pathlib import Path
from typing import TYPE_CHECKING

from imgret import register
from imgret.plugin import charts, counted, sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from PIL import Image

    from imgret import Run
    from imgret.plugin import RGB, Floats, Ints

PANEL = 1400  # width of a map, in pixels; it is as high as the view asks for, within a third of that and the whole
THUMBNAILS = 24  # representatives at most; more would find no room beside the dots
THUMBNAIL = 96  # the longer side of one
FRAME = 4  # around it
NUMBER = 48  # room for the cluster's number below it
EDGE = THUMBNAIL + 44  # free of dots on all sides of a map: as much as a thumbnail takes with its frame and number
STEP = 8  # between the places that are tried for a thumbnail
HIDDEN = 100  # how many pixels farther away a thumbnail goes for each dot that it would hide
LEGEND, ACROSS = 20, 5  # labels that colours can tell apart, and how many stand in a row
NONE = (214, 214, 212)  # noise, and images without a label

Box = tuple[int, int, int, int]


@register("report")
def maps(run: Run, folder: Path) -> list[Path]:
    """map.png, the run's view, and map_pca.png, the first two principal components of X unless those are the view.

    Beside the clusters, the same map coloured by label where labels are known. A label has the colour of a cluster
    where each has more of the other than of any else, and one of its own otherwise. Both axes have one scale.
    """
    from imgret.plugin import ops

    thumbnails = sheet.load_pictures(
        [partial(run.thumbnail, row) for row in run.medoids[:THUMBNAILS].tolist()], THUMBNAIL
    )
    with charts.style():
        paths = [_page(run, run.view, run.view_name, thumbnails).save(folder / "map.png")]
        if run.view_name != "pca":
            paths.append(_page(run, ops.pca(run.X, 2).Z, "pca", thumbnails).save(folder / "map_pca.png"))
    return paths


def _page(run: Run, view: Floats, name: str, thumbnails: Sequence[Image.Image | str]) -> charts.Page:
    import numpy as np
    from matplotlib.transforms import Bbox

    from imgret.plugin import ops

    at, height = _scaled(view)
    by_size = ops.renumber(run.truth)
    matched = _matched(run.labels, by_size)
    panels = [(run.labels, list(range(len(run.medoids))), counted(len(run.medoids), "cluster"), "in none")]
    if len(matched):
        panels.append((by_size, matched, counted(len(matched), "label"), "without one"))
    legend = _legend(run, by_size)
    below = bool(legend) * (sheet.GAP + -(-len(legend) // ACROSS) * sheet.line_height(sheet.TEXT))
    facts = [(f"{counted(len(at), 'image')} · {name}", sheet.QUIET)]
    if len(run.medoids) > THUMBNAILS:
        facts.append((f"the {THUMBNAILS} largest clusters have their representative; all: clusters.csv", sheet.QUIET))
    if len(matched):
        facts.append(("a label has the colour of a cluster where each is mostly the other's", sheet.QUIET))
    across = len(panels) * (PANEL + sheet.MARGIN) - sheet.MARGIN
    page = charts.Page(run.title, facts, (across, charts.HEADING + height + below))
    for i, (codes, ranks, heading, without) in enumerate(panels):
        panel = page.axes((i * (PANEL + sheet.MARGIN), charts.HEADING), (PANEL, height))
        missing = np.count_nonzero(codes < 0)
        panel.set(xlim=(0, PANEL), ylim=(height, 0), title=heading + f" · {missing:,} {without}" * bool(missing))
        panel.axis("off")
        _dots(panel, at, codes, ranks)
        if not i:
            _lay(page, panel, at, run.medoids[: len(thumbnails)], thumbnails)
    if legend:
        names = [page.shorten(text, sheet.TEXT, PANEL // ACROSS - 2 * sheet.GAP) for text in legend]
        dots = [panel.scatter([], [], 16**2, charts.css(colour(rank)), linewidth=0) for rank in matched]
        place = 0, -sheet.GAP / height, 1, 0  # below the panel, which is 1 wide and 1 high
        drawn = panel.legend(
            dots, names, ncols=ACROSS, mode="expand", handlelength=1, loc="upper left", bbox_to_anchor=place
        )
        for text in drawn.get_texts():  # stacked accents are taller than any line
            text.set_clip_box(Bbox.from_extents(panel.bbox.x0, 0, panel.bbox.x1, panel.bbox.y0))
    return page


def _scaled(view: Floats) -> tuple[Ints, int]:
    """View (n, 1 or 2) to pixels (n, 2) of a panel, and the panel's height: one scale for both axes, y upwards."""
    import numpy as np

    points = np.zeros((len(view), 2))
    points[:, : view.shape[1]] = view
    low, high = points.min(axis=0), points.max(axis=0)
    room = PANEL - 2 * EDGE
    extent = float((high - low).max())
    scale = room / extent if extent > 0 else 0.0
    height = min(PANEL, max(PANEL // 3, round(float((high - low)[1]) * scale) + 2 * EDGE))
    centred = (points - (low + high) / 2) * scale * [1, -1]
    return np.rint(centred + np.array([PANEL / 2, height / 2])).astype(np.int64), height


def _matched(labels: Ints, by_size: Ints) -> list[int]:
    """The colour's number for each label: a cluster's, where each has most of the other, else one that no cluster has.

    `labels` (n,) are clusters from 0, `by_size` (n,) labels from 0; -1 is none.
    """
    import numpy as np

    kinds = int(by_size.max(initial=-1)) + 1
    both = (labels >= 0) & (by_size >= 0)
    cells, counts = np.unique(labels[both] * kinds + by_size[both], return_counts=True)
    clusters, names = np.divmod(cells, max(1, kinds))

    def most(of: Ints, other: Ints) -> dict[int, int]:
        """Of each the other that it has most of; of equals the lower."""
        order = np.lexsort((other, -counts, of))
        found, first = np.unique(of[order], return_index=True)
        return dict(zip(found.tolist(), other[order][first].tolist(), strict=True))

    cluster_of, label_of = most(names, clusters), most(clusters, names)
    spare, found = max(1, int(labels.max()) + 1), []
    for label in range(kinds):
        cluster = cluster_of.get(label, -1)
        if label_of.get(cluster) == label:
            found.append(cluster)
        else:
            found.append(spare)
            spare += 1
    return found


def _dots(panel: Axes, at: Ints, codes: Ints, ranks: Sequence[int]) -> None:
    """A dot a row, in the colour of its code's rank, from 0; those without a code first, then by row.

    Rows are in order of id, which is chance: so no kind hides another.
    """
    import numpy as np

    order = np.argsort(codes >= 0, kind="stable")
    size = _size(len(at))
    tints = np.array([*map(colour, ranks), NONE]) / 255  # -1, without a code, is the last
    opacity = min(0.9, max(0.5, 4 / len(at) ** 0.2))
    panel.scatter(at[order, 0], at[order, 1], size**2, c=tints[codes[order]], alpha=opacity, linewidth=0)


def _size(n: int) -> int:
    """The diameter of a dot where there are n, in pixels."""
    return min(24, max(4, int(500 / n**0.5 + 0.5)))


def _lay(page: charts.Page, panel: Axes, at: Ints, medoids: Ints, thumbnails: Sequence[Image.Image | str]) -> None:
    """Lay representatives, in the order of their clusters, beside the dots at (n, 2), each with a line to its own."""
    import numpy as np
    from matplotlib.patches import Rectangle

    line = sheet.line_height(sheet.TEXT)
    pictures = {cluster: p for cluster, p in enumerate(thumbnails) if not isinstance(p, str)}
    sizes = {c: (max(NUMBER, p.width) + 2 * FRAME, p.height + FRAME + line) for c, p in pictures.items()}
    x0, y1, height = (round(edge) for edge in (panel.bbox.x0, panel.bbox.y1, panel.bbox.height))
    for cluster, (left, upper, right, lower) in _free(at[medoids], sizes, (PANEL, height), at).items():
        (x, y), middle, picture, tint = at[medoids[cluster]], (left + right) // 2, pictures[cluster], colour(cluster)
        panel.plot([x, middle], [y, (upper + lower) // 2], color=charts.css(tint), linewidth=FRAME / 2)
        panel.scatter(x, y, (_size(len(at)) + FRAME) ** 2, charts.css(tint), edgecolors=charts.css(sheet.PAPER))
        size = right - left, lower - upper
        panel.add_patch(Rectangle((left, upper), *size, color=charts.css(tint), linewidth=0, zorder=3))  # above lines
        corner = x0 + middle - picture.width // 2, y1 - upper - FRAME - picture.height
        page.figure.figimage(np.asarray(picture), *corner, zorder=9)  # pixel for pixel
        ink = charts.css(sheet.INK if sum(tint) > 3 * 150 else sheet.PAPER)
        panel.text(middle, lower - line + sheet.TEXT, f"{cluster:03d}", color=ink, ha="center", zorder=4)


def _free(at: Ints, sizes: Mapping[int, tuple[int, int]], panel: tuple[int, int], dots: Ints) -> dict[int, Box]:
    """A box of the given size for each place (c, 2), where it hides few of the dots (n, 2), and near.

    In the order of `sizes`, with the least of its distance in pixels and HIDDEN for each dot within it; none that
    touches an earlier one; none for a box that finds no room.
    """
    import numpy as np

    (width, height), laid = panel, dict[int, Box]()
    count = np.zeros((height + 1, width + 1), np.int64)  # dots above and left of a place: a summed-area table
    inside = dots[((dots >= 0) & (dots < panel)).all(axis=1)]
    np.add.at(count, (inside[:, 1] + 1, inside[:, 0] + 1), 1)
    count = count.cumsum(axis=0).cumsum(axis=1)
    for cluster, (w, h) in sizes.items():
        if w > width or h > height:
            continue
        upper, left = np.mgrid[0 : height - h + 1 : STEP, 0 : width - w + 1 : STEP]
        right, lower = left + w, upper + h
        hidden = count[lower, right] - count[upper, right] - count[lower, left] + count[upper, left]
        x, y = at[cluster].tolist()
        cost = np.hypot(left + w / 2 - x, upper + h / 2 - y) + HIDDEN * hidden
        for x0, y0, x1, y1 in laid.values():
            cost[(left < x1 + FRAME) & (x0 < right + FRAME) & (upper < y1 + FRAME) & (y0 < lower + FRAME)] = np.inf
        best = np.unravel_index(cost.argmin(), cost.shape)
        if np.isfinite(cost[best]):
            laid[cluster] = int(left[best]), int(upper[best]), int(right[best]), int(lower[best])
    return laid


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
