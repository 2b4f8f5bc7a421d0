"""Whole set-ups: what a preset brings to whichever components are chosen, and the protocol of person crops."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import UsageError, registry
from imgret.__main__ import main
from imgret.contracts import Backbone, Preprocess
from imgret.settings.options import nodes
from tests.conftest import png, write
from tests.plugins.metrics.test_retrieval import average_precision

QUICK = ["view=pca", "reports=[]", "k=3"]
NAME = re.compile(r"(-?\d+)_c(\d)s\d_\d+_\d+\.png$")


@pytest.fixture
def market(tmp_path: Path) -> Path:
    """Four persons on up to three cameras, alike in colour and unlike enough; junk, distractors, and a readme."""
    rng, files = np.random.default_rng(0), {}
    shots = [(person, camera, shot) for person in (2, 3, 7, 11) for camera in (1, 2, 3) for shot in (1, 2, 3)]
    shots += [(person, camera, shot) for person in (-1, 0) for camera in (1, 2, 3) for shot in (1, 2, 3)]
    for frame, (person, camera, _) in enumerate(shots):
        if (person, camera) in [(7, 2), (11, 2), (11, 3)]:  # of 11 there is one camera: no query
            continue
        colour = np.clip(rng.integers(60, 200, 3) * 0.6 + 10 * person, 0, 255).astype(int)
        label = str(person) if person < 0 else f"{person:04}"
        data = png(tuple(colour.tolist()), (64, 128), noise=frame + 1)
        files[f"{label}_c{camera}s1_{frame:06}_01.png"] = data
    files["readme.txt"] = b"crops"
    return write(tmp_path / "bounding_box_test", files)


def _slow(X: Any, paths: list[str]) -> dict[str, float]:
    """rank-1 and mAP as the protocol's own words have them, from names: one query after the other."""
    parsed = [NAME.search(path) for path in paths]
    person, camera = [m[1] for m in parsed if m], [m[2] for m in parsed if m]
    precision, first = [], []
    for query in range(len(paths)):
        if person[query] in ("-1", "0000"):
            continue
        ranking = np.argsort(-(X.astype(np.float64) @ X[query]), kind="stable")
        hits = [
            person[i] == person[query]
            for i in ranking
            if person[i] != "-1" and not (person[i] == person[query] and camera[i] == camera[query])
        ]
        if any(hits):
            precision.append(average_precision(hits))
            first.append(hits[0])
    return {"map": float(np.mean(precision)), "rank_1": float(np.mean(first)), "queries": float(len(first))}


@pytest.mark.parametrize("folder", ["bounding_box_test", "."])
def test_person_crops(market: Path, folder: str, capsys: Any) -> None:
    given = str(market if folder != "." else market.parent)
    words = [given, "preset=market1501", "backbone=pixels", "backbone.size=32x16", *QUICK, f"out={market.parent}/runs"]
    assert main(words) == 0, capsys.readouterr().err
    run = imgret.load(market.parent / "runs" / "latest")
    figures = json.loads((run.folder / "metrics.json").read_text())
    right = _slow(run.X, run.paths)
    assert {name: figures[name] for name in right} == pytest.approx(right)
    assert right["queries"] == 9 + 9 + 6
    assert 0 < right["map"] < 1
    assert run.truth_names == ["0002", "0003", "0007", "0011"]
    assert run.group_names == ["1", "2", "3"]
    junk = [path for path, yes in zip(run.paths, run.collection.junk, strict=True) if yes]
    assert [Path(path).name[:2] for path in junk] == ["-1"] * 9
    assert len(run.search(junk[0], 99)) == len(run.ids) - 1  # clustered and found like any other
    assert run.search(junk[0], 5, where="junk=1")


def test_a_size_for_whichever_backbone() -> None:
    for name in ("resnet50", "timm", "efficientnet_lite0", "pixels"):
        assert "size" in nodes()["backbone"][name]


def _settings(monkeypatch: pytest.MonkeyPatch, **typed: Any) -> dict[str, Any]:
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr("imgret.pipeline.run", seen.append)
    imgret.run("photos", **typed)
    return seen[0]


def test_an_archive_has_folders_as_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path("photos"), {"1.png": png((9, 9, 9))})
    assert _settings(monkeypatch, preset="archive")["source"]["folders"] == "columns"
    assert _settings(monkeypatch, preset="archive", source__folders="labels")["source"]["folders"] == "labels"
    assert _settings(monkeypatch)["source"]["folders"] == "auto"


def test_the_stand_in_is_as_the_preset_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path("photos"), {"1.png": png((9, 9, 9))})
    found = _settings(monkeypatch, preset="market1501")
    assert (found["backbone"]["name"], found["backbone"]["size"]) == ("resnet50", "256x128")
    assert (found["otherwise"]["name"], found["otherwise"]["size"]) == ("efficientnet_lite0", "256x128")
    assert found["source"]["label_regex"].startswith("(?:^|/)(?P<label>-?\\d+)")
    assert _settings(monkeypatch, preset="market1501", backbone__size=64)["backbone"]["size"] == 64
    assert _settings(monkeypatch, preset="market1501", backbone="pixels")["otherwise"] is None
    assert _settings(monkeypatch, preset="demo", source="files")["otherwise"] is None  # it names its backbone
    assert _settings(monkeypatch)["otherwise"]["size"] == 224


def test_a_component_that_does_not_take_what_a_preset_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def plain(depth: int = 1) -> Backbone:
        return Backbone(torch.nn.Flatten(), Preprocess((8, 8)), "none")

    monkeypatch.setitem(registry._found, ("backbone", "plain"), plain)
    write(Path("photos"), {"1.png": png((9, 9, 9))})
    says = "preset=market1501 sets backbone.size, which backbone=plain does not take\ntype ~backbone.size, or choose"
    with pytest.raises(UsageError, match=says):
        imgret.run("photos", preset="market1501", backbone="plain")
    assert main(["photos", "preset=market1501", "backbone=plain", "~backbone.size", "k=1", "view=pca"]) == 0
    assert _settings(monkeypatch, preset="market1501", fallback="plain")["otherwise"] == {"name": "plain", "depth": 1}


def test_a_line_for_shapes_that_the_input_squashes(market: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("imgret.pipeline.log.info", lambda text, *more: said.append(text % more if more else text))
    run = {"backbone": "pixels", "view": "pca", "reports": [], "k": 3, "limit": 9}
    imgret.run(market, **run, backbone__size="32x16")
    assert not [line for line in said if "as high as wide" in line]
    imgret.run(market, **run)
    (line,) = [line for line in said if "as high as wide" in line]
    assert line.startswith("the images are 2.0 times as high as wide (median), and fit=squash to 32x32 does not keep")
    assert line.endswith("; type backbone.size=48x24")


def test_clusters_on_the_manifold(monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path("photos"), {"1.png": png((9, 9, 9))})
    found = _settings(monkeypatch, preset="manifold", k=10)
    assert {key: found["reducer"][key] for key in ("name", "n_components", "n_neighbors", "min_dist")} == {
        "name": "umap", "n_components": 10, "n_neighbors": 30, "min_dist": 0
    }  # fmt: skip
    assert (found["clusterer"]["name"], found["clusterer"]["k"]) == ("kmeans", 10)


def test_what_is_typed_wins_over_the_manifold(monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path("photos"), {"1.png": png((9, 9, 9))})
    for clusterer in nodes()["clusterer"]:
        found = _settings(monkeypatch, preset="manifold", clusterer=clusterer)
        assert found["chosen"]["clusterer"] == clusterer
        assert (found["reducer"]["name"], found["reducer"]["n_neighbors"]) == ("umap", 30)
    found = _settings(monkeypatch, preset="manifold", clusterer="agglomerative", clusterer__linkage="average", k=7)
    assert (found["clusterer"]["k"], found["clusterer"]["linkage"]) == (7, "average")
    assert _settings(monkeypatch, preset="manifold", reducer__n_neighbors=15)["reducer"]["n_neighbors"] == 15
    with pytest.raises(UsageError, match=r"sets reducer\.n_neighbors, which reducer=pca does not take\ntype ~reducer"):
        imgret.run("photos", preset="manifold", reducer="pca")


@pytest.mark.slow
def test_the_manifold_has_better_clusters_than_the_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.datasets import load_digits
    from sklearn.metrics import adjusted_rand_score

    from imgret.clusters.neighbours import Neighbours
    from imgret.ops import normalise
    from imgret.pipeline import cluster
    from imgret.store.store import Store

    write(Path("photos"), {"1.png": png((9, 9, 9))})
    pixels, truth = load_digits(return_X_y=True)
    found = {}
    for name, more in (("raw", {"normalize": "none", "reducer": "none"}), ("manifold", {"preset": "manifold"})):
        settings = _settings(monkeypatch, k=10, device="cpu", **more)
        X, _ = normalise(pixels.astype(np.float32), settings["normalize"])
        found[name] = adjusted_rand_score(truth, cluster(X, settings, Store(), Neighbours())[0])
    assert found["manifold"] > 0.75 > found["raw"] + 0.05  # over five seeds: .82 to .83, and .58 to .67
