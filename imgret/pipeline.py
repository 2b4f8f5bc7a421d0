"""The run, top to bottom, one paragraph a stage."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from imgret import ops
from imgret.blame import is_ours, named
from imgret.checks import hold
from imgret.clusters.choose import choose
from imgret.clusters.neighbours import Neighbours, wanted
from imgret.clusters.stages import cluster, make, reduction
from imgret.contracts import Backbone
from imgret.demands import values
from imgret.errors import Fault, TooManyFailed, UsageError
from imgret.evaluation.measure import measure
from imgret.executors.worker import refuse_worker
from imgret.features import proportions
from imgret.features.engine import Engine, choose_device
from imgret.features.extract import extract
from imgret.features.space import space
from imgret.features.weights import WeightsUnavailable
from imgret.findings.info import Choice, Computed, Fitted, Info
from imgret.findings.originals import reach
from imgret.findings.rerank import around, fitted, learned_around, rerank
from imgret.reading import columns
from imgret.reading.beside import waiting
from imgret.reading.formats import chosen, require
from imgret.reading.items import collect, listing, root, sample
from imgret.reading.loader import Reading
from imgret.reading.taken import dated
from imgret.reading.thumbnails import look
from imgret.registry import SLOTS, blamed, build, called, find, learned, shared_hints
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
    refuse_worker()
    clock, store = Clock(), Store()
    device = choose_device(asked["device"])
    settings: Mapping[str, Any] = {**asked, "device": device, "formats": chosen(asked["formats"])}
    reading = Reading.of(settings)
    _check(settings)

    with clock.stage("list"), blamed(settings, "source"):
        source = make(settings, "source")
        everything = listing(source)
        values.skipped(source.skipped)
        if not is_ours(find("source", settings["source"]["name"])):
            values.relative(everything)
            pickle.dumps(source)  # as it is handed to the workers
        items = sample(everything, settings["limit"], settings["seed"])
        for note in getattr(source, "notes", ()):
            log.info("%s", note)
    if not items:
        raise UsageError(f"{origin(settings)} has no files in it\ngive a folder that has images in it")
    for line in waiting(items, asked["formats"], settings["formats"]):
        log.info(line)
    k.check(settings, len(items), "files")

    with clock.stage("backbone"):
        backbone, settings = _backbone(settings)
        used = called(settings, "backbone")
        with blamed(settings, "backbone"):
            engine = Engine(backbone, device)
            made_in = space(settings["backbone"], backbone)
        log.info("device %s, %s; backbone %s, %s", device, engine.title, used, backbone.licence)

    with clock.stage("features"), _named(settings):
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

    with clock.stage("thumbnails"), _named(settings):
        if settings["attributes"] or settings["reports"]:
            looked = look(source, collection, settings["attributes"], store, reading)
            collection = columns.add(collection, looked)

    with clock.stage("neighbours"):
        graph = knn.graph(X) if wanted(settings, len(X)) else None  # (n, m)

    advice = None
    if k.is_auto(settings):
        with clock.stage("k"):
            settings, advice = choose(settings, reduction(X, settings, "reducer", store, knn))

    with clock.stage("clusters"):
        labels, clusterer = cluster(X, settings, store, knn)  # (n,)

    with clock.stage("view"):
        view = reduction(X, settings, "view", store, knn)  # (n, 2)

    with clock.stage("retrieval"), blamed(settings, "retriever"):
        retriever = fitted(make(settings, "retriever"), X, labels, settings["top"])

    with clock.stage("rerank"):
        reranker = rerank(X, labels, settings, knn)

    with clock.stage("metrics"):
        faults: list[Fault] = []
        metrics = measure(X, labels, collection, settings, knn, retriever, reranker, faults)

    with clock.stage("baseline"):
        baseline = _baseline(settings, source, items, store, knn)

    rows = getattr(source, "skipped_rows", None)
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
        rows=0 if rows is None else len(everything) + len(rows),
        outcomes=collection.outcomes,
        data=digest("".join(collection.ids).encode()),
        root=root(collection.items),
        reach=reach(collection.items, root(collection.items)),
        features=Computed(extraction.computed, round(extraction.seconds, 3)),
        baseline=baseline,
        k=advice,
    )
    done = Run(info, collection, features, mean, labels, view, metrics, graph, faults=faults)
    done.source, done.backbone, done.engine, done.retriever = source, backbone, engine, reranker or retriever
    return save(done, matrix, clock)


def _backbone(settings: Mapping[str, Any]) -> tuple[Backbone, Mapping[str, Any]]:
    """The backbone asked for, or where its weights are not to be had the one named for that; and settings with it."""
    try:
        with blamed(settings, "backbone"):
            return make(settings, "backbone"), settings
    except WeightsUnavailable as error:
        if settings["otherwise"] is None:
            raise
        reason, other = str(error).splitlines()[0], called(settings, "otherwise")
        log.warning("backbone=%s: %s; this run uses backbone=%s", called(settings, "backbone"), reason, other)
        chosen = {**settings["chosen"], "backbone": other}
        settings = {**settings, "backbone": settings["otherwise"], "chosen": chosen}
        with blamed(settings, "backbone"):
            return make(settings, "backbone"), settings


def _baseline(
    settings: Mapping[str, Any], source: Any, items: Any, store: Store, knn: Neighbours
) -> dict[str, Any] | None:
    """What the same way gives with the features of the backbone `baseline`, to see what the chosen one is worth."""
    if settings["baseline"] is None:
        return None
    name, node = called(settings, "baseline"), settings["baseline"]
    reading = Reading.of({**settings, "max_failed": 1, "rehash": False})  # what it is to read has been read
    with named("backbone", name, find("backbone", node["name"])), blamed(settings, "source", only=True):
        backbone = build("backbone", node)
        engine, made_in = Engine(backbone, settings["device"]), space(node, backbone)
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
        if slot != "backbone" and settings[slot]:  # which is built next, and takes its time
            with blamed(settings, slot):
                around(settings) if slot == "rerank" else make(settings, slot)
            for hint in shared_hints(settings, slot):
                log.info(hint)
    for kind, names in (("attribute", settings["attributes"]), ("metric", settings["metrics"])):
        for name in names:
            if not is_ours(find(kind, name)):
                hold(kind, name)


@contextmanager
def _named(settings: Mapping[str, Any]) -> Iterator[None]:
    """What workers and engine say of the source and the backbone gets their names."""
    with blamed(settings, "source", only=True), blamed(settings, "backbone", only=True):
        yield
