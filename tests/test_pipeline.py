"""The run from folder to run folder, with raw pixels as the backbone: small, and nothing in it is a stand-in."""

import csv
import hashlib
import json
import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import Run, UsageError, pipeline
from imgret.features.weights import WeightsUnavailable
from imgret.registry import register
from tests.conftest import png, write

QUICK: dict[str, Any] = {"backbone": "pixels", "view": "pca", "reports": [], "k": 3}


def _run(images: Path, **changes: Any) -> Run:
    return imgret.run(images, **(QUICK | changes))


def _bytes(folder: Path, *names: str) -> dict[str, str]:
    names = names or ("items.csv", "metrics.json", "features.npy", "mean.npy", "labels.npy", "view.npy")
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _state(folder: Path) -> Iterator[tuple[str, int, int, bytes]]:
    for file in sorted(folder.rglob("*")):
        stat = file.stat()
        yield str(file), stat.st_mtime_ns, stat.st_mode, file.read_bytes() if file.is_file() else b""


def test_colours_are_told_apart_and_everything_is_written_down(colours: Path) -> None:
    before = list(_state(colours))
    run = _run(colours)
    assert run.metrics["ari"] == 1.0  # red, green and blue: any clusterer that is one finds them
    assert run.metrics["n_clusters"] == 3
    assert np.bincount(run.labels).tolist() == [8, 8, 8]
    assert run.ids == sorted(run.ids)
    assert [hashlib.sha256(run.open(row)).hexdigest() for row in range(24)] == run.ids
    assert run.info.outcomes == {"ok": 24}
    assert (run.info.engine["batch"] >= 16, run.info.engine["halved"]) == (True, 0)
    rows = _rows(run.folder / "items.csv")
    assert [r["path"] for r in rows] == sorted(r["path"] for r in rows)
    assert {(r["label"], r["group"]) for r in rows} == {(c, g) for c in ("red", "green", "blue") for g in "ab"}
    assert sum(r["representative"] == "1" for r in rows) == 3
    digests = json.loads((run.folder / "run.json").read_text())["digests"]
    assert digests == _bytes(run.folder, *digests)
    assert (run.folder.parent / "latest").resolve() == run.folder.resolve()
    assert list(_state(colours)) == before  # the originals were not touched


def test_nothing_is_computed_twice_and_the_same_run_is_the_same_bytes(colours: Path, monkeypatch: Any) -> None:
    first, again = _run(colours), _run(colours)
    assert (first.info.features.computed, again.info.features.computed) == (24, 0)
    assert _bytes(first.folder) == _bytes(again.folder)
    other = _run(colours, k=2)
    assert other.info.features.computed == 0
    monkeypatch.setenv("IMGRET_HOME", "another store")
    elsewhere = _run(colours)
    assert elsewhere.info.features.computed == 24
    assert _bytes(first.folder) == _bytes(elsewhere.folder)


def test_the_settings_that_a_run_records_make_it_again(colours: Path) -> None:
    first = _run(colours)
    assert _bytes(pipeline.run(first.settings).folder) == _bytes(first.folder)


def test_names_and_places_do_not_matter(colours: Path, tmp_path: Path) -> None:
    first = _run(colours)
    for number, file in enumerate(sorted(colours.rglob("*.png"), key=lambda f: hashlib.sha256(bytes(f)).digest())):
        new = tmp_path / "moved" / file.parent.parent.name / file.parent.name / f"{number:02}.jpg"
        new.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, new)
    moved = _run(tmp_path / "moved")
    same = ("metrics.json", "features.npy", "mean.npy", "labels.npy", "view.npy")
    assert _bytes(first.folder, *same) == _bytes(moved.folder, *same)
    assert moved.info.features.computed == 0  # recognised by content


def test_every_file_is_accounted_for(tmp_path: Path) -> None:
    good = png((200, 10, 10))
    files = {"a.png": good, "copy of a.png": good, "b.jpg": png((10, 200, 10)), "empty.jpg": b"", "text.jpg": b"hello",
             "cut.png": png((9, 9, 9), (64, 64), 3)[:-400], ".hidden": b"x"}  # fmt: skip
    run = _run(write(tmp_path / "in", files), k=2)
    outcomes = run.info.outcomes
    assert (outcomes["ok"], outcomes["duplicate"], outcomes["truncated"]) == (2, 1, 1)
    assert sum(outcomes.values()) == 6
    assert run.info.skipped == {"hidden or system": 1}
    rows = {r["path"]: r for r in _rows(run.folder / "items.csv")}
    assert rows["copy of a.png"]["cluster"] == rows["a.png"]["cluster"] != ""
    assert rows["cut.png"]["cluster"] == ""
    failures = _rows(run.folder / "failures.csv")
    assert [f["path"] for f in failures] == ["cut.png", "empty.jpg", "text.jpg"]
    assert all(f["outcome"] and f["reason"] for f in failures)
    assert _run(tmp_path / "in", k=2).info.outcomes == outcomes  # remembered, and not forgotten


@pytest.mark.parametrize("files", [{"1.png": png((9, 9, 9))}, {"1.png": png((9, 9, 9)), "2.png": png((90, 0, 0))}])
@pytest.mark.parametrize("view", ["pca", "tsne"])
def test_one_and_two_images_are_valid_runs(tmp_path: Path, files: dict[str, bytes], view: str) -> None:
    run = _run(write(tmp_path / "in", files), k=1, view=view)
    assert len(run.labels) == len(files)
    assert np.isfinite(run.view).all()
    assert [hit.path for hit in run.search(str(tmp_path / "in" / "1.png"))] == sorted(files)[1:]


def test_images_that_look_the_same_are_a_valid_run(tmp_path: Path) -> None:
    same = {f"{i}.png": png((99, 9, 9), size=(20 + i, 20)) for i in range(12)}  # other bytes, equal features
    run = _run(write(tmp_path / "in", same), k=3)
    assert len(run.ids) == 12
    assert all(np.isfinite(v).all() for v in (run.X, run.view, run.centroids))
    assert len(run.search(run.ids[0], 5)) == 5


def test_all_the_same_file_is_one_image(tmp_path: Path) -> None:
    run = _run(write(tmp_path / "in", {f"{i}.png": png((99, 9, 9)) for i in range(5)}), k=1)
    assert run.info.outcomes == {"ok": 1, "duplicate": 4}


def test_k_above_the_images_is_an_error_where_typed_and_gives_way_where_not(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"1.png": png((9, 9, 9)), "2.png": png((90, 0, 0)), "3.png": png((9, 9, 9))})
    with pytest.raises(UsageError, match="k=3: there are only 2 distinct readable images\ntype a k from 1 to 2"):
        _run(folder, k=3)
    with pytest.raises(UsageError, match="k=4: there are only 3 files"):
        _run(folder, k=4)
    run = imgret.run(folder, **{key: value for key, value in QUICK.items() if key != "k"})
    assert run.settings["clusterer"]["k"] == 2
    more = write(tmp_path / "more", {f"{i}.png": png((9, 9, 9 * i)) for i in range(1, 17)})
    run = imgret.run(more, **{key: value for key, value in QUICK.items() if key != "k"})
    assert run.settings["clusterer"]["k"] == 3  # 16 images, 5 for each


def test_folders_without_images(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(UsageError, match="has no files in it"):
        _run(tmp_path / "in")
    with pytest.raises(UsageError, match=r"has no readable image in it: 1 unsupported"):
        _run(write(tmp_path / "in", {"notes.txt": b"nothing to see here"}), k=1)
    with pytest.raises(UsageError, match="does not exist"):
        _run(tmp_path / "nowhere")


def test_search_leaves_the_query_out_by_content(colours: Path, tmp_path: Path) -> None:
    run = _run(colours)
    query = colours / "red" / "a" / "0.png"
    hits = run.search(query, top=7)
    assert [hit.rank for hit in hits] == list(range(1, 8))
    assert {Path(hit.path).parts[0] for hit in hits} == {"red"}
    assert "red/a/0.png" not in {hit.path for hit in hits}
    assert sorted((h.score for h in hits), reverse=True) == [h.score for h in hits]
    shutil.copy(query, tmp_path / "renamed.png")
    assert run.search(tmp_path / "renamed.png", top=7) == hits == run.search("red/a/0.png", 7)
    new = tmp_path / "new.png"
    new.write_bytes(png((250, 20, 20), noise=99))
    assert {Path(hit.path).parts[0] for hit in run.search(new, top=8)} == {"red"}
    both = run.search([new, colours / "blue" / "a" / "0.png"], top=15)
    assert {Path(hit.path).parts[0] for hit in both} == {"red", "blue"}
    for wrong in ("nowhere.png", str(colours)):
        with pytest.raises(UsageError, match=wrong[-6:]):
            run.search(wrong)
    (tmp_path / "text.png").write_bytes(b"no image")
    with pytest.raises(UsageError, match=r"text.png cannot be used as an image: unsupported"):
        run.search(tmp_path / "text.png")


def test_a_loaded_run_gives_the_same_hits_wherever_it_lies(colours: Path, tmp_path: Path) -> None:
    run = _run(colours)
    new = tmp_path / "new.png"
    new.write_bytes(png((20, 250, 20), noise=77))
    shutil.copytree(run.folder, tmp_path / "copied")
    for folder in (run.folder, "runs/latest", tmp_path / "copied"):
        again = imgret.load(folder)
        assert again.search(new) == run.search(new)
        assert again.search("red/a/0.png", 3) == run.search("red/a/0.png", 3)
        np.testing.assert_array_equal(again.X, run.X)
        np.testing.assert_array_equal(again.medoids, run.medoids)


def test_folders_that_are_no_run(colours: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"latest does not exist"):
        imgret.load()
    with pytest.raises(UsageError, match=r"has no run.json"):
        imgret.load(colours)
    run = _run(colours)
    shutil.copytree(run.folder, tmp_path / "damaged")
    (tmp_path / "damaged" / "labels.npy").write_bytes(b"\x80\x04N.")  # a pickle is not an array
    with pytest.raises(UsageError, match=r"is not a whole run"):
        imgret.load(tmp_path / "damaged")


def test_paths_of_a_run_do_not_leave_its_folder(colours: Path) -> None:
    run = _run(colours)
    table = run.folder / "items.csv"
    table.write_text(table.read_text().replace("red/a/0.png", "../../etc/passwd"))
    with pytest.raises(UsageError, match="lies outside the collection"):
        imgret.load(run.folder)


def test_settings_that_are_handed_over_stay_as_they_are(colours: Path, monkeypatch: Any) -> None:
    """Whatever the run decides: here its device, k, and a backbone in place of the one asked for."""
    from imgret import pipeline

    @register("backbone")
    def unavailable(weights: str = "x") -> None:
        raise WeightsUnavailable("its weights are not here")

    real, seen = pipeline.run, []

    def run(settings: dict[str, Any]) -> Run:
        settings |= {"backbone": {"name": "unavailable"}, "otherwise": settings["backbone"]}
        before = deepcopy(settings)
        found = real(settings)
        seen.append((before, settings, found.settings))
        return found

    monkeypatch.setattr(pipeline, "run", run)
    _run(colours, k="auto")
    imgret.run(colours, **{key: value for key, value in QUICK.items() if key != "k"})
    (auto, after, used), (default, after_default, used_default) = seen
    assert (after, after_default) == (auto, default)
    assert (auto["k"], default["k"], used["k"], used_default["k"]) == (2, 100, 3, 4)  # 24 images, 5 for each
    assert used["clusterer"] == {**auto["clusterer"], "k": 3}
    assert used_default["clusterer"]["k"] == 4
    assert (auto["device"], used["device"] != "auto") == ("auto", True)
    assert (used["backbone"], used["chosen"]["backbone"]) == (auto["otherwise"], "pixels")


def test_where_the_default_backbone_cannot_be_had(colours: Path, monkeypatch: Any) -> None:
    @register("backbone")
    def unavailable(weights: str = "x") -> None:
        raise WeightsUnavailable("its weights are not here\ntype something else")

    from imgret.settings import options as settings

    root = settings.root_node()
    defaults = [{"backbone": "unavailable"} if "backbone" in d else d for d in root["defaults"]]
    changed = root | {"defaults": defaults, "fallback": "pixels"}
    monkeypatch.setattr("imgret.settings.hydra.root_node", lambda: changed)
    quick = {key: value for key, value in QUICK.items() if key != "backbone"}
    run = imgret.run(colours, **quick)
    assert (run.info.backbone.asked, run.info.backbone.used) == ("unavailable", "pixels")
    assert imgret.load(run.folder).search("red/a/0.png", 3) == run.search("red/a/0.png", 3)
    offline = imgret.run(colours, **quick, offline=True)  # they are not to be had either
    assert (offline.info.backbone.asked, offline.info.backbone.used) == ("unavailable", "pixels")
    with pytest.raises(WeightsUnavailable):
        imgret.run(colours, **quick, backbone="unavailable")


def test_a_report_that_fails_loses_nothing(colours: Path, monkeypatch: Any) -> None:
    @register("report")
    def breaks(run: Run, folder: Path) -> list[Path]:
        raise RuntimeError("out of ink")

    run = _run(colours, reports=["breaks"])
    assert run.info.failed_reports == {"breaks": "RuntimeError: out of ink"}
    assert imgret.load(run.folder).metrics == run.metrics


def test_a_metric_that_fails_loses_nothing(colours: Path, monkeypatch: Any, caplog: Any) -> None:
    @register("metric")
    def breaks(X: Any) -> float:
        return 1.0 / (len(X) - 24)  # as many as there are, and no trial has

    @register("metric")
    def undefined(X: Any) -> float:
        return float("nan") if len(X) == 24 else 0.0

    @register("metric")
    def one(X: Any) -> float:
        return 1.0

    run = _run(colours, metrics=["breaks", "undefined", "one"])
    assert run.metrics == {"one": 1.0}
    assert [str(fault).splitlines()[0] for fault in run.faults] == [
        "metric/breaks: ZeroDivisionError: float division by zero",
        "metric/undefined: 'undefined' is nan; a figure is a finite number, and one that is undefined is left out",
    ]
    assert all(str(fault) in caplog.text for fault in run.faults)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"retriever__recall": 2.0}, "retriever.recall=2"),
        ({"reducer__n_components": 0}, "n_components=0"),
        ({"view__n_components": 3}, ""),
        ({"out": "taken"}, "out=taken"),
        ({"clusterer__n_init": 0}, "clusterer.n_init=0"),
    ],
)
def test_what_is_wrong_is_said_before_the_long_part(colours: Path, changes: dict[str, Any], says: str) -> None:
    Path("taken").write_bytes(b"a file")
    with pytest.raises(UsageError) as caught:
        _run(colours, **changes)
    assert says in str(caught.value)
    assert not list(Path("..").rglob("*.safetensors"))


def test_a_plug_in_that_was_edited_is_another(colours: Path, tmp_path: Path, monkeypatch: Any) -> None:
    import importlib
    import sys

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(tmp_path))
    source = """
import torch
from imgret import register
from imgret.contracts import Backbone, Preprocess

class Corner(torch.nn.Module):
    def forward(self, x):
        return x[:, :WIDE, 0, 0]

@register("backbone")
def corner():
    return Backbone(Corner(), Preprocess((2, 2)), "mine")
"""
    widths = []
    for wide in ("2", "3"):
        (tmp_path / "my_corner.py").write_text(source.replace("WIDE", wide))
        importlib.invalidate_caches()
        sys.modules.pop("my_corner", None)
        importlib.import_module("my_corner")
        widths.append(_run(colours, backbone="corner").features.shape[1])
    assert widths == [2, 3]
