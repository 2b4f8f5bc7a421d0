"""`imgret compare [RUN RUN ...]`: the figures of runs side by side; of two, why they differ and where they disagree."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from imgret.care.outcheck import runs
from imgret.commands._parser import Parser
from imgret.errors import UsageError
from imgret.evaluation.comparison import Comparison, Split
from imgret.registry import figures
from imgret.runs.differences import told_apart
from imgret.runs.previous import age
from imgret.runs.run import Run, find
from imgret.screen import say, say_json
from imgret.words import counted, printable, quoted, shortened, shown_path, typed_path

MORE = """
A RUN is a folder, or its name in ./runs; without any, the last two there are compared, the earlier one first. Of two
runs it is said what was typed, installed and loaded otherwise, how far the clusters agree on the images of both (by
content), which clusters were taken apart or joined, and, where both have the same labelled images, by how much the
figures changed: an interval that holds 0 says that this may be chance. Nothing is written but what --page names.

--json prints {"runs", "why", "aside", "images", "agreement", "figures", "causes", "splits", "joins"}, of more than two
runs "runs" alone.
"""
SPLITS = 5  # clusters told of, taken apart or joined
PARTS = 4  # of one
NARROW = 20  # characters of a setting that stands beside its run
PARSER = Parser("compare", __doc__, MORE)
PARSER.add_argument("runs", nargs="*", metavar="RUN", help="the runs (default: the last two)")
PARSER.add_argument("--page", metavar="FILE.html", help="of two runs: their maps, and the images they disagree on")
PARSER.add_json()


def main(words: Sequence[str]) -> None:
    asked = PARSER.parse_args(words)
    folders = _folders(asked.runs)
    if (asked.page and not typed_path(asked.page).name) or os.path.isdir(asked.page or ""):
        raise UsageError(f"--page {printable(asked.page)}: it is a folder\nname a file: --page FILE.html")
    if asked.page and typed_path(asked.page).suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--page {printable(asked.page)}: it is a page\nname a file that ends in .html")
    if asked.page and os.path.lexists(typed_path(asked.page)):
        raise UsageError(f"{printable(asked.page)} exists, and nothing is overwritten\ngive a name that is not taken")
    if asked.page and len(folders) != 2:
        raise UsageError(f"--page shows two runs, not {len(folders)}\nleave it out, or name two")
    found = [Run.load(folder) for folder in folders]
    pair = Comparison(*found) if len(found) == 2 else None
    if asked.json:
        say_json(_plain(found, pair))
    else:
        say(*_rows(found), *(_pair(pair) if pair else ()))
    if asked.page and pair:
        from imgret.evaluation.comparepage import write

        file = write(pair, typed_path(asked.page))
        if not asked.json:
            say(f"page      {shown_path(file)}")


def _folders(names: Sequence[str]) -> list[Path]:
    """The runs that are named. Raises UsageError for one alone, and where there are no two."""
    out = typed_path("runs")
    if len(names) == 1:
        find(typed_path(names[0]) if os.path.exists(typed_path(names[0])) else out / names[0])
        raise UsageError(f"one run, {printable(names[0])}, and nothing to compare it with\nname another one")
    if not names:
        whole = [folder for folder in runs(out) if os.path.isfile(folder / "run.json")]
        last = sorted(whole, key=age)[-2:]
        if len(last) < 2:
            raise UsageError("there are no two runs in ./runs\nname two: python -m imgret compare RUN RUN")
        return last
    found = [find(typed_path(name) if os.path.exists(typed_path(name)) else out / name) for name in names]
    found = list(dict.fromkeys(found))  # `runs/*` has `latest` as well
    if len(found) < 2:
        raise UsageError(f"{printable(names[0])} and {printable(names[1])} are one run\nname another one")
    return found


def _rows(found: Sequence[Run]) -> list[str]:
    """One row a run: its figures, those that differ first."""
    table = [{**run.metrics, "images": len(run.ids)} for run in found]
    there = dict.fromkeys(name for row in table for name in row)
    shown = [
        each for each in figures().among(there, where="told") if each.role != "search"
    ]  # that follows from what was asked of it
    columns = [
        [printable(each.title), *(each.precise(row[each.name]) if each.name in row else "-" for row in table)]
        for each in shown
    ]
    columns.sort(key=lambda cells: len(set(cells[1:])) == 1)
    apart = told_apart(found) if len(found) > 2 else {}  # of two, it is said below
    names = [""]
    for place, run in enumerate(found):
        own = [f"{name}={shortened(values[place], NARROW) or '-'}" for name, values in apart.items()]
        names.append("  ".join([shown_path(run.folder), run.title, *own]))
    wide = max(map(len, names))
    widths = [max(map(len, cells)) for cells in columns]
    return [
        "  ".join([f"{name:<{wide}}", *(f"{cell:>{w}}" for cell, w in zip(cells, widths, strict=True))])
        for name, *cells in zip(names, *columns, strict=True)
    ]


def _pair(pair: Comparison) -> list[str]:
    since, lines = pair.since, [""]
    lines += [f"why       {line}" if not place else f"          {line}" for place, line in enumerate(_why(pair))]
    images = (
        f"{counted(len(pair.rows), 'image')} in both, {since.gone:,} only in the first, {since.new:,} in the second"
    )
    edited = f"; {counted(pair.edited, 'path')} with other content" if pair.edited else ""
    lines.append(f"images    {images}{edited}")
    if not len(pair.rows):
        return [*lines, "agree     not to be said: no image is in both"]
    moved = f"{counted(since.moved, 'image')} ({since.moved / len(pair.rows):.0%}) moved"
    kept = f"{since.kept:,} of {counted(len(since.clusters), 'cluster')} as they were"
    became, was = pair.noise
    noise = f"; {became:,} became noise, {was:,} were" if became or was else ""
    ari, ami = pair.agreement["ari"], pair.agreement["ami"]
    lines.append(f"agree     ARI {ari:.3f}, AMI {ami:.3f} of the clusters of both; {moved}; {kept}{noise}")
    lines += [f"split     {_said(split)}" for split in pair.splits(SPLITS)]
    lines += [f"joined    {_said(split)}" for split in pair.splits(SPLITS, joins=True)]
    lines += _changed(pair)
    if pair.figures:
        lines.append(f"in brackets: 95 % intervals of the difference over the same images, by seed {pair.first.seed}")
    names = " ".join(quoted(shown_path(run.folder)) for run in (pair.first, pair.second))
    return [*lines, f"repeat    python -m imgret compare {names}"]


def _changed(pair: Comparison) -> list[str]:
    """A line for each figure that differs: by how much, whether that may be chance, and what it can come of."""
    known, lines = figures(), []
    for name, change in pair.figures.items():
        chance = "" if change.low > 0 or change.high < 0 else "   may be chance" if any(change) else "   no difference"
        said = f"{known[name].title:<9} {change.value:+.3f} [{change.low:+.3f}, {change.high:+.3f}]{chance}"
        lines.append(said + (_causes(pair, name) if any(change) else ""))
    both = pair.first.metrics, pair.second.metrics
    for each in known.among(both[0] | both[1], where="told"):
        one, other = (each.precise(metrics[each.name]) if each.name in metrics else "-" for metrics in both)
        if each.name not in pair.figures and one != other:
            lines.append(f"{each.title:<9} {one} → {other}{_causes(pair, each.name)}")
    return lines


def _causes(pair: Comparison, figure: str) -> str:
    causes = pair.reasons.causes(figure)
    return f"   can come of {', '.join(causes)}" if causes else "   nothing that differs explains it"


def _why(pair: Comparison) -> list[str]:
    """A line for each kind of thing that differs, and one for what no figure comes of."""
    lines = pair.reasons.lines()
    if pair.why():
        return lines
    same = not pair.since.moved and len(pair.rows) == len(pair.first.ids) == len(pair.second.ids)
    return ["nothing differs" if same else "nothing that was typed, installed or loaded: chance, or the images", *lines]


def _said(split: Split) -> str:
    told = [f"{count:,} in {'noise' if cluster < 0 else cluster}" for cluster, count in split.parts[:PARTS]]
    rest = split.size - sum(count for _, count in split.parts[:PARTS])
    return f"cluster {split.cluster} ({split.size:,}): {', '.join(told)}{f', {rest:,} elsewhere' if rest else ''}"


def _plain(found: Sequence[Run], pair: Comparison | None) -> dict[str, Any]:
    rows = [{**run.metrics, "run": str(run.folder), "title": run.title, "images": len(run.ids)} for run in found]
    if pair is None:
        return {"runs": rows}
    since = pair.since
    images = {"both": len(pair.rows), "first": since.gone, "second": since.new, "edited": pair.edited}
    moved = {"moved": since.moved, "kept": since.kept, "became_noise": pair.noise[0], "was_noise": pair.noise[1]}
    return {
        "runs": rows,
        "why": {kind: [change._asdict() for change in changed] for kind, changed in pair.why().items()},
        "aside": [change._asdict() for change in pair.reasons.aside],
        "images": images,
        "agreement": {**pair.agreement, **moved},
        "figures": {name: change._asdict() for name, change in pair.figures.items()},
        "causes": {name: pair.reasons.causes(name) for name in pair.reasons.figures},
        "splits": [split._asdict() for split in pair.splits(SPLITS)],
        "joins": [split._asdict() for split in pair.splits(SPLITS, joins=True)],
    }
