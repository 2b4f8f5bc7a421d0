"""How many clusters: a typed k that is too many is an error, a default one gives way, `auto` is found."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from imgret.registry import SHARED, SLOTS, UsageError, build, called, find, on_device, parameters
from imgret.words import counted

if TYPE_CHECKING:
    from imgret.advice import Advice
    from imgret.contracts import Floats, Ints
    from imgret.evidence import Fit

A_CLUSTER = 5  # images, at the least, for the average cluster where nobody typed how many clusters there are
AUTO = "auto"
UNTIL = 2  # clusters, until they are found
log = logging.getLogger("imgret")


def defer(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings with a whole number in place of `auto`, and `k_asked` to say so; as they are where none is asked.

    Raises UsageError for another slot than the clusterer: what it needs comes before the clusters.
    """
    found = dict(settings)
    for slot in SLOTS:
        node = settings.get(slot) or {}
        for parameter in (p for p, shared in SHARED.items() if shared == "k" and node.get(p) == AUTO):
            if slot != "clusterer":
                raise UsageError(f"{slot}.{parameter}=auto: only the clusterer's number is found\ntype a number")
            found |= {slot: {**node, parameter: UNTIL}, "k_asked": AUTO}
    if found["k"] == AUTO:
        found["k"] = UNTIL
    return found


def is_auto(settings: Mapping[str, Any]) -> bool:
    return settings.get("k_asked") == AUTO


def check(settings: dict[str, Any], n: int, what: str) -> None:
    """A typed k above n is an error."""
    for node, parameter, typed in _ks(settings):
        if typed and not is_auto(settings) and node[parameter] > n:
            raise UsageError(f"k={node[parameter]}: there are only {n:,} {what}\ntype a k from 1 to {n}")


def fit(settings: dict[str, Any], n: int) -> None:
    """A default k that leaves hardly any of n images a cluster gives way, with one line."""
    enough = min(n, max(2, n // A_CLUSTER))
    for node, parameter, typed in _ks(settings):
        if not typed and not is_auto(settings) and node[parameter] > enough:
            log.info("k=%s is many for %s images: this run uses k=%s, or what you type", node[parameter], n, enough)
            node[parameter] = settings["k"] = enough


def choose(settings: dict[str, Any], R: Floats) -> Advice | None:
    """Put the k that the points R (n, r) speak for into the settings, and return why.

    None, with one line and the least k, where they are too few to say anything.
    """
    from imgret.advice import weigh
    from imgret.evidence import FEWEST, gather, ladder, most_clusters

    n, advice = distinct(R), None
    if n < FEWEST:
        found = min(n, UNTIL)
        apart = counted(n, "image") + ("" if n == len(R) else " of unequal features")
        log.info("k=auto: %s: too few to tell; this run uses k=%s, or what you type", apart, found)
    else:
        advice = weigh(gather(R, clustering(settings), ladder(2, most_clusters(len(R))), settings["seed"]))
        found = advice.vote.k
    for node, parameter, _ in _ks({**settings, **{slot: {} for slot in SLOTS if slot != "clusterer"}}):
        node[parameter] = settings["k"] = found
    return advice


def distinct(R: Floats) -> int:
    """How many of the points (n, r) are unequal."""
    return len({row.tobytes() for row in R})


def clustering(settings: Mapping[str, Any]) -> Fit:
    """A function that clusters points (m, r) into k by the clusterer of the settings, with a seed.

    Raises UsageError where it takes no k.
    """
    import numpy as np

    node = on_device(settings["clusterer"], settings["device"])
    takes = [p for p in parameters(find("clusterer", node["name"])) if p in SHARED]
    if "k" not in map(SHARED.get, takes):
        raise UsageError(
            f"k has no effect on clusterer={called(settings, 'clusterer')}: it takes none\nchoose another clusterer"
        )

    def labels(P: Floats, k: int, seed: int) -> Ints:
        given = {"k": k, "seed": seed}
        typed = {p: given[SHARED[p]] for p in takes if SHARED[p] in given}
        return np.asarray(build("clusterer", {**node, **typed}).fit_predict(P), np.int64)

    return labels


def _ks(settings: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str, bool]]:
    """The nodes that have a number of clusters, under which name, and whether it was typed."""
    for slot in SLOTS:
        node = settings[slot] or {}
        for parameter in (p for p, shared in SHARED.items() if shared == "k" and node.get(p)):
            yield node, parameter, bool({"k", f"{slot}.{parameter}"} & set(settings["typed"]))
