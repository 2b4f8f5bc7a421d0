"""The figures of a run: every metric that the settings name and whose needs are met."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from typing import Any

from imgret import ops
from imgret.blame import warn
from imgret.demands import values
from imgret.errors import Fault
from imgret.findings.rerank import Reranked
from imgret.reading import columns
from imgret.reading.items import Collection
from imgret.registry import declared, find, parameters

log = logging.getLogger("imgret")


def measure(
    X: Any,
    labels: Any,
    collection: Collection,
    settings: Mapping[str, Any],
    knn: Any,
    retriever: Any,
    reranker: Any = None,
    faults: list[Fault] | None = None,
) -> dict[str, float]:
    """The figures of every metric in `settings` whose needs are met, by name, in the order of the settings.

    A metric that fails is told of, and added to `faults`.
    """
    faults = [] if faults is None else faults
    plain = ops.Ranking(X, device=settings["device"])
    needs: dict[str, Any] = {  # what each is says `contracts.OFFERED`
        "X": X,
        "labels": labels,
        "truth": collection.truth if collection.is_scored else None,
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
                given = metric(**{p: needs[p] for p in wanted if needs.get(p) is not None})
                found, wrong = values.figures(name, given)
                figures |= found
                if wrong:
                    raise wrong
                try:
                    values.declared(found, declared(name))
                except Fault as fault:  # they are in full lists all the same
                    warn(fault, "metric", name, metric)
            except Exception as error:  # a metric that fails does not lose the run
                faults.append(warn(error, "metric", name, metric))
        elif "metrics" in settings.get("typed", ()):
            lacks = next(p for p in wanted if needs.get(p) is None and wanted[p].default is inspect.Parameter.empty)
            log.info("metric/%s is left out: this run has no %s", name, lacks)
    return figures
