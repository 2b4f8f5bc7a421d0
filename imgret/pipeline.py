"""The run, top to bottom, one paragraph a stage."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from imgret import ops
from imgret.clusters.choose import choose
from imgret.clusters.neighbours import Neighbours, wanted
from imgret.clusters.stages import blamed, cluster, make, reduction
from imgret.contracts import Backbone
from imgret.errors import TooManyFailed, UsageError
from imgret.evaluation.measure import measure
from imgret.features import proportions
from imgret.features.engine import Engine, choose_device
from imgret.features.extract import extract, space
from imgret.features.weights import WeightsUnavailable
from imgret.findings.info import Choice, Computed, Fitted, Info
from imgret.findings.originals import reach
from imgret.findings.rerank import around, learned_around, rerank
from imgret.reading import columns
from imgret.reading.beside import waiting
from imgret.reading.formats import chosen, require
from imgret.reading.items import collect, listing, root, sample
from imgret.reading.loader import Reading
from imgret.reading.taken import dated
from imgret.reading.thumbnails import look
from imgret.registry import SLOTS, build, called, learned
from imgret.runs.clock import Clock
from imgret.runs.run import Run
from imgret.runs.write import make_out, save
from imgret.settings import k
from imgret.settings.options import origin, title
from imgret.store import room
from imgret.store.files import load_array
from imgret.store.store import Store, digest

log = logging.getLogger("imgret")


def run(asked: Mapping[str, Any]) -> Run:
    """Cluster, evaluate, index and save the collection that the settings `asked` (a composed config) describe.

    They stay as they are: those of the run have what it decided in their place, its device, k and perhaps backbone.
    Raises UsageError for what is wrong with the settings or the input; the run is on disk when this returns.
    """
    clock, store = Clock(), Store()
    device = choose_device(asked["device"])
    settings: Mapping[str, Any] = {**asked, "device": device, "formats": chosen(asked["formats"])}
    reading = Reading.of(settings)
    _check(settings)

    with clock.stage("list"):
        source = make(settings, "source")
        everything = listing(source)
        items = sample(everything, settings["limit"], settings["seed"])
    if not items:
        raise UsageError(f"{origin(settings)} has no files in it\ngive a folder that has images in it")
    for line in waiting(items, asked["formats"], settings["formats"]):
        log.info(line)
    k.check(settings, len(items), "files")

    with clock.stage("backbone"):
        backbone, settings = _backbone(settings)
        used = called(settings, "backbone")
        engine = Engine(backbone, device)
        made_in = space(settings["backbone"], backbone)
        log.info("device %s, %s; backbone %s, %s", device, engine.title, used, backbone.licence)

    with clock.stage("features"):
        where = room.Room(store.root, make_out(settings), bool(settings["attributes"] or settings["reports"]))
        extraction = extract(source, items, made_in, engine, store, reading, everything, used, where)
        collection = dated(collect(items, extraction.records), settings["taken_from"])
        if not collection.ids:
            only = UsageError if set(collection.outcomes) <= {"unsupported", "beside"} else TooManyFailed
            raise only(f"{origin(settings)} has no readable image in it: {collection.causes}")
        k.check(settings, len(collection.ids), "distinct readable images")
        settings = k.fit(settings, len(collection.ids))
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
        with clock.stage("k"), blamed(settings, "clusterer"):
            settings, advice = choose(settings, reduction(X, settings, "reducer", store, knn))

    with clock.stage("clusters"):
        labels, clusterer = cluster(X, settings, store, knn)  # (n,)

    with clock.stage("view"):
        view = reduction(X, settings, "view", store, knn)  # (n, 2)

    with clock.stage("retrieval"), blamed(settings, "retriever"):
        retriever = make(settings, "retriever")
        retriever.fit(X, labels)

    with clock.stage("rerank"), blamed(settings, "rerank"):
        reranker = rerank(X, labels, settings, knn)

    with clock.stage("metrics"):
        metrics = measure(X, labels, collection, settings, knn, retriever, reranker)

    with clock.stage("baseline"):
        baseline = _baseline(settings, source, items, store, knn)

    info = Info(
        title=title(settings),
        config=dict(settings),
        fitted=Fitted(
            source=learned(source, settings["source"]),
            clusterer=learned(clusterer, settings["clusterer"]),
            retriever=learned(retriever, settings["retriever"]),
            rerank=reranker and learned_around(reranker, settings),
            calibration=list(getattr(retriever, "calibration_", None) or ()),
            queries_per_second=getattr(retriever, "queries_per_second_", None),
            exact_queries_per_second=getattr(retriever, "exact_queries_per_second_", None),
        ),
        backbone=Choice(called(asked, "backbone"), used, backbone.licence, backbone.facts),
        space=made_in,
        engine=engine.facts,
        files=len(everything),
        skipped=dict(source.skipped),
        outcomes=collection.outcomes,
        data=digest("".join(collection.ids).encode()),
        root=root(collection.items),
        reach=reach(collection.items, root(collection.items)),
        features=Computed(extraction.computed, round(extraction.seconds, 3)),
        baseline=baseline,
        k=advice,
    )
    done = Run(info, collection, features, mean, labels, view, metrics, graph)
    done.source, done.backbone, done.engine, done.retriever = source, backbone, engine, reranker or retriever
    return save(done, matrix, clock)


def _backbone(settings: Mapping[str, Any]) -> tuple[Backbone, Mapping[str, Any]]:
    """The backbone asked for, or where its weights are not to be had the one named for that; and settings with it."""
    try:
        return make(settings, "backbone"), settings
    except WeightsUnavailable as error:
        if settings["otherwise"] is None or settings["offline"]:
            raise
        reason, other = str(error).splitlines()[0], called(settings, "otherwise")
        log.warning("backbone=%s: %s; this run uses backbone=%s", called(settings, "backbone"), reason, other)
        chosen = {**settings["chosen"], "backbone": other}
        settings = {**settings, "backbone": settings["otherwise"], "chosen": chosen}
        return make(settings, "backbone"), settings


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
    reranker = rerank(X, labels, settings, knn)
    return {"backbone": name, **measure(X, labels, collection, settings, knn, None, reranker)}


def _check(settings: Mapping[str, Any]) -> None:
    """Find in the first second what would else be found after the features: arguments, and where the run shall go."""
    make_out(settings)
    require(settings["formats"])
    for slot in SLOTS:
        if slot != "backbone":  # which is built next, and takes its time
            with blamed(settings, slot):
                around(settings) if slot == "rerank" else make(settings, slot)
