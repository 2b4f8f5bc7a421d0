"""Runs and stores of earlier versions are read, and go on: `kept/VERSION` has one of each, and the images.

They are of `python -m imgret photos device=cpu` with the settings below. Where that run says /photos, a copy says where
its images are.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret.__main__ import main
from imgret.evaluation.comparison import Comparison
from imgret.findings.info import Info
from tests.conftest import png

KEPT = Path(__file__).parent / "kept"
SAME: dict[str, Any] = {
    "backbone": "pixels", "backbone__size": 4, "view": "pca", "k": 2, "reports": [], "attributes": [], "device": "cpu",
}  # fmt: skip


@pytest.fixture(params=sorted(folder.name for folder in KEPT.iterdir() if folder.is_dir()))
def kept(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run, in another with its images and its store."""
    home = Path(shutil.copytree(KEPT / request.param, tmp_path / "kept"))
    monkeypatch.setenv("IMGRET_HOME", str(home / "store"))
    (run,) = (home / "runs").iterdir()
    text = (run / "run.json").read_text(encoding="ascii")
    (run / "run.json").write_text(text.replace('"/photos"', json.dumps(str(home / "photos"))), encoding="ascii")
    return run


def test_it_opens_and_is_searched(kept: Path, tmp_path: Path) -> None:
    run = imgret.load(kept)
    assert run.paths == [run.paths[row] for row in np.argsort(run.ids)]
    assert {(path.partition("/")[0], int(label)) for path, label in zip(run.paths, run.labels, strict=True)} == {
        ("red", 0), ("blue", 1),
    }  # fmt: skip
    assert {hit.path for hit in run.search("red/0.png", 2)} == {"red/1.png", "red/2.png"}
    (tmp_path / "new.png").write_bytes(png((60, 60, 400)))
    assert {hit.path.partition("/")[0] for hit in run.search(tmp_path / "new.png", 3)} == {"blue"}
    assert run.open(run.row_of["red/0.png"]) == (kept.parents[1] / "photos" / "red" / "0.png").read_bytes()
    assert (run.settings["seed"], run.called("backbone"), run.metrics["nmi"]) == (0, "pixels", 1.0)


def test_commands_take_it(kept: Path, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "new.png").write_bytes(png((60, 60, 400)))
    for words in (["query", "red/0.png"], ["assign", str(tmp_path / "new.png")], ["evaluate"]):
        assert main([*words, "--run", str(kept)]) == 0
    said = capsys.readouterr().out
    assert "cluster 1" in said
    assert re.search(r"^mAP +1\.000", said, re.M)
    assert main(["doctor", str(kept)]) == 0
    assert "faults    none" in capsys.readouterr().out
    assert main(["runs", str(kept.parent)]) == 0
    assert "photos · pixels · kmeans · 6 images" in capsys.readouterr().out


def test_a_new_run_goes_on_where_it_ended(kept: Path, capsys: Any) -> None:
    old, new = imgret.load(kept), imgret.run(kept.parents[1] / "photos", **SAME, out=str(kept.parent))
    assert new.info.features.computed == 0
    assert new.features.tobytes() == old.features.tobytes()
    assert (new.ids, new.labels.tolist()) == (old.ids, old.labels.tolist())
    since = new.info.since
    assert since is not None
    assert (since.run, since.new, since.gone, since.moved, since.kept, since.then) == (kept.name, 0, 0, 0, 2, [])
    assert Comparison(old, new).agreement["ari"] == 1
    assert "settings" not in Comparison(old, new).why()
    assert main(["compare", str(kept), str(new.folder)]) == 0


def test_its_run_json_would_be_written_as_it_is(kept: Path, tmp_path: Path) -> None:
    Info.read(kept).write(tmp_path)
    assert (tmp_path / "run.json").read_bytes() == (kept / "run.json").read_bytes()
