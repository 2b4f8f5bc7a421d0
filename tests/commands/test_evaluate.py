"""`imgret evaluate`: on the screen, as JSON, and the commands of docs/evaluate.md."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import imgret
import imgret.__main__
from imgret.__main__ import main
from imgret.runs.summary import summary
from tests.commands.test_compare import FOLDERS, runs
from tests.conftest import png, write
from tests.test_readme import ROOT, _words

SAME = {"backbone": "pixels", "view": "pca", "reports": []}
TEXT = (ROOT / "docs" / "evaluate.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S) for line in block.splitlines()]
EVALUATE = sorted({line for line in COMMANDS if "imgret evaluate" in line})


def test_on_the_screen_and_as_json(colours: Path, capsys: Any) -> None:
    run = imgret.run(colours, k=3, **SAME)
    capsys.readouterr()
    assert main(["evaluate", "--plot", "p.png"]) == 0
    drawn = Path("p.png").read_bytes()
    assert main(["evaluate", "--plot", "p.png"]) == 2  # it might be somebody's picture
    assert Path("p.png").read_bytes() == drawn
    lines = capsys.readouterr().out.splitlines()
    heads = [line for line in lines if re.match("[A-Z]{3}", line) and line.split()[0].isupper()]
    assert heads[0] == "CLUSTERS   3 by kmeans, of 24 images, against 3 labels of 24 images"
    assert heads[-1].startswith("FOLLOWS    AMI of the clusters")
    assert lines[1] == "coverage      1.000 [1.000, 1.000]  in clusters"
    assert f"repeat     python -m imgret evaluate --run runs/{run.folder.name}" in lines
    assert lines[-1] == "plot       p.png"
    assert Path("p.png").stat().st_size > 1000
    assert max(map(len, lines)) <= 120

    assert main(["evaluate", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"run", "clusterer", "repeat", "seed", "clusters", "retrieval", "search", "follows"}
    for name in ("nmi", "ami", "ari", "v_measure", "purity", "accuracy"):
        figure = found["clusters"]["figures"][name]
        assert figure["value"] == pytest.approx(run.metrics[name])
        assert figure["low"] <= figure["value"] <= figure["high"]
    for name in ("map", "p_at_10", "rank_1"):
        assert found["retrieval"]["figures"][name]["value"] == pytest.approx(run.metrics[name])
    followed = {each["column"]: each for each in found["follows"]}
    assert followed["group"]["ami"] == pytest.approx(run.metrics["ami_group"])
    assert followed["label"]["above"]
    assert followed["label"]["high"] == pytest.approx(run.metrics["chance_ami"], abs=0.1)
    assert found["search"]["rows"][0]["name"] == "exact scan"


def test_without_labels_it_says_so(tmp_path: Path, capsys: Any) -> None:
    folder = write(tmp_path / "flat", {f"{i}.png": png((9 * i, 99, 5 * i), noise=i + 1) for i in range(8)})
    imgret.run(folder, k=2, **SAME, attributes=[])
    capsys.readouterr()
    assert main(["evaluate"]) == 0
    out = capsys.readouterr().out
    assert "against no labels" in out
    assert "RETRIEVAL  no query has anything to find" in out
    assert "FOLLOWS    nothing is known of the images that groups them" in out


def test_one_label_judges_nothing(tmp_path: Path, capsys: Any) -> None:
    """Folders a and b with the same pictures: what is left of them is all of a."""
    shots = {f"{i}.png": png((9 * i, 99, 5 * i), noise=i + 1) for i in range(6)}
    folder = write(tmp_path / "in", {f"{label}/{name}": data for label in "ab" for name, data in shots.items()})
    run = imgret.run(folder, k=2, **SAME, attributes=[], **{"source.folders": "labels"})
    assert run.metrics.keys().isdisjoint({"map", "rank_1", "queries", "ami", "nmi"})
    assert any(line.endswith("(one label: nothing to check against)") for line in summary(run))
    capsys.readouterr()
    assert main(["evaluate"]) == 0
    out = capsys.readouterr().out
    assert "against 1 label of 6 images" in out
    assert "RETRIEVAL  no query has anything to find among others: two labels are needed" in out
    assert "NMI" not in out


def test_what_cannot_be_drawn_is_told_before_anything_is_done(capsys: Any) -> None:
    assert main(["evaluate", "--plot", "p.gif", "--run", "nowhere"]) == 2
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "imgret: --plot p.gif: a drawing is a PNG", "name a file that ends in .png",
    ]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder in ("photos", "queries"):
        shots = {f"{label}/{i}.jpg": png((60 * n, 200 - 50 * n, 90), noise=10 * n + i + 7 * len(folder))
                 for n, label in enumerate(("cat", "dog")) for i in range(1, 7)}  # fmt: skip
        write(tmp_path / folder, shots)
    for folder, shot in (("bounding_box_test", 1), ("query", 2)):
        names = [f"{person:04}_c{camera}s1_{shot}.jpg" for person in (2, 7) for camera in (1, 2)]
        crops = {name: png((99 * shot, 9 * i, 99), noise=i + 9 * shot) for i, name in enumerate(names)}
        write(tmp_path / "market1501" / folder, crops)
    write(tmp_path, {f"{folder}/{FOLDERS[folder]}": b"" for folder in ("cifar10", "pets")})
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("line", EVALUATE)
def test_commands_of_the_docs(line: str, home: Path, capsys: Any) -> None:
    market = ["market1501/bounding_box_test", "preset=market1501", "k=2"]
    images = market if "market1501" in line else ["photos", "k=2"]
    assert main([*images, "backbone=pixels", "view=pca", "reports=[]", "attributes=[]"]) == 0
    assert main(_words(line)[1]) == 0, capsys.readouterr().err
    assert "mAP" in capsys.readouterr().out or "--json" in line


@pytest.mark.parametrize("line", [line for line in COMMANDS if "imgret evaluate" not in line])
def test_runs_of_the_docs_compose(line: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    composed: list[dict[str, Any]] = []
    monkeypatch.setattr(imgret.__main__, "job", lambda settings, *_: composed.append(settings))
    words = _words(line)[1]
    assert main(words) == 0, capsys.readouterr().err
    assert len(composed) == runs(words)
