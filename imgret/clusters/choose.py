"""`k=auto`: the number of clusters that the points speak for, by the run's own clusterer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imgret.clusters.advice import weigh
from imgret.clusters.evidence import FEWEST, gather, ladder, most_clusters
from imgret.demands import arrays
from imgret.errors import UsageError
from imgret.registry import SHARED, blamed, build, called, find, on_device, parameters
from imgret.settings.k import UNTIL, numbers, put
from imgret.words import counted

if TYPE_CHECKING:
    from imgret.clusters.advice import Advice
    from imgret.clusters.evidence import Fit
    from imgret.contracts import Floats, Ints

log = logging.getLogger("imgret")


def choose(settings: Mapping[str, Any], R: Floats) -> tuple[Mapping[str, Any], Advice | None]:
    """The settings with the k that the points R (n, r) speak for, and why.

    The least k and None, with one line, where they are too few to say anything.
    """
    n, advice = distinct(R), None
    if n < FEWEST:
        found = min(n, UNTIL)
        apart = counted(n, "image") + ("" if n == len(R) else " of unequal features")
        log.info("k=auto: %s: too few to tell; this run uses k=%s, or what you type", apart, found)
    else:
        advice = weigh(gather(R, clustering(settings), ladder(2, most_clusters(len(R))), settings["seed"]))
        found = advice.vote.k
    for slot, parameter, _ in numbers(settings):
        if slot == "clusterer":
            settings = put(settings, slot, parameter, found)
    return settings, advice


def distinct(R: Floats) -> int:
    """How many of the points (n, r) are unequal."""
    return len({row.tobytes() for row in R})


def clustering(settings: Mapping[str, Any]) -> Fit:
    """A function that clusters points (m, r) into k by the clusterer of the settings, with a seed.

    Raises UsageError where it takes no k.
    """
    node = on_device(settings["clusterer"], settings["device"])
    takes = [p for p in parameters(find("clusterer", node["name"])) if p in SHARED]
    if "k" not in map(SHARED.get, takes):
        raise UsageError(
            f"k has no effect on clusterer={called(settings, 'clusterer')}: it takes none\nchoose another clusterer"
        )

    def labels(P: Floats, k: int, seed: int) -> Ints:
        given = {"k": k, "seed": seed}
        typed = {p: given[SHARED[p]] for p in takes if SHARED[p] in given}
        with blamed(settings, "clusterer"):
            return arrays.labels(build("clusterer", {**node, **typed}).fit_predict(P), len(P))

    return labels
