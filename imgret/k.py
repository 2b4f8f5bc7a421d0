"""How many clusters: a typed k that is too many is an error, a default one gives way."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from imgret.registry import SHARED, SLOTS, UsageError

A_CLUSTER = 5  # images, at the least, for the average cluster where nobody typed how many clusters there are
log = logging.getLogger("imgret")


def check(settings: dict[str, Any], n: int, what: str) -> None:
    """A typed k above n is an error."""
    for node, parameter, typed in _ks(settings):
        if typed and node[parameter] > n:
            raise UsageError(f"k={node[parameter]}: there are only {n:,} {what}\ntype a k from 1 to {n}")


def fit(settings: dict[str, Any], n: int) -> None:
    """A default k that leaves hardly any of n images a cluster gives way, with one line."""
    enough = min(n, max(2, n // A_CLUSTER))
    for node, parameter, typed in _ks(settings):
        if not typed and node[parameter] > enough:
            log.info("k=%s is many for %s images: this run uses k=%s, or what you type", node[parameter], n, enough)
            node[parameter] = settings["k"] = enough


def _ks(settings: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str, bool]]:
    """The nodes that have a number of clusters, under which name, and whether it was typed."""
    for slot in SLOTS:
        node = settings[slot] or {}
        for parameter in (p for p, shared in SHARED.items() if shared == "k" and node.get(p)):
            yield node, parameter, bool({"k", f"{slot}.{parameter}"} & set(settings["typed"]))
