"""The stages of a run that fit a component to X: fewer columns, and clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imgret import ops
from imgret.demands import arrays
from imgret.registry import SLOTS, blamed, build, find, on_device
from imgret.store.store import Store, code, digest
from imgret.store.versions import versions

if TYPE_CHECKING:
    from imgret.clusters.neighbours import Neighbours


def cluster(X: Any, settings: Mapping[str, Any], store: Store, knn: Neighbours) -> tuple[Any, Any]:
    """Labels (n,) by size, largest first, -1 for noise; and the clusterer, with what it has learned."""
    reduced = reduction(X, settings, "reducer", store, knn)  # (n, r)
    with blamed(settings, "clusterer"):
        clusterer = make(settings, "clusterer", knn=knn)
        labels = arrays.labels(clusterer.fit_predict(reduced), len(X))
    return ops.renumber(labels), clusterer


def reduction(X: Any, settings: Mapping[str, Any], slot: str, store: Store, knn: Neighbours) -> Any:
    """X (n, d) in fewer columns (n, r), as the slot's reducer makes them; computed once for the same X and options."""

    def compute() -> Any:
        with blamed(settings, slot):
            made = make(settings, slot, knn=knn).fit_transform(X)
            return arrays.reduced(made, X, 2 if slot == "view" else None)

    component = code(find(SLOTS[slot], settings[slot]["name"]))
    node = on_device(settings[slot], settings["device"])
    return store.derived(compute, node, component, versions(), digest(X))


def make(settings: Mapping[str, Any], slot: str, **handed: Any) -> Any:
    """The component that the settings choose for a slot, on the run's device, not fitted."""
    return build(SLOTS[slot], on_device(settings[slot], settings["device"]), slot, **handed)
