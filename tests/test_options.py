"""One test over every option of every kind: typed alone, it gives a whole run, and keeps its kind's contract."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import ops
from imgret.contracts import Clusterer, Reducer, Retriever, Source
from imgret.registry import SLOTS, build, options, parameters
from imgret.settings import CONFIGS, nodes

QUICK: dict[str, Any] = {"backbone": "pixels", "view": "pca", "reports": [], "limit": 24}
NAMED = {file.stem for file in (CONFIGS / "backbone").glob("*.yaml")}  # large models of timm, by names of their own
OWED: dict[str, dict[str, Any]] = {  # what an option needs to be typed with it, here
    "timm": {"backbone__model": "resnet18", "backbone__weights": "random"},
    "resnet50": {"backbone__weights": "random"},
    **{name: {"backbone__weights": "random", "limit": 20} for name in NAMED},
    "precomputed": {"backbone__vectors": "vectors.npy"},
    "synthetic": {"source__n": 40, "source__kinds": 5, "source__size": 64},
}
SLOW = {"umap", "hdbscan", "dbscan"} | NAMED  # numba takes its time first, and large models theirs
CHOICES = [
    pytest.param(slot, name, marks=[pytest.mark.slow] if name in SLOW else [], id=f"{slot}={name}")
    for slot, choices in nodes().items()
    if slot in SLOTS
    for name in choices
]


@pytest.mark.parametrize(("slot", "name"), CHOICES)
def test_typed_alone(slot: str, name: str, colours: Path) -> None:
    np.save("vectors.npy", np.random.default_rng(0).normal(size=(24, 8)))  # one row for each of the colours
    images = None if slot == "source" and name != "files" else colours
    component = nodes()[slot][name]
    more = {"k": 3} if slot != "clusterer" or "k" in component else {}
    run = imgret.run(images, **(QUICK | {slot: name} | OWED.get(name, {}) | more))
    n = len(run.ids)
    assert n >= 20
    assert run.settings[slot]["name"] == component["name"]
    assert (run.labels.dtype, run.labels.shape) == (np.int64, (n,))
    sizes = np.bincount(run.labels[run.labels >= 0])
    assert sorted(sizes, reverse=True) == list(sizes)
    assert (run.view.shape, np.isfinite(run.view).all()) == ((n, 2), True)
    assert all(np.isfinite(value) for value in run.metrics.values())
    assert [hit.rank for hit in run.search(run.ids[0], 5)] == [1, 2, 3, 4, 5]
    again = imgret.load(run.folder)
    assert again.search(run.ids[0], 5) == run.search(run.ids[0], 5)
    np.testing.assert_array_equal(again.X, run.X)


@pytest.mark.parametrize("name", options("metric"))
def test_metrics_are_figures(name: str, colours: Path) -> None:
    figures = imgret.run(colours, **(QUICK | {"metrics": [name], "k": 3})).metrics
    assert figures
    assert all(isinstance(value, float) for value in figures.values())


@pytest.mark.parametrize("name", options("report"))
def test_reports_write_what_they_say(name: str, colours: Path, tmp_path: Path) -> None:
    run = imgret.run(colours, **(QUICK | {"k": 3}))
    written = options("report")[name](run, tmp_path)
    assert written or name == "dates"  # these have no date
    assert all(file.is_file() and file.is_relative_to(tmp_path) for file in written)


@pytest.mark.parametrize(("slot", "name"), [c.values[:2] for c in CHOICES if c.values[0] == "retriever"])
def test_retrievers_agree_with_a_plain_scan(slot: str, name: str) -> None:
    rng = np.random.default_rng(0)
    X = ops.normalise(rng.normal(size=(60, 5)).astype(np.float32), "l2")[0]
    labels = rng.integers(-1, 4, 60)
    retriever = options(slot)[name](**({"probes": 4} if name == "cluster_rank" else {}))
    retriever.fit(X, labels)
    scores, rows = retriever.kneighbors(X[:7], 9)
    slow = X[:7].astype(np.float64) @ X.T.astype(np.float64)
    np.testing.assert_array_equal(rows, np.argsort(-slow, axis=1, kind="stable")[:, :9])
    np.testing.assert_allclose(scores, np.take_along_axis(slow, rows, axis=1), atol=1e-6)
    assert (scores.dtype, rows.dtype) == (np.float32, np.int64)
    assert retriever.kneighbors(X[:1], 100)[1].shape == (1, 60)


def test_components_are_what_the_protocols_say() -> None:
    kinds = {"source": Source, "reducer": Reducer, "clusterer": Clusterer, "retriever": Retriever}
    shared = {"k": 2, "seed": 0, "images": "."}
    for kind, protocol in kinds.items():
        for name, component in options(kind).items():
            node = {p: shared[p] for p in parameters(component) if p in shared}
            assert isinstance(build(kind, {"name": name, **node}), protocol), name
