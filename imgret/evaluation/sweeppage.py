"""The table of a sweep as a page: one HTML file, which needs no other and no network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from imgret.evaluation.jobs import SEED, Done, Row, relative
from imgret.evaluation.sweeptable import best, cell, columns, notes, runs, settings, values
from imgret.pictures.sheet import ACCENT, INK, MAT, PAPER, QUIET
from imgret.words import printable


def page(rows: Sequence[Row], command: str, folder: Path) -> str:
    """The table as an HTML page that needs no other file and no network; it is to lie in `folder`."""
    above, shown = settings(rows), columns(rows)
    starred = [best(rows, column) for column in shown]
    head = "".join(f'<th class="setting"><button>{escape(printable(key))}</button></th>' for key in above.values())
    head += "".join(
        f"<th><button>{escape(printable(title))}</button></th>"
        for title in ("runs", *(column.title for column in shown))
    )
    head += '<th class="setting">folders</th>'
    body = []
    for place, row in enumerate(rows):
        cells = [f'<td class="setting" data-v="{escape(value)}">{escape(value)}</td>' for value in values(row)]
        if row.finished:
            cells.append(f'<td data-v="{len(row.finished)}">{runs(row)}</td>')
            for column, stars in zip(shown, starred, strict=True):
                figure = row.figures.get(column.name)
                value, mark = f' data-v="{figure.mean!r}"' if figure else "", ' class="best"' * (place in stars)
                cells.append(f"<td{value}{mark}>{escape(cell(column, figure, chr(0x2009)))}</td>")
            cells.append(f'<td class="setting">{" ".join(_link(job, folder) for job in row.jobs)}</td>')
        else:
            cells.append(f'<td class="setting" colspan="{len(shown) + 2}">failed: {escape(printable(row.failed))}</td>')
        body.append(f"<tr>{''.join(cells)}</tr>")
    said = "".join(f"<li>{escape(note)}</li>" for note in notes(rows))
    return PAGE.format(
        command=escape(printable(command)), head=head, body="\n".join(body), notes=said, style=STYLE, script=SCRIPT
    )


def _link(job: Done, folder: Path) -> str:
    name = escape(printable(f"seed {job.asked.values[SEED]}" if SEED in job.asked.values else "run"))
    if job.folder is None:
        return f'<span title="{escape(printable(job.failed))}">{name} failed</span>'
    way = quote(relative(job.folder, folder).encode("utf-8", "surrogateescape"))
    return f'<a href="{escape(way)}/">{name}</a>'


def _css(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


STYLE = f"""
:root {{ color-scheme: light dark; --paper: {_css(PAPER)}; --mat: {_css(MAT)}; --ink: {_css(INK)};
  --quiet: {_css(QUIET)}; --accent: {_css(ACCENT)} }}
@media (prefers-color-scheme: dark) {{
  :root {{ --paper: #18181b; --mat: #27272a; --ink: #f3f3f1; --quiet: #a1a1aa }}
}}
body {{ margin: 2rem auto; max-width: 90rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif }}
h1 {{ font-size: 1.4rem }}
code {{ overflow-wrap: anywhere }}
.box {{ overflow-x: auto }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums }}
th, td {{ padding: .4rem .5rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--mat) }}
.setting {{ text-align: left }}
th button {{ all: unset; cursor: pointer }}
th button:focus-visible {{ outline: 2px solid var(--accent) }}
th[aria-sort=ascending]::after {{ content: " ↑" }}
th[aria-sort=descending]::after {{ content: " ↓" }}
tbody tr:hover {{ background: var(--mat) }}
.best {{ color: var(--accent); font-weight: 700 }}
.best::after {{ content: "*"; margin-right: -.5em }}
a {{ color: inherit }}
ul, p {{ color: var(--quiet); padding: 0; list-style: none }}
"""

SCRIPT = """
const table = document.querySelector("table"), body = table.tBodies[0];
table.tHead.onclick = ({target}) => {
  const th = target.closest("button")?.parentNode;
  if (!th) return;
  const down = th.ariaSort === "ascending" ? -1 : 1, at = th.cellIndex;
  for (const other of th.parentNode.cells) other.ariaSort = null;
  th.ariaSort = down > 0 ? "ascending" : "descending";
  const of = row => row.cells[at]?.dataset.v;
  body.append(...[...body.rows].sort((a, b) => {
    const [x, y] = [of(a), of(b)];
    if (x === undefined || y === undefined) return (x === undefined) - (y === undefined);
    return down * (isNaN(x) || isNaN(y) ? x.localeCompare(y) : x - y);
  }));
};
"""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>imgret: a sweep</title>
<style>{style}</style>
</head>
<body>
<h1>A sweep</h1>
<p><code>{command}</code></p>
<div class="box">
<table>
<thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody>
</table>
</div>
<ul>{notes}</ul>
<p><a href="table.csv">table.csv</a>, a row a setting; <a href="jobs.csv">jobs.csv</a>, a row a job</p>
<script>{script}</script>
</body>
</html>
"""
