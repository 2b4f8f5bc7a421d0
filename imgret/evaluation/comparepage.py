"""Two runs on one page: their maps laid on each other, and the images on whose clusters they disagree most."""

from __future__ import annotations

from base64 import b64encode
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from imgret.errors import UsageError, unwritable
from imgret.evaluation.sweeppage import STYLE
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
    titles = [f"{run.folder.name} · {run.title}" for run in (pair.first, pair.second)]
    if not len(pair.rows):
        body = "<p>No image is in both runs: there is nothing to lay side by side.</p>"
    else:
        said = f"ARI {pair.agreement['ari']:.3f}, AMI {pair.agreement['ami']:.3f}"
        said += f"; {counted(pair.since.moved, 'image')} of {len(pair.rows):,} moved"
        body = f"<p>{said}. Clusters that belong together have one colour; an image that moved is ringed.</p>"
        body += _maps(pair) + _worst(pair)
    head = "".join(f"<li>{'AB'[place]}: {escape(printable(title))}</li>" for place, title in enumerate(titles))
    return PAGE.format(style=STYLE + MORE, head=head, body=body, script=SCRIPT)


def _maps(pair: Comparison) -> str:
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
    names = [printable(pair.first.paths[row]) for row in pair.rows[rows, 0]]
    moved = home != before
    drawn = [_map(one, edge, before, before, moved, names), _map(other, edge, after, colours, moved, names)]
    note = f"<p>{len(rows):,} of them, drawn by seed {pair.first.seed}.</p>" * (len(rows) < len(pair.rows))
    views = [run.view_name for run in (pair.first, pair.second)]
    views[1] += ", turned onto A's, of the same spread"
    figures = "".join(
        f"<figure><figcaption>{'AB'[place]} · {escape(printable(view))}</figcaption>{svg}</figure>"
        for place, (view, svg) in enumerate(zip(views, drawn, strict=True))
    )
    return f'<h2>Maps</h2>{note}<div class="maps">{figures}</div><p id="named">&nbsp;</p>'


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


def _map(points: Floats64, edge: float, clusters: Ints, colours: Ints, moved: Ints, names: list[str]) -> str:
    places = np.rint((points / edge + 1) * SIDE / 2).astype(int)
    places[:, 1] = SIDE - places[:, 1]
    dots = [
        f'<circle cx="{x}" cy="{y}" r="7" fill="{_colour(int(colour))}"{" class=moved" * bool(went)} '
        f'data-i="{number}"><title>{escape(name)}: {_place(int(cluster))}</title></circle>'
        for number, ((x, y), cluster, colour, went, name) in enumerate(
            zip(places.tolist(), clusters, colours, moved, names, strict=True)
        )
    ]
    return f'<svg viewBox="-20 -20 {SIDE + 40} {SIDE + 40}" role="img" aria-label="map">{"".join(dots)}</svg>'


def _worst(pair: Comparison) -> str:
    """The images whose two clusters have least in common, of those with a thumbnail; ties by id."""
    order = np.argsort(-pair.disagreement, kind="stable")
    cards: list[str] = []
    for place in order[: 2 * WORST].tolist():
        if len(cards) == WORST or pair.disagreement[place] == 0:
            break
        row = int(pair.rows[place, 0])
        try:
            data = b64encode(pair.first.thumbnail(row)).decode("ascii")
        except (OSError, ValueError, UsageError):  # the image is gone, or what opens it
            continue
        before, after = (int(labels[place]) for labels in pair.labels)
        cards.append(
            f'<figure><img src="data:image/jpeg;base64,{data}" alt="" loading="lazy"><figcaption>'
            f"{escape(printable(Path(pair.first.paths[row]).name))}<br>A {_place(before)} → B {_place(after)}<br>"
            f"{1 - pair.disagreement[place]:.0%} in common</figcaption></figure>"
        )
    if not cards:
        return "<h2>Images</h2><p>There is none on which they disagree, or none whose file is still there.</p>"
    about = "Their cluster in A and that in B have the smallest share of images in common."
    return f'<h2>Where they disagree most</h2><p>{about}</p><div class="cards">{"".join(cards)}</div>'


def _place(cluster: int) -> str:
    return "noise" if cluster < 0 else f"cluster {cluster}"


def _colour(cluster: int) -> str:
    """Of a cluster by its number in the first run; noise is grey."""
    light = (52, 38, 66)[cluster // 12 % 3]
    return "var(--quiet)" if cluster < 0 else f"hsl({cluster * GOLDEN % 360:.0f} 60% {light}%)"


MORE = """
h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem }
.maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: 1rem }
figure { margin: 0; min-width: 0 }
figcaption { font-size: .85rem; color: var(--quiet); overflow-wrap: anywhere }
svg { width: 100%; background: var(--mat) }
circle { opacity: .55 }
circle.moved { opacity: 1; stroke: var(--ink); stroke-width: 2 }
circle.on { opacity: 1; stroke: var(--accent); stroke-width: 14 }
img { width: 100%; aspect-ratio: 1; object-fit: contain; background: var(--mat) }
#named { overflow-wrap: anywhere }
"""

SCRIPT = """
const named = document.getElementById("named");
document.querySelector(".maps")?.addEventListener("pointerover", ({target}) => {
  if (!target.dataset.i) return;
  for (const on of document.querySelectorAll(".on")) on.classList.remove("on");
  const same = document.querySelectorAll(`[data-i="${target.dataset.i}"]`);
  for (const dot of same) { dot.classList.add("on"); dot.parentNode.append(dot); }
  named.textContent = [...same].map((dot, at) => (at ? "B " : "A ") + dot.firstChild.textContent).join(" · ");
});
"""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>imgret: two runs</title>
<style>{style}</style>
</head>
<body>
<h1>Two runs</h1>
<ul>{head}</ul>
{body}
<script>{script}</script>
</body>
</html>
"""
