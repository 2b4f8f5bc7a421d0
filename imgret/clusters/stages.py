"""The stages of a run that fit a component to X: fewer columns, and clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret import ops
from imgret.errors import UsageError
from imgret.registry import SLOTS, build, called, find, on_device
from imgret.store.store import Store, code, digest
from imgret.store.versions import versions

if TYPE_CHECKING:
    from imgret.clusters.neighbours import Neighbours


def cluster(X: Any, settings: Mapping[str, Any], store: Store, knn: Neighbours) -> tuple[Any, Any]:
    """Labels (n,) by size, largest first, -1 for noise; and the clusterer, with what it has learned."""
    reduced = reduction(X, settings, "reducer", store, knn)  # (n, r)
    with blamed(settings, "clusterer"):
        clusterer = make(settings, "clusterer", knn=knn)
        labels = np.asarray(clusterer.fit_predict(reduced))
    if labels.shape != (len(X),) or not np.issubdtype(labels.dtype, np.integer):
        name = called(settings, "clusterer")
        raise UsageError(
            f"clusterer={name} gave {labels.dtype} labels of shape {labels.shape}, not {len(X)} whole numbers"
        )
    return ops.renumber(labels.astype(np.int64)), clusterer


def reduction(X: Any, settings: Mapping[str, Any], slot: str, store: Store, knn: Neighbours) -> Any:
    """X (n, d) in fewer columns (n, r), as the slot's reducer makes them; computed once for the same X and options."""

    def compute() -> Any:
        with blamed(settings, slot):
            reduced = np.asarray(make(settings, slot, knn=knn).fit_transform(X), np.float32)
        if reduced.ndim != 2 or len(reduced) != len(X) or (slot == "view" and reduced.shape[1] != 2):
            wanted = f"({len(X)}, 2)" if slot == "view" else f"({len(X)}, r)"
            raise UsageError(f"{slot}={called(settings, slot)} gave the shape {reduced.shape}, not {wanted}")
        if not all(np.isfinite(reduced[rows]).all() for rows in ops.blocks(len(reduced), 8192)):
            raise UsageError(f"{slot}={called(settings, slot)} gave values that are not finite\nchoose another {slot}")
        return reduced

    component = code(find(SLOTS[slot], settings[slot]["name"]))
    node = on_device(settings[slot], settings["device"])
    return store.derived(compute, node, component, versions(), digest(X))


def make(settings: Mapping[str, Any], slot: str, **handed: Any) -> Any:
    """The component that the settings choose for a slot, on the run's device, not fitted."""
    return build(SLOTS[slot], on_device(settings[slot], settings["device"]), slot, **handed)


@contextmanager
def blamed(settings: Mapping[str, Any], slot: str) -> Iterator[None]:
    """A component's own complaint about its arguments is the user's to read, with the component's name."""
    try:
        yield
    except (ValueError, TypeError, NotImplementedError) as error:
        text = " ".join(str(error).split())
        raise UsageError(f"{slot}={called(settings, slot)} failed: {text}") from error
