"""How many clusters: a typed k that is too many is an error, a default one gives way, `auto` is found."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from imgret.errors import UsageError
from imgret.registry import SHARED, SLOTS

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


def check(settings: Mapping[str, Any], n: int, what: str) -> None:
    """A typed k above n is an error."""
    for slot, parameter, typed in numbers(settings):
        k = settings[slot][parameter]
        if typed and not is_auto(settings) and k > n:
            raise UsageError(f"k={k}: there are only {n:,} {what}\ntype a k from 1 to {n}")


def fit(settings: Mapping[str, Any], n: int) -> Mapping[str, Any]:
    """The settings, in which a default k that leaves hardly any of n images a cluster gives way, with one line."""
    enough, fitting = min(n, max(2, n // A_CLUSTER)), settings
    for slot, parameter, typed in numbers(settings):
        k = settings[slot][parameter]
        if not typed and not is_auto(settings) and k > enough:
            log.info("k=%s is many for %s images: this run uses k=%s, or what you type", k, n, enough)
            fitting = put(fitting, slot, parameter, enough)
    return fitting


def put(settings: Mapping[str, Any], slot: str, parameter: str, k: int) -> dict[str, Any]:
    """The settings with another k, in the node of a slot and for the run."""
    return {**settings, slot: {**settings[slot], parameter: k}, "k": k}


def numbers(settings: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """The slots whose nodes have a number of clusters, under which name, and whether it was typed."""
    for slot in SLOTS:
        node = settings[slot] or {}
        for parameter in (p for p, shared in SHARED.items() if shared == "k" and node.get(p)):
            yield slot, parameter, bool({"k", f"{slot}.{parameter}"} & set(settings["typed"]))
