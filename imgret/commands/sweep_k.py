"""`imgret sweep-k`: how many clusters the images of a run speak for, and how clearly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from imgret.clusters.advice import NAMES, Advice, weigh
from imgret.clusters.chart import draw
from imgret.clusters.choose import clustering, distinct
from imgret.clusters.evidence import A_CLUSTER, CRITERIA, FEWEST, SAMPLE, gather, ladder, most_clusters
from imgret.clusters.stages import reduction
from imgret.commands._parser import Parser
from imgret.errors import UsageError, unwritable
from imgret.registry import SHARED, find, parameters
from imgret.runs.run import Run
from imgret.screen import say, say_json
from imgret.store.files import place_in
from imgret.store.store import Store
from imgret.words import counted, duration, shown_path

MORE = """
Halves of the images are clustered by the run's clusterer into 2, 3, ... clusters, each number a quarter larger than
the one before. A row of the table is one number: how far it is supported, from 0 to 1, and then for each criterion the
figure, and its score: how much closer it comes to perfection than points without structure do (0 as they, 1 perfect).
* is the best of its column. In brackets, after the number that is recommended and after what each criterion says, is
how far numbers are as good within one standard error. Where that is wide, where criteria disagree, or where halves of
the images are clustered little more alike than points without structure, the evidence is said to be weak: then the
number is a matter of what you need.

A run finds its own number with k=auto: python -m imgret FOLDER k=auto

--json prints {"run", "clusterer", "vote", "votes", "weak", "table", "points", "clusterings", "picture"} in ASCII.
"""
PARSER = Parser("sweep-k", __doc__, MORE)
PARSER.add_run()
PARSER.add_argument("--from", dest="least", type=int, default=2, metavar="K", help="the least k (default: 2)")
PARSER.add_argument(
    "--to", dest="most", type=int, metavar="K", help="the largest k (default: 3 times the root of the images)"
)
PARSER.add_argument("--clusterer", metavar="NAME", help="cluster by this one instead of the run's own")
PARSER.add_json()


def main(words: Sequence[str]) -> None:
    asked = PARSER.parse_args(words)
    started = perf_counter()
    run = Run.load(asked.run)
    settings = settings_of(run, asked.clusterer)
    advice, picture = study(run, settings, asked.least, asked.most)
    name = settings["clusterer"]["name"] if asked.clusterer else run.called("clusterer")
    if asked.json:
        found = {"run": str(run.folder), "clusterer": name, **advice.plain(), "picture": str(picture)}
        say_json(found)
        return
    say(*table(advice))
    say(f"k         {advice.vote}, by {name}")
    say(*(f"          {said}" for said in advice.said))
    say(f"cost      {advice.cost}, {duration(perf_counter() - started)}")
    say(f"picture   {shown_path(picture)}")


def settings_of(run: Run, clusterer: str | None) -> dict[str, Any]:
    """The run's settings on this machine's device, with the clusterer that was asked for, by its own defaults."""
    settings = {**run.settings, "device": run.device}
    if clusterer is None:
        return settings
    shared = {p: settings[SHARED[p]] for p in parameters(find("clusterer", clusterer)) if p in SHARED}
    return {**settings, "clusterer": {"name": clusterer, **shared}, "chosen": {}}


def study(run: Run, settings: dict[str, Any], least: int, most: int | None) -> tuple[Advice, Path]:
    """What the images of a run say of each k from `least` to `most`, and the picture of it, in the run's `sweep_k`.

    Raises UsageError for a range that cannot be looked at, and where the picture cannot be written.
    """
    n = min(len(run.ids), SAMPLE)
    if n < FEWEST:
        raise UsageError(f"{counted(n, 'image')}: too few to tell how many clusters they make\n{FEWEST} are needed")
    highest = n // A_CLUSTER
    most = max(least, min(most_clusters(n), highest)) if most is None else most
    if least > most:
        raise UsageError(f"--from {least} --to {most}: there is no number between them\n--from {most} --to {least}")
    if not 2 <= least <= most <= highest:
        raise UsageError(f"--from {least} --to {most}: among {n:,} images it is looked at from 2 to {highest} clusters")
    fit = clustering(settings)
    R = reduction(run.X, settings, "reducer", Store(), run.knn)
    if distinct(R) < FEWEST:
        raise UsageError(
            f"{counted(len(R), 'image')}, of which {distinct(R):,} have unequal features: too few to tell how many "
            f"clusters they make\n{FEWEST} are needed"
        )
    advice = weigh(gather(R, fit, ladder(least, most), settings["seed"]))
    try:
        file = place_in(run.folder, f"sweep_k/{settings['clusterer']['name']}_{least}-{most}.png")
        return advice, draw(advice, run.title, file)
    except OSError as error:
        raise unwritable(run.folder, error, "copy the run to where that can be, and type --run DIR") from error


def table(advice: Advice) -> list[str]:
    """The table in lines: a row a k, figures with their scores."""
    names = [name for name in CRITERIA if any(row[name] is not None for row in advice.table)]
    columns = {name: max(advice.table, key=lambda row: row[f"{name}_score"] or 0.0)["k"] for name in names}
    lines = ["     k  support  " + "  ".join(f"{NAMES[name]:>18}" for name in names)]
    for row in advice.table:
        cells = []
        for name in names:
            star = "*" if row["k"] == columns[name] else " "
            cells.append(f"{number(row[name]):>10} {number(row[f'{name}_score']):>6}{star}")
        mark = "*" if row["k"] == advice.vote.k else " "
        lines.append(f"{row['k']:>6}  {number(row['support']):>6}{mark}  " + "  ".join(cells).rstrip())
    return lines


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}"
