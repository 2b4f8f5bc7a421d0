"""The evaluation of a run in lines for a terminal, and as what JSON holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from imgret.evaluation.evaluate import AT, Clusters, Followed, Retrieval
from imgret.evaluation.probes import Cost
from imgret.ops.intervals import Interval
from imgret.registry import figures
from imgret.words import counted, listed, printable, set_apart

AT_K = {"map_at": "mAP@k", "p_at": "P@k", "recall_at": "R@k", "rank": "rank-k (CMC)"}
NAME = 14  # characters of a line's name


class Evaluation(NamedTuple):
    """All that is said of a run, and what to type to have it said again."""

    run: str
    clusterer: str
    repeat: str
    seed: int
    clusters: Clusters
    retrieval: Retrieval | None
    search: Cost | None
    follows: Sequence[Followed]

    def plain(self) -> dict[str, Any]:
        """For JSON: named tuples as objects."""
        return {name: _plain(value) for name, value in self._asdict().items()}


def text(found: Evaluation, group_word: str = "group") -> list[str]:
    """A heading and a few aligned lines for each part; groups are cameras, say."""
    lines = [*_clusters(found.clusters, found.clusterer), "", *_retrieval(found.retrieval), ""]
    if found.search:
        lines += [*_search(found.search), ""]
    lines += [*_follows(found.follows, group_word), ""]
    lines += [f"in brackets: 95 % intervals, by seed {found.seed}", f"repeat     {found.repeat}"]
    return lines


def _clusters(found: Clusters, clusterer: str) -> list[str]:
    against = f"{counted(found.labels, 'label')} of {counted(found.labelled, 'image')}" if found.labels else "no labels"
    lines = [f"CLUSTERS   {found.clusters:,} by {clusterer}, of {counted(found.images, 'image')}, against {against}"]
    noise = f"; {found.noise:,} in none: noise" if found.noise else ""
    lines.append(f"{'coverage':<{NAME}}{interval(found.figures.get('coverage'))}  in clusters{noise}")
    shown = [name for name in found.figures if name != "coverage" and not name.endswith("_covered")]
    if not shown:
        return lines
    covered = any(name.endswith("_covered") for name in found.figures)
    if covered:
        lines.append(f"{'':<{NAME}}{'all, noise as one cluster':<26}those in clusters")
    for name in shown:
        more = f"  {interval(found.figures.get(f'{name}_covered'))}" if covered else ""
        lines.append(f"{figures()[name].title:<{NAME}}{interval(found.figures[name]):<24}{more}".rstrip())
    return lines


def _retrieval(found: Retrieval | None) -> list[str]:
    if found is None:
        return ["RETRIEVAL  no query has anything to find among others: two labels are needed, two images of one"]
    how = "queries" if found.apart else "images, each left out of its own ranking,"
    lines = [f"RETRIEVAL  {found.queries:,} of {found.asked:,} {how} put to {counted(found.gallery, 'image')}"]
    notes = [f"re-ranked by {found.reranker}"] if found.reranker else []
    notes += [f"no query: {listed(found.left_out)}"] if found.left_out else []
    notes += ["the query's label on its own group is left out of its ranking"] if found.groups else []
    notes += set_apart(found.distractors, found.junk)
    lines += [f"           {'; '.join(notes)}"] if notes else []
    lines += [f"{title:<{NAME}}{interval(found.figures[name])}"
              for name, title in {"map": figures()["map"].title, "r_precision": "R-precision"}.items()]  # fmt: skip
    lines.append((f"{'k':<{NAME}}" + "".join(f"{k:<24}" for k in AT)).rstrip())
    for name, title in AT_K.items():
        cells = "".join(f"{interval(found.figures[f'{name}_{k}']):<24}" for k in AT)
        lines.append(f"{title:<{NAME}}{cells}".rstrip())
    return lines


def _search(found: Cost) -> list[str]:
    batch = f"{counted(found.queries, 'query') if found.queries == 1 else f'{found.queries:,} queries'} in one batch"
    lines = [f"SEARCH     {found.rows[-1].name} beside an exact scan, {batch}, on this machine"]
    lines.append(f"{'probes':<{NAME}}{f'recall@{found.top}':<24}{'share scanned':<24}queries/s")
    for row in found.rows:
        name = row.name if row.probes is None else f"{row.probes:,}{' *' if row.probes == found.chosen else ''}"
        cells = f"{interval(row.recall):<24}{interval(row.scanned):<24}{row.queries_per_second:>9,.0f}"
        lines.append(f"{name:<{NAME}}{cells}")
    star = "* the run's own; " if found.chosen is not None else ""
    return [*lines, f"{star}{found.said}"]


def _follows(found: Sequence[Followed], group_word: str) -> list[str]:
    if not found:
        return ["FOLLOWS    nothing is known of the images that groups them"]
    lines = ["FOLLOWS    AMI of the clusters with each column; in brackets where chance alone takes it"]
    names = [printable(group_word if each.column == "group" else each.column) for each in found]
    width = max(NAME, 2 + max(map(len, names)))
    for name, each in zip(names, found, strict=True):
        words = "above chance" if each.above else "as by chance"
        chance = interval(Interval(each.ami, each.low, each.high))
        lines.append(f"{name:<{width}}{chance:<24}{words:<14}{each.groups:,} groups")
    return lines


def interval(figure: Interval | None) -> str:
    """`0.480 [0.471, 0.489]`, or a dash."""
    if figure is None:
        return "-"
    value, low, high = (f"{round(part, 3) + 0.0:.3f}" for part in figure)  # no -0.000
    return f"{value} [{low}, {high}]"


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        found = {name: _plain(part) for name, part in value._asdict().items()}
        return found | ({"above": value.above} if isinstance(value, Followed) else {})
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value
