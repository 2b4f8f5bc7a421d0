"""The run, top to bottom, one paragraph a stage."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from imgret import columns, k, ops, proportions, record, room
from imgret.contracts import Backbone
from imgret.engine import Engine, choose_device
from imgret.extract import extract, space
from imgret.files import load_array
from imgret.formats import require
from imgret.items import collect, listing, sample
from imgret.loader import Reading
from imgret.measure import measure
from imgret.neighbours import Neighbours, wanted
from imgret.originals import reach
from imgret.registry import (
    SLOTS,
    TooManyFailed,
    UsageError,
    build,
    called,
    find,
    learned,
    on_device,
)
from imgret.reranked import around, learned_around, rerank
from imgret.results import Run
from imgret.store import Store, code, digest
from imgret.thumbnails import look
from imgret.weights import WeightsUnavailable

log = logging.getLogger("imgret")


def run(settings: dict[str, Any]) -> Run:
    """Cluster, evaluate, index and save the collection that `settings` (a composed config) describes.

    Raises UsageError for what is wrong with the settings or the input; the run is on disk when this returns.
    """
    clock, store, reading = record.Clock(), Store(), Reading.of(settings)
    device = settings["device"] = choose_device(settings["device"])
    _check(settings)

    with clock.stage("list"):
        source = _build(settings, "source")
        everything = listing(source)
        items = sample(everything, settings["limit"], settings["seed"])
    if not items:
        raise UsageError(f"{record.origin(settings)} has no files in it\ngive a folder that has images in it")
    k.check(settings, len(items), "files")

    with clock.stage("backbone"):
        asked = called(settings, "backbone")
        backbone = _backbone(settings)
        used = called(settings, "backbone")
        engine = Engine(backbone, device)
        made_in = space(settings["backbone"], backbone)
        log.info("device %s, %s; backbone %s, %s", device, engine.title, used, backbone.licence)

    with clock.stage("features"):
        where = room.Room(store.root, record.make_out(settings), bool(settings["attributes"] or settings["reports"]))
        extraction = extract(source, items, made_in, engine, store, reading, everything, used, where)
        collection = collect(items, extraction.records)
        if not collection.ids:
            only = UsageError if set(collection.outcomes) == {"unsupported"} else TooManyFailed
            raise only(f"{record.origin(settings)} has no readable image in it: {collection.causes}")
        k.check(settings, len(collection.ids), "distinct readable images")
        k.fit(settings, len(collection.ids))
        if hint := proportions.hint(collection, backbone.preprocess, settings["backbone"]):
            log.info(hint)
        matrix = store.matrix(extraction.features, collection.ids)
        features = load_array(matrix, mapped=True)  # (n, d)
        room.refuse_memory(*features.shape)
        X, mean = ops.normalise(features, settings["normalize"])  # (n, d), (d,)
        knn = Neighbours(store, device)

    with clock.stage("thumbnails"):
        if settings["attributes"] or settings["reports"]:
            looked = look(source, collection, settings["attributes"], store, reading)
            collection = columns.add(collection, looked)

    with clock.stage("neighbours"):
        graph = knn.graph(X) if wanted(settings, len(X)) else None  # (n, m)

    advice = None
    if k.is_auto(settings):
        with clock.stage("k"), _blame(settings, "clusterer"):
            advice = k.choose(settings, reduction(X, settings, "reducer", store, knn))

    with clock.stage("clusters"):
        labels, clusterer = cluster(X, settings, store, knn)  # (n,)

    with clock.stage("view"):
        view = reduction(X, settings, "view", store, knn)  # (n, 2)

    with clock.stage("retrieval"), _blame(settings, "retriever"):
        retriever = _build(settings, "retriever")
        retriever.fit(X, labels)

    with clock.stage("rerank"), _blame(settings, "rerank"):
        reranker = rerank(X, labels, settings, knn)

    with clock.stage("metrics"):
        metrics = measure(X, labels, collection, settings, retriever, reranker)

    with clock.stage("baseline"):
        baseline = _baseline(settings, source, items, store, knn)

    info = {
        "title": record.title(settings),
        "config": settings,
        "fitted": {
            "source": learned(source, settings["source"]),
            "clusterer": learned(clusterer, settings["clusterer"]),
            "retriever": learned(retriever, settings["retriever"]),
            "rerank": reranker and learned_around(reranker, settings),
            "calibration": getattr(retriever, "calibration_", []),
            "queries_per_second": getattr(retriever, "queries_per_second_", None),
            "exact_queries_per_second": getattr(retriever, "exact_queries_per_second_", None),
        },
        "backbone": {"asked": asked, "used": used, "licence": backbone.licence, **backbone.facts},
        "space": made_in,
        "engine": engine.facts,
        "files": len(everything),
        "skipped": dict(source.skipped),
        "outcomes": collection.outcomes,
        "data": digest("".join(collection.ids).encode()),
        "root": record.root(collection.items),
        "reach": reach(collection.items, record.root(collection.items)),
        "features": {"computed": extraction.computed, "seconds": round(extraction.seconds, 3)},
        "baseline": baseline,
        "k": advice.plain() if advice else None,
    }
    parts = {"source": source, "backbone": backbone, "engine": engine, "retriever": reranker or retriever}
    done = Run(info, collection, features, mean, labels, view, metrics, graph, fitted=parts)
    return record.save(done, matrix, clock)


def cluster(X: Any, settings: Mapping[str, Any], store: Store, knn: Neighbours) -> tuple[Any, Any]:
    """Labels (n,) by size, largest first, -1 for noise; and the clusterer, with what it has learned."""
    reduced = reduction(X, settings, "reducer", store, knn)  # (n, r)
    with _blame(settings, "clusterer"):
        clusterer = _build(settings, "clusterer", knn=knn)
        labels = np.asarray(clusterer.fit_predict(reduced))
    if labels.shape != (len(X),) or not np.issubdtype(labels.dtype, np.integer):
        name = called(settings, "clusterer")
        raise UsageError(
            f"clusterer={name} gave {labels.dtype} labels of shape {labels.shape}, not {len(X)} whole numbers"
        )
    return ops.renumber(labels.astype(np.int64)), clusterer


def _build(settings: Mapping[str, Any], slot: str, **handed: Any) -> Any:
    if slot == "rerank":
        return around(settings)
    return build(SLOTS[slot], on_device(settings[slot], settings["device"]), slot, **handed)


def _backbone(settings: dict[str, Any]) -> Backbone:
    """The backbone asked for, or the one that the settings name for where its weights are not to be had."""
    try:
        backbone: Backbone = _build(settings, "backbone")
        return backbone
    except WeightsUnavailable as error:
        if settings["otherwise"] is None or settings["offline"]:
            raise
        reason, other = str(error).splitlines()[0], called(settings, "otherwise")
        log.warning("backbone=%s: %s; this run uses backbone=%s", called(settings, "backbone"), reason, other)
        settings["backbone"] = settings["otherwise"]
        settings["chosen"] = {**settings.get("chosen", {}), "backbone": other}
        return _backbone(settings | {"otherwise": None})


def reduction(X: Any, settings: Mapping[str, Any], slot: str, store: Store, knn: Neighbours) -> Any:
    """X (n, d) in fewer columns (n, r), as the slot's reducer makes them; computed once for the same X and options."""

    def compute() -> Any:
        with _blame(settings, slot):
            reduced = np.asarray(_build(settings, slot, knn=knn).fit_transform(X), np.float32)
        if reduced.ndim != 2 or len(reduced) != len(X) or (slot == "view" and reduced.shape[1] != 2):
            wanted = f"({len(X)}, 2)" if slot == "view" else f"({len(X)}, r)"
            raise UsageError(f"{slot}={called(settings, slot)} gave the shape {reduced.shape}, not {wanted}")
        if not all(np.isfinite(reduced[rows]).all() for rows in ops.blocks(len(reduced), 8192)):
            raise UsageError(f"{slot}={called(settings, slot)} gave values that are not finite\nchoose another {slot}")
        return reduced

    component = code(find(SLOTS[slot], settings[slot]["name"]))
    node = on_device(settings[slot], settings["device"])
    return store.derived(compute, node, component, record.versions(), digest(X))


def _baseline(
    settings: Mapping[str, Any], source: Any, items: Any, store: Store, knn: Neighbours
) -> dict[str, Any] | None:
    """What the same way gives with the features of the backbone `baseline`, to see what the chosen one is worth."""
    if settings["baseline"] is None:
        return None
    backbone = build("backbone", settings["baseline"])
    engine = Engine(backbone, settings["device"])
    name, made_in = called(settings, "baseline"), space(settings["baseline"], backbone)
    reading = Reading.of({**settings, "max_failed": 1, "rehash": False})  # what it is to read has been read
    extraction = extract(source, items, made_in, engine, store, reading, by=name)
    collection = collect(items, extraction.records)
    X, _ = ops.normalise(load_array(store.matrix(extraction.features, collection.ids)), settings["normalize"])
    labels, _ = cluster(X, settings, store, knn)
    return {"backbone": name, **measure(X, labels, collection, settings, None, rerank(X, labels, settings, knn))}


def _check(settings: Mapping[str, Any]) -> None:
    """Find in the first second what would else be found after the features: arguments, and where the run shall go."""
    record.make_out(settings)
    require(settings["formats"])
    for slot in SLOTS:
        if slot != "backbone":  # which is built next, and takes its time
            with _blame(settings, slot):
                _build(settings, slot)


@contextmanager
def _blame(settings: Mapping[str, Any], slot: str) -> Iterator[None]:
    """A component's own complaint about its arguments is the user's to read, with the component's name."""
    try:
        yield
    except (ValueError, TypeError, NotImplementedError) as error:
        text = " ".join(str(error).split())
        raise UsageError(f"{slot}={called(settings, slot)} failed: {text}") from error
