"""What is to be known of a figure to show it: its name, title and format, which way is better, and a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

Role = Literal["size", "labels", "alone", "own", "search", "cost"]
Place = Literal["line", "told", "table"]
EVERYWHERE: tuple[Place, ...] = get_args(Place)
VARIANTS = {  # the end of a name -> what its title ends in, and its sentence, where the rest is a figure too
    "_covered": (", clustered", "{} Without the images that are in no cluster."),
    "_without": (" without", "The same, without the re-ranker."),
}


A_LITTLE = 0.05  # the least AMI of a column that is worth a word


def amis(metrics: Mapping[str, float]) -> dict[str, float]:
    """The figures that say how far the clusters follow the label (`ami`) and each column (`ami_day`), by name."""
    known = (key for key in metrics if key == "ami" or key.startswith("ami_"))
    return {key: metrics[key] for key in known if key != "ami_covered"}


def above_chance(metrics: Mapping[str, float]) -> dict[str, float]:
    """Those of the `amis` that are above what chance reaches, where that is known."""
    return {key: value for key, value in amis(metrics).items() if value > metrics.get(f"chance_{key}", -1.0)}


@dataclass(frozen=True)
class Figure:
    """A figure by its `name` in metrics.json: its `title` above a column, and what it says `about` a run.

    `better` is 1 where more is better, -1 where less is, 0 where neither. `format` is Python's, or a function of the
    value. In a name and a title `*` stands for what the figures of a family differ in: `ami_*` is `ami_day`.

    `role`: what it speaks of, by which figures are grouped. `size` is how many and how large; `labels` compares with
    what is known of the images; `alone` speaks where nothing is known; `own` in either case; `search` is what is found
    of what there is, and at what cost, which follows from what was asked of it; `cost` seconds and bytes.

    `where` it is shown, beside metrics.json, the page's list of all figures, and the CSV of a sweep, which hold each:
    in a `line` for each run (`imgret runs`), where a run is `told` (the summary, the head of its page, and, but for
    `search`, `compare`), and in the `table` of a sweep.
    """

    name: str
    title: str
    about: str
    better: int = 0
    format: str | Callable[[float], str] = ".3f"
    role: Role = "own"
    where: tuple[Place, ...] = EVERYWHERE

    def __post_init__(self) -> None:
        """Raises ValueError for what could not be shown."""
        if not all(isinstance(text, str) for text in (self.name, self.title, self.about)):
            raise ValueError(f"figure {self.name!r}: name, title and about are texts")
        for said, value, choices in (
            ("better", [self.better], (1, 0, -1)),
            ("role", [self.role], get_args(Role)),
            ("where", self.where, EVERYWHERE),
        ):
            if not isinstance(value, list | tuple) or not set(value) <= set(choices):
                raise ValueError(f"figure {self.name!r}: {said} is of {', '.join(map(str, choices))}, not {value}")
        if not callable(self.format):
            if not isinstance(self.format, str):
                raise ValueError(f"figure {self.name!r}: format is text or a function, not {self.format!r}")
            format(0.0, self.format)

    @property
    def is_score(self) -> bool:
        """Whether runs can be ranked by it: neither a size, nor a cost, nor what a setting such as a recall aims at."""
        return bool(self.better) and self.role in ("labels", "alone", "own")

    def written(self, value: float) -> str:
        """The value as its format has it; plainly where that is a function which cannot."""
        if not callable(self.format):
            return format(value, self.format)
        try:
            text = self.format(value)
        except Exception:  # a plug-in's function hides no run
            text = ""
        return text if isinstance(text, str) and text else f"{value:g}"

    def precise(self, value: float) -> str:
        """As `written`, but a share as a number: of runs side by side a percent hides what differs."""
        return f"{value:.3f}" if self.format == ".0%" else self.written(value)


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"  # the mean of some


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}"


SIZES = (
    Figure("images", "images", "Distinct images that could be read.", 0, _count, "size", ("told",)),
    Figure("n_clusters", "clusters", "How many clusters there are.", 0, _count, "size"),
    Figure("noise_share", "noise", "The share of images that are in no cluster.", 0, ".0%", "size"),
)
COST = (
    Figure("fit_seconds", "fit s", "Seconds that reducer and clusterer took.", -1, _seconds, "cost", ("table",)),
    # of the total none is best: the first job of a sweep computes features for all
    Figure("total_seconds", "total s", "Seconds that the run took.", 0, _seconds, "cost", ("table",)),
    Figure("peak_bytes", "peak MB", "The most memory that the run had.", -1, lambda v: f"{v / 1e6:,.0f}", "cost",
           ("table",)),
)  # fmt: skip


class Figures:
    """What is known of figures: of those that every run has, and of those that were `declared`, in this order."""

    def __init__(self, declared: Iterable[Figure] = ()) -> None:
        self.known = {figure.name: figure for figure in (*SIZES, *declared, *COST)}

    def __contains__(self, name: str) -> bool:
        return self[name].about != ""

    def __getitem__(self, name: str) -> Figure:
        """The figure of a name. One of a metric that said nothing, or is not here any more, goes by its name alone."""
        if name in self.known:
            return self.known[name]
        for end, (title, about) in VARIANTS.items():
            if base := self.known.get(name.removesuffix(end)):
                return replace(base, name=name, title=base.title + title, about=about.format(base.about), where=())
        if family := self.family(name):
            start, _, end = family.name.partition("*")
            middle = name[len(start) : len(name) - len(end)]
            return replace(family, name=name, title=family.title.replace("*", middle))
        return Figure(name, name, "", where=())

    def among(self, names: Iterable[str], *roles: Role, where: Place) -> list[Figure]:
        """Those of the names that are shown in a place: of the roles in turn, or of all as they are known."""
        shown = [each for each in map(self.__getitem__, names) if where in each.where]
        place = {name: number for number, name in enumerate(self.known)}
        shown.sort(key=lambda each: place[(self.family(each.name) or each).name])
        return [each for role in roles for each in shown if each.role == role] if roles else shown

    def family(self, name: str) -> Figure | None:
        """The figure with a `*` of whose family this is one that is not known by itself."""
        for each in self.known.values():
            start, star, end = each.name.partition("*")
            if star and name.startswith(start) and name.endswith(end) and len(name) >= len(each.name):
                return each if name not in self.known else None
        return None


def check(figures: Sequence[Figure], whose: str, taken: Mapping[str, str]) -> None:
    """Raises ValueError for figures that a metric cannot have. `taken` are names, and what has each."""
    names: set[str] = set()
    taken = {**taken, **dict.fromkeys(Figures().known, "every run")}
    if not isinstance(figures, list | tuple):
        raise ValueError(f"{whose}: figures is {figures!r:.80}; a list of Figure(name, title, about) is wanted")
    for each in figures:
        if not isinstance(each, Figure):
            raise ValueError(f"{whose} has a figure {each!r:.80}; Figure(name, title, about) is wanted")
        if not each.name.strip("*"):
            raise ValueError(f"{whose} has a figure {each.name!r}; a name says something")
        if each.name in names:
            raise ValueError(f"{whose} has two figures {each.name!r}")
        if each.name in taken:
            raise ValueError(f"figure {each.name!r} is that of {taken[each.name]}; {whose} needs another name")
        names.add(each.name)
