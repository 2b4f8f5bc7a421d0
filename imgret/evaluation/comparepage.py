"""Two runs on one page: their maps laid on each other, and the images on whose clusters they disagree most."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.errors import UsageError, unwritable
from imgret.pictures import pages
from imgret.store.files import commit
from imgret.words import counted, printable

if TYPE_CHECKING:
    from imgret.contracts import Floats, Ints
    from imgret.evaluation.comparison import Comparison, Floats64

MOST = 4000  # images on the maps: a seeded sample of more
WORST = 48  # images that are shown
SIDE = 1000  # of a map, in the units of its drawing
GOLDEN = 137.508  # degrees: hues of successive clusters lie far apart


def write(pair: Comparison, file: Path) -> Path:
    """Write the page, which needs no other file and no network. Raises UsageError where that cannot be done."""
    text = page(pair)
    try:
        commit(file, lambda temporary: temporary.write_text(text, encoding="utf-8"))
    except (OSError, ValueError) as error:  # ValueError: no name of a file
        raise unwritable(printable(str(file)), error, "name another file: --page FILE.html") from error
    return file


def page(pair: Comparison) -> str:
    """The page as HTML. It has no image of either run without both having it, and none without a thumbnail."""
    runs = [f"{run.folder.name} · {run.title}" for run in (pair.first, pair.second)]
    values: dict[str, Any] = {"title": "imgret: two runs", "runs": runs, "maps": [], "why": pair.reasons.lines()}
    if len(pair.rows):
        said = f"ARI {pair.agreement['ari']:.3f}, AMI {pair.agreement['ami']:.3f}"
        said += f"; {counted(pair.since.moved, 'image')} of {len(pair.rows):,} moved"
        values |= {"said": said, "side": SIDE, "images": _worst(pair), **_maps(pair)}
    return pages.filled(pages.HOME, "compare", values, images="data:")


def _maps(pair: Comparison) -> dict[str, Any]:
    """Both maps, and what is to be said of which images are on them."""
    rows = np.arange(len(pair.rows))
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng(pair.first.seed).choice(rows, MOST, replace=False))
    one, other = (points[rows] for points in aligned(pair))
    edge = max(float(np.abs(points).max()) for points in (one, other)) or 1.0
    before, after = (labels[rows] for labels in pair.labels)
    was = [now.was for now in pair.since.clusters]
    home = np.array([-2 if old is None else old for old in was] + [-1], np.int64)[after]  # as `previous` has it
    spare = len(pair.first.medoids)  # colours of clusters that were none before
    colours = np.where((home < 0) & (after >= 0), spare + after, home)
    names = [pair.first.paths[row] for row in pair.rows[rows, 0]]
    moved = home != before
    views = [pair.first.view_name, f"{pair.second.view_name}, turned onto A's, of the same spread"]
    dots = [_dots(one, edge, before, before, moved, names), _dots(other, edge, after, colours, moved, names)]
    note = f"{len(rows):,} of them, drawn by seed {pair.first.seed}." if len(rows) < len(pair.rows) else ""
    return {"note": note, "maps": [{"view": view, "dots": each} for view, each in zip(views, dots, strict=True)]}


def aligned(pair: Comparison) -> tuple[Floats64, Floats64]:
    """Both maps (b, 2), centred and scaled to a sum of squares of 1; the second turned onto the first.

    Orthogonal Procrustes analysis, with reflection: P. Schoenemann, 1966; J. Gower, 1975. Both keep the same spread: by
    the scale of least squares, a map that has little in common with the other would shrink to a spot.
    """
    runs = pair.first, pair.second
    one, other = (_unit(run.view[pair.rows[:, side]]) for side, run in enumerate(runs))
    u, _, v = np.linalg.svd(other.T @ one)
    return one, other @ (u @ v)


def _unit(points: Floats) -> Floats64:
    centred = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    length = np.linalg.norm(centred)
    return np.asarray(centred / length if length > 0 else centred)


def _dots(
    points: Floats64, edge: float, clusters: Ints, colours: Ints, moved: Ints, names: list[str]
) -> list[dict[str, Any]]:
    places = np.rint((points / edge + 1) * SIDE / 2).astype(int)
    places[:, 1] = SIDE - places[:, 1]
    return [
        {"x": x, "y": y, "name": name, "cluster": _place(int(cluster)), "colour": _colour(int(colour)), "moved": went}
        for (x, y), cluster, colour, went, name in zip(places.tolist(), clusters, colours, moved, names, strict=True)
    ]


def _worst(pair: Comparison) -> list[dict[str, str]]:
    """The images whose two clusters have least in common, of those with a thumbnail; ties by id."""
    order = np.argsort(-pair.disagreement, kind="stable")
    images: list[dict[str, str]] = []
    for place in order[: 2 * WORST].tolist():
        if len(images) == WORST or pair.disagreement[place] == 0:
            break
        row = int(pair.rows[place, 0])
        try:
            data = b64encode(pair.first.thumbnail(row)).decode("ascii")
        except (OSError, ValueError, UsageError):  # the image is gone, or what opens it
            continue
        before, after = (_place(int(labels[place])) for labels in pair.labels)
        name, common = Path(pair.first.paths[row]).name, f"{1 - pair.disagreement[place]:.0%}"
        images.append({"data": data, "name": name, "before": before, "after": after, "common": common})
    return images


def _place(cluster: int) -> str:
    return "noise" if cluster < 0 else f"cluster {cluster}"


def _colour(cluster: int) -> str:
    """Of a cluster by its number in the first run; noise is grey."""
    light = (52, 38, 66)[cluster // 12 % 3]
    return "var(--quiet)" if cluster < 0 else f"hsl({cluster * GOLDEN % 360:.0f} 60% {light}%)"
