"""`imgret plugins new`: what it writes works, its test passes, and nothing is overwritten."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imgret.__main__ import main
from imgret.checks.templates import COMPONENTS, PURPOSES, write
from imgret.errors import UsageError
from imgret.registry import KINDS, load_plugins

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _nothing_dropped_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgret.dropped.__path__", [])


def test_every_kind_has_a_template_and_a_purpose() -> None:
    assert set(COMPONENTS) == set(PURPOSES) == set(KINDS)


@pytest.mark.slow
def test_what_is_written_passes_its_own_test(tmp_path: Path) -> None:
    for kind in KINDS:
        write(kind, f"made_{kind}", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "."],
        env=os.environ | {"PYTHONPATH": str(ROOT), "IMGRET_PLUGINS": "."},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert f"{2 * len(KINDS)} passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_new_then_check(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    name = f"fresh_{kind}"
    monkeypatch.setenv("IMGRET_PLUGINS", os.pathsep.join([str(tmp_path / "mine"), str(tmp_path)]))
    assert main(["plugins", "new", kind, name]) == 0
    said = capsys.readouterr().out
    assert f"wrote  {tmp_path / 'mine' / name}.py" in said
    assert f"next   python -m imgret plugins check {kind}/{name}" in said
    monkeypatch.setattr("imgret.dropped.__path__", [str(tmp_path / "mine")])
    assert main(["plugins", "check", f"{kind}/{name}"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1].startswith(f"{kind}/{name}: no fault in ")
    assert len([line for line in said if line.startswith("ok  ")]) == int(said[-1].split()[4])


def test_the_folder_is_the_current_one_where_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.delenv("IMGRET_PLUGINS", raising=False)
    assert main(["plugins", "new", "metric", "calm"]) == 0
    assert capsys.readouterr().out == (
        "wrote  calm.py\n"
        "wrote  test_calm.py\n"
        "next   IMGRET_PLUGINS=. python -m imgret plugins check metric/calm\n"
        "       pytest test_calm.py\n"
        "       IMGRET_PLUGINS=. python -m imgret FOLDER "
        "'metrics=[sizes,agreement,follows,geometry,retrieval,probing,calm]'\n"
    )
    assert main(["plugins", "new", "metric", "calm", "--folder", str(tmp_path / "a b")]) == 0
    assert f"IMGRET_PLUGINS='{tmp_path / 'a b'}' python" in capsys.readouterr().out


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "test_calm.py").write_text("mine")
    with pytest.raises(UsageError, match=r"test_calm\.py is there already\ngive another name"):
        write("metric", "calm", tmp_path)
    assert [(file.name, file.read_text()) for file in tmp_path.glob("*.py")] == [("test_calm.py", "mine")]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        *(
            (name, "is no name for a component\ngive letters")
            for name in ("", "9lives", "a-b", "../a", "_a", "größe", "a.b")
        ),
        ("class", "^class is no name for a component, it is a keyword of Python\ngive another name$"),
        ("test_it", "^test_it is no name for a component, it is called as tests are\ngive another name$"),
    ],
)
def test_names_that_are_none(name: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=says):
        write("metric", name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_names_and_kinds_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="clusterer kmeans is there already\ngive another name"):
        write("clusterer", "kmeans", tmp_path)
    with pytest.raises(UsageError, match="no kind 'cluster', did you mean clusterer"):
        write("cluster", "mine", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"file cannot be written to: .*\ngive another one: --folder DIR"):
        write("clusterer", "mine", tmp_path / "file")


def test_a_test_beside_a_plug_in_is_no_plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "test_calm.py").write_text("raise RuntimeError")
    monkeypatch.setattr("imgret.dropped.__path__", [str(tmp_path)])
    load_plugins()
    assert "imgret.dropped.test_calm" not in sys.modules
    assert not (tmp_path / "__pycache__").exists()
