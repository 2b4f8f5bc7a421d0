"""What cluster-then-rank costs: recall, the share scanned, and speed for numbers of probes, beside an exact scan."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgret import ops
from imgret.errors import UsageError
from imgret.ops.intervals import Interval, of_means
from imgret.pictures import charts
from imgret.pictures.sheet import ACCENT, GAP, INK, LEAD, QUIET, WIDTH
from imgret.registry import build, on_device
from imgret.runs.clock import QUICKER

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from imgret.contracts import RGB, Ints, Retriever
    from imgret.runs.run import Run

MOST = 1000  # queries
LADDER = (1, 2, 3, 5)  # the numbers of probes in each decade
TIMINGS = 3

HEIGHT, LEFT, BELOW = 640, 96, 40  # of the chart, and for what stands at its axes
SCANNED: RGB = (88, 96, 112)
RECALL = ACCENT


class Probed(NamedTuple):
    """One way of searching: `probes` is None for the exact scan, and for a retriever that has no such number."""

    name: str
    probes: int | None
    recall: Interval
    scanned: Interval | None
    queries_per_second: float


class Cost(NamedTuple):
    """The exact scan, then each number of probes, ascending; `chosen` is the run's own; and what follows, in words."""

    rows: list[Probed]
    chosen: int | None
    queries: int
    top: int
    said: str


def cost(run: Run) -> Cost | None:
    """Search timed on this machine: up to 1,000 seeded images of the run in one batch, each left out of its own hits.

    Recall is the share of the `top` exact neighbours that is found, scanned the share of the images that a query is
    compared with. The numbers of probes are those of the calibration that the run has, or round ones. Every way gets
    the same batch and is timed three times after a first that does not count; the best counts. None with one image.
    """
    n, top = len(run.X), run.settings["top"]
    if n < 2:
        return None
    rows = np.sort(np.random.default_rng(run.seed).choice(n, min(n, MOST), replace=False))
    Q, node = run.X[rows], on_device(run.info.fitted.retriever, run.device)
    right = ops.top_k(Q, run.X, top, exclude=rows, device=run.device)[1]  # (q, m)
    m = right.shape[1]
    exact = 1 / _seconds(lambda: ops.top_k(Q, run.X, m + 1, device=run.device)) * len(Q)
    found = [Probed("exact scan", None, Interval(1.0, 1.0, 1.0), Interval(1.0, 1.0, 1.0), exact)]
    chosen = int(node["probes"]) if "probes" in node else None
    for probes in _ladder(run, chosen):
        retriever: Retriever = build("retriever", {**node, **({} if probes is None else {"probes": probes})})
        retriever.fit(run.X, run.labels)
        name = run.called("retriever")
        found.append(_measured(retriever, name, probes, run, rows, right))
    return Cost(found, chosen, len(Q), top, _said(found, chosen))


def _measured(retriever: Retriever, name: str, probes: int | None, run: Run, rows: Ints, right: Ints) -> Probed:
    Q, m = run.X[rows], right.shape[1]
    hits = retriever.kneighbors(Q, m + 1)[1]  # (q, m + 1), with the query itself where it was found
    others = [line[line != row][:m] for line, row in zip(hits, rows, strict=True)]
    values = {"recall": np.array([len(np.intersect1d(a, b)) / m for a, b in zip(others, right, strict=True)])}
    if scanned := getattr(retriever, "scanned", None):
        values["scanned"] = np.asarray(scanned(Q, m + 1)) / len(run.X)
    figures = of_means(values, run.seed)
    speed = len(Q) / _seconds(lambda: retriever.kneighbors(Q, m + 1))
    return Probed(name, probes, figures["recall"], figures.get("scanned"), speed)


def _ladder(run: Run, chosen: int | None) -> list[int] | list[None]:
    """The numbers of probes to look at; [None] where the retriever has no such number."""
    if chosen is None:
        return [None]
    c = max(1, len(run.medoids))
    calibrated = {int(row["probes"]) for row in run.info.fitted.calibration}
    shown = calibrated or {p * 10**e for p in LADDER for e in range(len(str(c)))}
    return sorted({min(p, c) for p in shown | {chosen, c}} - {0})


def _seconds(work: Callable[[], object]) -> float:
    work()
    best = np.inf
    for _ in range(TIMINGS):
        started = perf_counter()
        work()
        best = min(best, perf_counter() - started)
    return float(best)


def _said(rows: list[Probed], chosen: int | None) -> str:
    """Whether the shortcut is one, for the number of probes that the run searches with."""
    exact = rows[0].queries_per_second
    own = next((row for row in rows[1:] if row.probes == chosen), rows[-1])
    if own.scanned and own.scanned.value == 1:
        return f"{own.name} compares a query with every image here: retriever=exact does the same"
    ratio = own.queries_per_second / exact
    if ratio >= QUICKER:
        return f"{own.name} is {ratio:.1f} times as fast as an exact scan here, for {own.recall.value:.1%} of its hits"
    if ratio > 1 / QUICKER:
        return f"{own.name} and an exact scan are equally fast here: retriever=exact loses nothing"
    return f"an exact scan is simply faster here, {1 / ratio:.1f} times, and loses nothing: retriever=exact"


def draw(cost: Cost | None, title: str, repeat: str, file: Path) -> Path:
    """Write the picture; its file. Raises UsageError where nothing is probed, OSError where it cannot be written."""
    rows = [row for row in cost.rows if row.probes is not None] if cost else []
    if cost is None or not rows:
        raise UsageError("--plot: this run's search probes no clusters\nmake the run with its default retriever")
    notes = [
        f"Along: clusters probed, by the logarithm; all of them are an exact scan. {cost.queries:,} images of the run "
        "as queries; bands: 95 % intervals over queries.",
        f"To repeat it: {repeat} --plot FILE.png",
    ]
    with charts.style():
        page = charts.Page(title, [(cost.said, QUIET)], (WIDTH, charts.HEADING + HEIGHT + BELOW + GAP), notes)
        axes = page.axes((LEFT, charts.HEADING), (WIDTH - LEFT, HEIGHT))
        if cost.chosen is not None:
            axes.axvline(cost.chosen, color=charts.css(INK), alpha=0.35, linewidth=2)
        _curve(axes, f"recall@{cost.top}", RECALL, [(row.probes or 0, row.recall) for row in rows], cost.chosen)
        scanned = [(row.probes or 0, row.scanned) for row in rows if row.scanned is not None]
        _curve(axes, "share of the images scanned", SCANNED, scanned, cost.chosen)
        axes.set_ylim(-charts.INNER, 1 + charts.INNER)
        axes.yaxis.set_major_formatter("{x:.0%}")
        named = {} if cost.chosen is None else {cost.chosen: f"{cost.chosen} (this run)"}
        charts.along_logarithm(axes, [row.probes or 0 for row in rows], 80, named)
        above = 0, 1 + GAP / 2 / HEIGHT  # the frame, which is 1 high
        axes.legend(
            ncols=2, loc="lower left", bbox_to_anchor=above, labelcolor="linecolor", fontsize=charts.points(LEAD)
        )
        return page.save(file)


def _curve(axes: Axes, name: str, colour: RGB, figures: list[tuple[int, Interval]], chosen: int | None) -> None:
    """Figures by the number of probes, with their intervals; the run's own number has the largest dot."""
    if not figures:
        return
    tint, probes, values = charts.css(colour), [p for p, _ in figures], [f.value for _, f in figures]
    low, high = [f.low for _, f in figures], [f.high for _, f in figures]
    axes.fill_between(probes, low, high, color=tint, alpha=0.24, linewidth=0)
    axes.plot(probes, values, color=tint, linewidth=3, label=name)
    axes.scatter(probes, values, [(18 if p == chosen else 12) ** 2 for p in probes], color=tint, linewidth=0, zorder=3)
