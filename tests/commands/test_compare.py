"""`imgret compare`, and the commands of docs/compare.md and clusters.md: each composes into the runs asked for."""

import json
import re
import shutil
from math import prod
from pathlib import Path
from typing import Any

import pytest

import imgret
import imgret.__main__
from imgret.__main__ import main
from imgret.registry import SLOTS, build, find
from imgret.runs import again
from tests.conftest import png, write
from tests.test_readme import ROOT, _words

TEXT = "".join((ROOT / "docs" / page).read_text(encoding="utf-8") for page in ("compare.md", "clusters.md"))
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S) for line in block.splitlines()]
FOLDERS = {
    "photos": "cat/1.jpg",
    "clothing": "hat/1.jpg",
    "cifar10": "airplane/1.png",
    "pets": "american_bulldog_23.jpg",
    "market1501": "bounding_box_test/-1_c3s2_000123_01.jpg",
}


def runs(words: list[str]) -> int:
    """How many runs the swept words ask for."""
    return prod(word.count(",") + 1 for word in words if "regex" not in word and "[" not in word)


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_compose(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    write(tmp_path, {f"{folder}/{file}": b"" for folder, file in FOLDERS.items()})
    if "--from" in line:
        folder = write(tmp_path / line.split()[4], {"x": b""})
        again.write(folder / again.NAME, ["images=photos", "k=10"], {}, [])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    composed: list[dict[str, Any]] = []
    monkeypatch.setattr(imgret.__main__, "job", lambda settings, *_: composed.append(settings))
    words = [re.sub(r"^seed=0,1,.*", "seed=0,1", word) for word in _words(line)[1]]  # more are but further numbers
    assert imgret.__main__.main(words) == 0, capsys.readouterr().err
    assert len(composed) == runs(words)
    for settings in composed:
        for slot in SLOTS:
            if slot != "backbone" and settings[slot] is not None:
                build(SLOTS[slot], {key: value for key, value in settings[slot].items() if key != "device"}, slot)
        assert find("backbone", settings["backbone"]["name"])
        if "pets" in line or "market1501" in line:
            (item,) = list(build("source", settings["source"]))
            found = item.label, item.group, item.columns.get("junk", "")
            assert found in (("american_bulldog", "", ""), ("", "3", "1"))


def test_the_tables_name_every_backbone_and_clusterer() -> None:
    from imgret.settings.options import nodes

    for slot in ("backbone", "clusterer"):
        for name in nodes()[slot]:
            assert f"`{name}`" in TEXT, f"{slot}={name}"


QUICK: dict[str, Any] = {"backbone": "pixels", "view": "pca", "reports": [], "log": "quiet"}


@pytest.fixture
def two(tmp_path: Path) -> list[str]:
    files = {f"{'red' if n % 2 else 'blue'}/{n}.png": png((20 * n, 90, 200), noise=n + 1) for n in range(8)}
    photos = write(tmp_path / "in", files | {'red/<script>alert("x")&\n\x1b[2J.png': png((9, 9, 9))})
    return [str(imgret.run(photos, k=k, source__folders="labels", **QUICK).folder) for k in (2, 3)]


def test_the_command(two: list[str], capsys: Any) -> None:
    assert main(["compare"]) == 0
    out = capsys.readouterr().out
    assert "why       settings: k 2 → 3\n" in out
    assert "images    9 images in both, 0 only in the first, 0 in the second\n" in out
    assert re.search(r"^agree     ARI -?\d\.\d{3}, AMI -?\d\.\d{3} of the clusters of both; \d images? \(", out, re.M)
    assert re.search(r"^rank-1    \+0.000 \[\+0.000, \+0.000\]   no difference$", out, re.M)
    assert f"repeat    python -m imgret compare {' '.join(two)}" in out
    assert main(["compare", *two, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [each["n_clusters"] for each in found["runs"]] == [2, 3]
    assert found["why"] == {"settings": [{"what": "k", "first": "2", "second": "3"}]}
    assert found["causes"]["n_clusters"] == ["k"]
    assert "map" not in found["causes"]


def test_two_that_differ_in_several_things(two: list[str], tmp_path: Path, capsys: Any) -> None:
    changed = {"k": 3, "rerank": "dba", "reports": ["clusters"], "timeout": 50, "source__folders": "labels"}
    other = imgret.run(tmp_path / "in", **{**QUICK, **changed})
    assert main(["compare", two[0], str(other.folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "why       settings: k 2 → 3, rerank none → dba, timeout 60 → 50" in lines
    assert "          aside: reports [] → [clusters]; no figure comes of it" in lines
    (nmi,) = (line for line in lines if line.startswith("NMI  "))
    assert nmi.endswith("   can come of k")
    for line in lines:
        assert not line.startswith(("mAP ", "P@10 ")) or line.endswith(("   can come of rerank", "no difference"))


def test_a_run_without_labels_beside_one_with_and_a_copy(two: list[str], tmp_path: Path, capsys: Any) -> None:
    flat = write(tmp_path / "flat", {f"{n}.png": png((20 * n, 90, 200), noise=n + 1) for n in range(8)})
    other = str(imgret.run(flat, k=2, **QUICK).folder)
    assert main(["compare", two[0], other]) == 0
    head, _, row = capsys.readouterr().out.splitlines()[:3]
    assert "NMI" in head
    assert re.search(r"  -  ", row)
    shutil.copytree(two[0], tmp_path / "copy")
    assert main(["compare", two[0], str(tmp_path / "copy")]) == 0
    out = capsys.readouterr().out
    assert "why       nothing differs\n" in out


def test_three_runs_are_rows_alone(two: list[str], tmp_path: Path, capsys: Any) -> None:
    two += [str(imgret.run(tmp_path / "in", k=4, seed=1, **QUICK).folder)]
    assert main(["compare", *two, "runs/latest"]) == 0  # which is the third again
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert "k=4  seed=1" in lines[3]


@pytest.mark.parametrize(
    ("words", "says"),
    [(["nope"], "runs/nope does not exist"), (["runs/a", "runs/b"], "does not exist"),
     ([], "there are no two runs in ./runs\nname two")],
)  # fmt: skip
def test_wrong_words(words: list[str], says: str, capsys: Any) -> None:
    assert main(["compare", *words]) == 2
    assert says in capsys.readouterr().err


def test_one_run_twice_and_a_page_that_is_a_folder(two: list[str], capsys: Any) -> None:
    assert main(["compare", "runs/latest"]) == 2
    assert "one run, runs/latest, and nothing to compare it with\nname another one" in capsys.readouterr().err
    assert main(["compare", two[1], "runs/latest"]) == 2
    assert f"{two[1]} and runs/latest are one run" in capsys.readouterr().err
    for name in (".", "/"):
        assert main(["compare", *two, "--page", name]) == 2
        assert f"--page {name}: it is a folder" in capsys.readouterr().err
    assert main(["compare", "x" * 300, two[0]]) == 2


@pytest.mark.parametrize("changes", [
    {"versions": None}, {"engine": "x"}, {"config.clusterer": {"k": 3}}, {"config.clusterer": [1]},
    {"config.rerank": {"a": 1}}, {"config.seed": -1},
])  # fmt: skip
def test_a_run_from_elsewhere_ends_no_comparison(changes: dict[str, Any], two: list[str], capsys: Any) -> None:
    file = Path(two[0]) / "run.json"
    info = json.loads(file.read_text())
    for key, value in changes.items():
        *above, last = key.split(".")
        (info[above[0]] if above else info)[last] = value
    file.write_text(json.dumps(info))
    assert main(["compare", *two]) == 4
    assert "is not a whole run" in capsys.readouterr().err


def test_the_page_shows_names_as_text(two: list[str], tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "page.html"
    assert main(["compare", *two, "--page", str(file)]) == 0
    text = file.read_text(encoding="utf-8")
    assert text.count("<circle") == 18
    assert text.count("<script>") == 1
    assert "<li>settings: k 2 → 3</li>" in text
    assert "&lt;script&gt;alert(&quot;x&quot;)&amp;\\n\\x1b[2J.png" in text
    assert "\x1b" not in text
    assert not re.search(r"(src|href)=\"(?!data:image/jpeg)", text)
    assert main(["compare", *two, str(two[0]), "--page", f"{file}.htm"]) == 0  # named twice: two runs
    assert main(["compare", *two, "--page", str(file)]) == 2
    assert "page.html exists, and nothing is overwritten\ngive a name" in capsys.readouterr().err
    assert main(["compare", *two, "--page", "in/photo.jpg"]) == 2
    assert "--page in/photo.jpg: it is a page\nname a file that ends in .html" in capsys.readouterr().err
    assert main(["compare", *two, "--page", str(tmp_path / "no" / "page.html")]) == 2
    assert "page.html cannot be written to: No such file or directory\nname another file" in capsys.readouterr().err
