"""One test over every option of every kind: typed alone, it gives a whole run, and keeps its kind's contract."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret.checks import check, faults
from imgret.registry import KINDS, SLOTS, options
from imgret.settings.options import CONFIGS, nodes

QUICK: dict[str, Any] = {"backbone": "pixels", "view": "pca", "reports": [], "limit": 24}
NAMED = {file.stem for file in (CONFIGS / "backbone").glob("*.yaml")}  # large models of timm, by names of their own
OWED: dict[str, dict[str, Any]] = {  # what an option needs to be typed with it, here
    "timm": {"backbone__model": "resnet18", "backbone__weights": "random"},
    "resnet50": {"backbone__weights": "random"},
    "open_clip": {"backbone__model": "ViT-S-32-alt", "backbone__weights": "random"},
    **{name: {"backbone__weights": "random", "limit": 20} for name in NAMED},
    "precomputed": {"backbone__vectors": "vectors.npy"},
    "synthetic": {"source__n": 40, "source__kinds": 5, "source__size": 64},
}
EVERYWHERE = {"cluster_rank": {"probes": 4}}  # what makes an approximate retriever exact, for four clusters
SLOW = {"umap", "hdbscan", "dbscan", "open_clip", "resnet50"} | NAMED  # numba takes its time first, large models theirs
LARGE = {"dinov2_b", "siglip2_b", "clip_b16"}  # whose contract, held below, extracts with them as a run does
CHOICES = [
    pytest.param(slot, name, marks=[pytest.mark.slow] if name in SLOW else [], id=f"{slot}={name}")
    for slot, choices in nodes().items()
    if slot in SLOTS
    for name in choices
    if name not in LARGE
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


OPTIONS = [
    pytest.param(kind, name, marks=[pytest.mark.slow] if name in SLOW else [], id=f"{kind}/{name}")
    for kind in KINDS
    for name in (nodes()[kind] if kind in SLOTS else options(kind))
    if name != "dinov2_b"  # dinov2_s is the same network, and takes a third of the time
]


@pytest.mark.parametrize(("kind", "name"), OPTIONS)
def test_keeps_its_contract(kind: str, name: str) -> None:
    np.save("vectors.npy", np.random.default_rng(0).normal(size=(24, 8)))
    typed = {key.removeprefix(f"{kind}__"): value for key, value in OWED.get(name, {}).items() if "__" in key}
    assert faults(kind, name, **typed) == []


@pytest.mark.parametrize("name", options("retriever"))
def test_retrievers_that_look_everywhere_agree_with_a_plain_scan(name: str) -> None:
    remarks = [finding.remark for finding in check("retriever", name, **EVERYWHERE.get(name, {}))]
    assert "the very hits of a plain scan" in remarks


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
