"""What a run says of itself at its end: a screenful, in the words of the README."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from imgret.figures import A_LITTLE, above_chance, amis
from imgret.findings.info import Fitted
from imgret.registry import SHARED, called, figures
from imgret.runs.account import accounts
from imgret.runs.clock import QUICKER
from imgret.runs.run import Run
from imgret.words import counted, duration, printable, quoted, set_apart, shown_path, spoken

CELL = 8  # characters of a figure in the table, at the least
HITS = 3
OUT = "runs"  # of which `query` searches the latest where nobody names a run
FOLLOWED = 2  # columns told of at the most
TAKING = "group", "camera", "size", "proportions"  # columns of how an image was taken; attributes say how it looks
AS_MUCH = 0.75  # of the label's AMI: clusters that follow another column so far follow it about as much


def summary(run: Run) -> list[str]:
    """Lines for a terminal."""
    metrics = run.metrics
    lines = [*accounts(run), f"features  {_features(run)}"]
    sizes = np.bincount(run.labels[run.labels >= 0], minlength=0)
    noise = f"; noise {metrics['noise_share']:.0%}" if metrics.get("noise_share") else ""
    if len(sizes):
        spread = f": largest {sizes.max():,}, median {int(np.median(sizes)):,}, smallest {sizes.min():,}"
        lines += [f"clusters  {len(sizes):,} by {called(run.settings, 'clusterer')}{spread}{noise}"]
        lines += _fewer(run.settings["clusterer"], len(sizes))
    else:
        lines += ["clusters  none: every image is noise"]
    lines += _why(run)
    lines += _since(run)
    lines += _scores(run)
    lines += _quality(run)
    lines += _follows(run)
    lines += _search(run)
    lines += _pictures(run)
    return lines


def _fewer(node: Mapping[str, Any], clusters: int) -> list[str]:
    """Where a clusterer was told k and made fewer: as many as there are images of unequal features, say."""
    asked = next((node[name] for name, shared in SHARED.items() if shared == "k" and name in node), 0)
    return [f"note      k={asked}, but there are images for {counted(clusters, 'cluster')} only"] * (clusters < asked)


def _why(run: Run) -> list[str]:
    """Why there are so many clusters, where the run was to find out."""
    advice = run.info.k
    if not advice:
        return []
    return [f"k         {advice.vote}, of {advice.cost}", *(f"          {said}" for said in advice.said)]


def _features(run: Run) -> str:
    n, d = run.features.shape
    computed, seconds = run.info.features
    pace = f"{computed:,} computed in {duration(seconds)}" if computed else "all from the store"
    return f"{n:,} x {d:,} by {run.info.backbone.used}; {pace}"


def _since(run: Run) -> list[str]:
    """What has changed since the previous run of the same collection, if there is one, and anything has."""
    since = run.info.since
    if not since or (not since.new + since.gone + since.moved and since.kept == len(since.clusters)):
        return []
    clusters = f"{since.kept:,} of {counted(len(since.clusters), 'cluster')} as they were"
    images = f"{counted(since.new, 'image')} new, {since.gone:,} gone"
    then = f"; made with {' '.join(since.then)} then" if since.then else ""
    return [printable(f"since     {since.run}: {images}; {clusters}, {counted(since.moved, 'image')} moved{then}")]


def _scores(run: Run) -> list[str]:
    """A table against the labels with one row for the run and one for the baseline, if there is anything to tell."""
    shown = figures().among(run.metrics, "labels", where="told")
    if not shown:
        return []
    rows: list[tuple[str, Any]] = [(run.info.backbone.used, run.metrics)]
    if run.settings["rerank"]:
        name = called(run.settings, "rerank")
        without = {f.name: run.metrics[f"{f.name}_without"] for f in shown if f"{f.name}_without" in run.metrics}
        rows = [(f"{rows[0][0]}, {name}", run.metrics), *([(f"without {name}", without)] if without else [])]
    if run.info.baseline:
        rows += [(run.info.baseline["backbone"], run.info.baseline)]
    width = max(len(name) for name, _ in rows)
    kinds = counted(len(run.truth_names), "label")
    kinds += f", {counted(len(run.group_names), run.group_word)}" if run.group_names else ""
    widths = [max(CELL, len(printable(figure.title)) + 2) for figure in shown]

    def cells(texts: Iterable[str]) -> str:
        return "".join(f"{text:>{wide}}" for text, wide in zip(texts, widths, strict=True))

    lines = [f"against   {kinds:<{width}}{cells(printable(figure.title) for figure in shown)}"]
    for name, row in rows:
        found = cells(figure.written(row[figure.name]) if figure.name in row else "-" for figure in shown)
        lines.append(f"          {name:<{max(width, len(kinds))}}{found}")
    junk = run.collection.junk
    apart = set_apart(int(((run.truth < 0) & ~junk).sum()), int(junk.sum()))
    return [*lines, *([f"          {'; '.join(apart)}"] if apart else [])]


def _quality(run: Run) -> list[str]:
    """Figures that need no labels: of the clusters alone where there are no two, and those of a plug-in's metrics."""
    known = figures()
    alone = [] if known.among(run.metrics, "labels", where="told") else known.among(run.metrics, "alone", where="told")
    told = [*alone, *known.among(run.metrics, "own", where="told")]
    labels = "one label" if run.truth_names else "no labels"
    note = f" ({labels}: nothing to check against)" if alone else ""
    said = ", ".join(f"{figure.title} {figure.written(run.metrics[figure.name])}" for figure in told)
    return [f"quality   {printable(said)}{note}"] if said else []


def _follows(run: Run) -> list[str]:
    """The label, the group, and of the columns those that the clusters follow more than a little, above chance."""
    metrics = run.metrics
    known, above = amis(metrics), above_chance(metrics)
    first = [key for key in ("ami", "ami_group") if key in known]
    others = [key for key in above.keys() - {*first} if above[key] >= A_LITTLE]
    told = [*first, *sorted(others, key=lambda key: (-above[key], key))[:FOLLOWED]]
    words = ", ".join(
        f"{_column(run, key)} {known[key]:.2f}" + ("" if key in above else " (as by chance)") for key in told
    )
    return [f"follows   AMI of the clusters with {words}", *_misled(run, known, above)] if told else []


def _misled(run: Run, known: Mapping[str, float], above: Collection[str]) -> list[str]:
    """That the clusters follow how the images were taken, or look, about as much as what they show, where they do."""
    names = (*TAKING, *run.settings.get("attributes", ()))
    taking = [key for key in (f"ami_{name}" for name in names) if key in above and known[key] >= A_LITTLE]
    most = max(taking, key=lambda key: known[key], default="")
    if not most or "ami" not in known or known[most] < AS_MUCH * known["ami"]:
        return []
    how = "more than" if known[most] > known["ami"] else "about as much as"
    return [f"note      the clusters follow the {_column(run, most)} {how} the label: read them with care"]


def _column(run: Run, key: str) -> str:
    """What an AMI is with, as people say it."""
    name = key.partition("_")[2] or "label"
    return run.group_word if name == "group" else spoken(printable(name))


def _search(run: Run) -> list[str]:
    fitted, lines = run.info.fitted, []
    known = figures().among(run.metrics, "search", where="told")
    if known:
        probes = fitted.retriever.get("probes")
        probed = f", {counted(probes, 'cluster')} probed" if probes else ""
        scanned = f", {run.metrics['scanned_share']:.0%} scanned" if "scanned_share" in run.metrics else ""
        found = ", ".join(f"{figure.title} {figure.written(run.metrics[figure.name])}" for figure in known)
        found = printable(found).replace("@top ", f"@{run.settings['top']} ")
        lines.append(f"search    {called(run.settings, 'retriever')}: {found}{probed}{scanned}{_pace(fitted)}")
    if len(run.ids) > 1:
        row = next((int(row) for row in run.medoids if not run.collection.junk[row]), 0)
        lines.append(f"query     {printable(run.paths[row])}")
        for hit in run.search(run.ids[row], HITS):
            place = "noise" if hit.cluster < 0 else f"cluster {hit.cluster}"
            lines.append(f"  {hit.rank}. {hit.score:.3f}  {printable(hit.path)}  ({place})")
    return lines


def _pace(fitted: Fitted) -> str:
    """That a scan of everything is quicker than the retriever, where both were timed on the same queries and it is."""
    own, exact = fitted.queries_per_second, fitted.exact_queries_per_second
    if not own or not exact or exact < QUICKER * own:
        return ""
    return f"; an exact scan is {exact / own:.1f} times as fast here"


def _pictures(run: Run) -> list[str]:
    folder = shown_path(run.folder)
    names = sorted(
        p.name + "/" * p.is_dir() for p in run.folder.iterdir() if p.is_dir() or p.suffix in (".png", ".jpg")
    )
    reports = [f"report    {folder}/{p.name}" for p in sorted(run.folder.glob("*.html"))]
    names = [name for name in names if name != "thumbs/"]  # the report shows them
    return [
        *reports,
        f"pictures  {folder}/{', '.join(names)}" if names else "pictures  none",
        f"run       {folder}  ({duration(sum(stage.seconds for stage in run.info.stages.values()))})",
        f"next      python -m imgret query {_query(run)}",
    ]


def _query(run: Run) -> str:
    """What to type behind `query` for the first image of this run; the run, too, where it is not looked for there."""
    image = quoted(run.collection.items[run.collection.first[0]].file or run.paths[0])
    words = [] if shown_path(run.folder.parent) == OUT else ["--run", quoted(shown_path(run.folder))]
    return " ".join([*words, "--", image] if image.startswith("-") else [image, *words])
