"""Which settings can explain which figures: by the way of the data, and by what each metric asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from imgret.contracts import OFFERED
from imgret.figures import VARIANTS, Figures
from imgret.registry import SHARED, SLOTS, declared, find, options, parameters

IMAGES = "images"  # stands for the set of images beside what metrics ask for by name
INTO = {  # a setting, or an option with its arguments -> what it makes, by the name by which a metric asks for that
    "source": IMAGES,
    "images": IMAGES,
    "limit": IMAGES,
    "formats": IMAGES,
    "timeout": IMAGES,
    "rehash": IMAGES,
    "attributes": "columns",
    "backbone": "X",
    "normalize": "X",
    "device": "X",
    "reducer": "labels",
    "clusterer": "labels",
    "retriever": "retriever",
    "rerank": "ranking",
    "seed": "seed",
    "top": "top",
}  # from what is not here no figure follows
FROM_X = {"X", "labels", "ranking", "plain", "retriever", "knn"}
GOES_ON = {IMAGES: {IMAGES, *OFFERED}, "X": FROM_X, "labels": {"labels", "retriever"}}  # what is made of what
SIZES = {"images": {IMAGES}, "n_clusters": {"labels"}, "noise_share": {"labels"}}


def reached(setting: str, configs: Sequence[Mapping[str, Any]]) -> set[str]:
    """What follows from a setting, by the names in `OFFERED` and IMAGES; nothing where no figure does.

    A setting that options receive goes where they do, as k goes where the clusterer goes that has it. `configs` are
    those of the runs that are compared.
    """
    slot, _, argument = setting.partition(".")
    ways = {INTO[slot]} if slot in INTO else set()
    if not argument:
        nodes = [(each, config.get(each)) for config in configs for each in SLOTS]
        users = {each for each, node in nodes if node and any(SHARED.get(name) == setting for name in node)}
        ways |= {INTO[each] for each in users - {"source"} if each in INTO}
        if setting == "seed" and any(config.get("limit") is not None for config in configs):
            ways.add(IMAGES)  # which are drawn by it
    return set().union(*(GOES_ON.get(way, {way}) for way in ways))


def needs(figure: str) -> set[str]:
    """What a figure is measured of: what its metric asks for. Everything, where nobody knows its metric."""
    if figure in SIZES:
        return SIZES[figure]
    metric = _metric(figure)
    if not metric:
        return {IMAGES, *OFFERED}
    asked = set(parameters(find("metric", metric))) & set(OFFERED)
    return asked - {"ranking"} if figure.endswith("_without") else asked


def explaining(figure: str, settings: Iterable[str], configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Of the settings that differ those which can explain that a figure does."""
    wanted = needs(figure)
    return [each for each in settings if reached(each, configs) & wanted]


def _metric(figure: str) -> str:
    """The metric that declares a figure, itself or what it is a variant of, else its family; "" where none does."""
    bases = {figure, *(figure.removesuffix(end) for end in VARIANTS)}
    known = {name: declared(name) for name in options("metric")}
    named = (name for name, figures in known.items() if bases & {each.name for each in figures})
    family = (name for name, figures in known.items() if Figures(figures).family(figure))
    return next(named, "") or next(family, "")
