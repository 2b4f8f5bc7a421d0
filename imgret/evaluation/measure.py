"""The figures of a run: every metric that the settings name and whose needs are met."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from imgret import ops
from imgret.findings.rerank import Reranked
from imgret.reading import columns
from imgret.reading.items import Collection
from imgret.registry import find, parameters

log = logging.getLogger("imgret")


def measure(
    X: Any,
    labels: Any,
    collection: Collection,
    settings: Mapping[str, Any],
    knn: Any,
    retriever: Any,
    reranker: Any = None,
) -> dict[str, float]:
    """The figures of every metric in `settings` whose needs are met, by name, in the order of the settings."""
    plain = ops.Ranking(X, device=settings["device"])
    needs: dict[str, Any] = {  # what each is says `contracts.OFFERED`
        "X": X,
        "labels": labels,
        "truth": collection.truth if (collection.truth >= 0).any() else None,
        "group": collection.group if (collection.group >= 0).any() else None,
        "columns": columns.codes(collection),
        "junk": collection.junk if collection.junk.any() else None,
        "ranking": Reranked(X, reranker) if reranker else plain,
        "plain": plain if reranker else None,
        "retriever": retriever,
        "knn": knn,
        "top": settings["top"],
        "seed": settings["seed"],
        "device": settings["device"],
    }
    figures: dict[str, float] = {}
    for name in settings["metrics"]:
        metric = find("metric", name)
        wanted = parameters(metric)
        if all(needs.get(p) is not None or wanted[p].default is not inspect.Parameter.empty for p in wanted):
            try:
                found = metric(**{p: needs[p] for p in wanted if needs.get(p) is not None})
                found = found if isinstance(found, Mapping) else {name: found}
                figures |= {key: float(value) for key, value in found.items() if np.isfinite(value)}
            except Exception as error:  # a metric that fails does not lose the run
                log.warning("metric %s failed: %s: %s", name, type(error).__name__, error)
    return figures
