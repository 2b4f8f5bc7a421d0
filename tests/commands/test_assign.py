"""`imgret assign`: a line for each image, the same as JSON, and the exit code where there is nothing to say."""

import json
from pathlib import Path
from typing import Any

import pytest

from imgret import Run
from imgret.__main__ import main
from tests.conftest import write
from tests.search.test_assign import _run, solid


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return _run(tmp_path / "in")


def test_on_the_screen(run: Run, tmp_path: Path, capsys: Any) -> None:
    write(Path("new"), {"a.png": solid((35, 0, 0)), "b\x1b.png": solid((0, 0, 240)), "c.txt": b"no image"})
    assert main(["assign", "new", "red/60.png"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "cluster 0      0.020 new/a.png  (farther out than 25 % of its images, with red/30.png)",
        r"cluster 1      0.118 new/b\x1b.png  (farther out than all of its images: an outlier, with blue/210.png)",
        "unsupported          new/c.txt: not a JPEG, PNG, WEBP, GIF or BMP file",
        "cluster 0      0.118 red/60.png  (farther out than 75 % of its images, with red/30.png, an image of the run)",
    ]


def test_as_json(run: Run, tmp_path: Path, capsys: Any) -> None:
    write(Path("new"), {"-a.png": solid((35, 0, 0))})
    assert main(["assign", "--json", "--run", str(run.folder), "--", "new/-a.png"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["run"] == str(run.folder.resolve())
    (image,) = found["images"]
    assert image.pop("distance") == pytest.approx(5 / 255, abs=1e-6)
    assert len(image.pop("id")) == 64
    assert image == {
        "image": "new/-a.png", "outcome": "ok", "reason": "", "of_run": False, "cluster": 0, "nearer": 0.25,
        "outlier": False, "representative": "red/30.png",
    }  # fmt: skip


@pytest.mark.parametrize("json_too", [[], ["--json"]])
def test_where_nothing_could_be_assigned_the_exit_code_says_so(run: Run, capsys: Any, json_too: list[str]) -> None:
    write(Path("new"), {"a.png": b"no image", "b.png": b""})
    assert main(["assign", "new", "nowhere.png", *json_too]) == 2
    out, err = capsys.readouterr()
    assert err.splitlines()[-1] == (
        "imgret: none of 3 images could be assigned: 1 decode_error, 1 missing, 1 unsupported"
    )
    assert "nowhere.png" in out
