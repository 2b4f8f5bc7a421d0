"""All clusters at a glance: one picture of the largest, and a table of every one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imgret import register
from imgret.plugin import counted, sheet, write_csv

if TYPE_CHECKING:
    from PIL import Image

    from imgret import Run

CARDS = 24  # clusters in the picture
COLUMNS = 4  # cards side by side
UNIT = 116  # width of a member's picture, in pixels; the representative is twice as wide
SEAM = 6  # between the pictures of a card
SPACE = 48  # between cards
SINCE = "was", "stayed", "came", "left"
LABEL = "label", "label_share", "labelled"
HEADER = "cluster", "size", "representative", "mean_distance", *LABEL, *SINCE, "name", "boundary", "odd"


@register("report")
def clusters(run: Run, folder: Path) -> list[Path]:
    """A card for each of the largest clusters, and a table of all: clusters.jpg and clusters.csv.

    A card shows the representative, and four members at even steps of their order by distance to the centroid: the
    doubtful ones as well as the typical. Pictures are cropped to their common shape. In the table noise is cluster
    -1; `label` is the commonest of the `labelled` members, `label_share` its part of them. `was` is the cluster's
    number in the previous run of the collection, to which the images that `stayed` belonged, but not those that `came`;
    `left` are that one's other images. Empty where there is no such run, and `was` where no cluster was this one.
    `name` is what is much commoner in the cluster than elsewhere, or what lies beside it (docs/labels.md), `boundary`
    the ids of images nearly as near to another centroid, `odd` those of images far from their own, with spaces between;
    empty where there are none.
    """
    return [sheet.save(_overview(run), folder / "clusters.jpg"), _table(run, folder / "clusters.csv")]


def _overview(run: Run) -> Image.Image:
    from PIL import Image

    count = min(len(run.medoids), CARDS)
    shown = [_examples(run, cluster) for cluster in range(count)]
    readers = [partial(run.thumbnail, row) for rows in shown for row in rows]
    loaded = iter(sheet.load_pictures(readers, 4 * UNIT))
    cards = [[next(loaded) for _ in rows] for rows in shown]
    shape = sheet.aspect([picture for card in cards for picture in card])
    width, height = 4 * UNIT + 3 * SEAM, 2 * round(UNIT / shape) + SEAM
    columns = min(COLUMNS, max(2, count))
    step = height + sheet.GAP // 2 + 2 * sheet.line_height(sheet.TEXT) + SPACE
    across = columns * (width + SPACE) - SPACE
    top = sheet.MARGIN + sheet.line_height(sheet.TITLE) + sheet.line_height(sheet.LEAD) + SPACE
    down = top + -(-count // columns) * step - SPACE + sheet.MARGIN

    page = Image.new("RGB", (across + 2 * sheet.MARGIN, down), sheet.PAPER)
    pen = sheet.Pen(page)
    pen.write((sheet.MARGIN, sheet.MARGIN), run.title, sheet.TITLE, sheet.INK, across)
    below = sheet.MARGIN, sheet.MARGIN + sheet.line_height(sheet.TITLE)
    pen.write(below, _facts(run), sheet.LEAD, sheet.QUIET, across)
    for cluster, card in enumerate(cards):
        x = sheet.MARGIN + cluster % columns * (width + SPACE)
        y = top + cluster // columns * step
        _draw(page, card, (x, y), shape)
        y += height + sheet.GAP // 2
        name, size, label = _words(run, cluster)
        taken = pen.write((x, y), name, sheet.TEXT, sheet.INK, width)
        pen.write((x + taken + sheet.GAP // 2, y), size, sheet.TEXT, sheet.QUIET, width - taken - sheet.GAP // 2)
        pen.write((x, y + sheet.line_height(sheet.TEXT)), label, sheet.TEXT, sheet.QUIET, width)
    return page


def _examples(run: Run, cluster: int) -> list[int]:
    """The representative's row, and those of up to four others, spread over the order by distance."""
    import numpy as np

    rows = np.flatnonzero(run.labels == cluster)
    rows = rows[np.argsort(run.distances[rows], kind="stable")]
    rows = rows[rows != run.medoids[cluster]]
    spread = rows if len(rows) <= 4 else rows[(2 * np.arange(4) + 1) * len(rows) // 8]
    return [int(run.medoids[cluster]), *map(int, spread)]


def _draw(page: Image.Image, card: list[Image.Image | str], at: tuple[int, int], shape: float) -> None:
    """The first picture large, the others in two rows of two beside it, all cropped around their middle."""
    from PIL import Image, ImageOps

    w, h = UNIT, round(UNIT / shape)
    places = [(0, 0), *((x * (w + SEAM), y * (h + SEAM)) for y in (0, 1) for x in (2, 3))]
    for picture, (x, y) in zip(card, places, strict=False):
        size = (w, h) if x else (2 * w + SEAM, 2 * h + SEAM)
        if not isinstance(picture, str):
            picture = ImageOps.fit(picture, size, Image.Resampling.BICUBIC)
        sheet.place(page, picture, (at[0] + x, at[1] + y), size)


def _words(run: Run, cluster: int) -> tuple[str, str, str]:
    size = int((run.labels == cluster).sum())
    return f"Cluster {cluster:03d}", counted(size, "image"), run.profiles[cluster].name


def _facts(run: Run) -> str:
    count, noise = len(run.medoids), int((run.labels < 0).sum())
    facts = [counted(len(run.labels), "image"), counted(count, "cluster")]
    if count > CARDS:
        facts[1] = f"the {CARDS} largest of {facts[1]}"
    if noise:
        facts.append(f"{noise:,} in none")
    return " · ".join(facts)


def _table(run: Run, file: Path) -> Path:
    noise = [-1] if (run.labels < 0).any() else []
    write_csv(file, HEADER, (_row(run, cluster) for cluster in [*range(len(run.medoids)), *noise]))
    return file


def _row(run: Run, cluster: int) -> tuple[object, ...]:
    import numpy as np

    rows = run.labels == cluster
    label, count, known = sheet.main_label(run.truth[rows], run.truth_names)
    share = round(count / known, 6) if known else ""
    distance = round(float(run.distances[rows].mean(dtype=np.float64)), 6)
    representative = run.paths[run.medoids[cluster]] if cluster >= 0 else ""
    name, *lists = run.profiles[cluster] if cluster >= 0 else ("", (), ())
    said = (name, *(" ".join(run.ids[row] for row in listed) for listed in lists))
    return cluster, int(rows.sum()), representative, distance, label, share, known, *_since(run, cluster), *said


def _since(run: Run, cluster: int) -> tuple[object, ...]:
    since = run.info.since
    now = since and (since.noise if cluster < 0 else since.clusters[cluster])
    if not now:
        return ("",) * len(SINCE)
    return "" if now.was is None else now.was, now.stayed, now.came, now.left
