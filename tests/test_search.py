"""What can be searched with, and what is said of anything else."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret import Run, UsageError
from imgret.__main__ import main
from imgret.registry import _found
from imgret.search import read


@pytest.fixture
def run(colours: Path) -> Run:
    return imgret.run(colours, backbone="pixels", view="pca", reports=[], k=3)


def test_nothing_to_search_with(run: Run) -> None:
    with pytest.raises(UsageError, match="no image to search with"):
        run.search([])


@pytest.mark.parametrize("name", ["~a.jpg", "~nouser/x.jpg", "a" * 300, "a\0b", "nowhere/x.jpg"])
def test_names_of_nothing(run: Run, name: str) -> None:
    for ask in (run.search, lambda n: read(run, n)):
        with pytest.raises(UsageError, match="neither a file nor the path or id of an image of this run"):
            ask(name)


def test_a_file_whose_name_begins_with_a_tilde(run: Run, colours: Path) -> None:
    shutil.copy(colours / "red" / "a" / "0.png", "~a.jpg")
    assert run.search("~a.jpg", 3) == run.search("red/a/0.png", 3)
    assert read(run, "~a.jpg") == read(run, "red/a/0.png") == (colours / "red" / "a" / "0.png").read_bytes()


@pytest.mark.parametrize("words", [["~a.jpg"], ["a" * 300], ["red/a/0.png", "--run", "~nouser/x"]])
def test_query_says_what_is_wrong_in_two_lines(run: Run, words: list[str], capsys: Any) -> None:
    assert main(["query", *words]) == 2
    assert len(capsys.readouterr().err.splitlines()) <= 2


def _hits_without_a_sheet(capsys: Any) -> str:
    capsys.readouterr()
    assert main(["query", "red/a/0.png", "--top", "3"]) == 0
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines()] == ["1", "2", "3"]
    assert len(err.splitlines()) == 1
    assert err.startswith("imgret: no sheet was drawn: ")
    return str(err)


def test_hits_where_no_sheet_can_be_written(run: Run, capsys: Any) -> None:
    (run.folder / "queries").write_text("in the way")
    assert "exists" in _hits_without_a_sheet(capsys)


def test_hits_where_the_source_is_absent(run: Run, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(_found, ("source", "files"))
    assert "no source 'files'" in _hits_without_a_sheet(capsys)


def test_a_sheet_of_images_that_are_gone(run: Run, colours: Path, capsys: Any) -> None:
    shutil.rmtree(colours)
    assert main(["query", "red/a/0.png", "--top", "3"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("sheet ")


@pytest.mark.skipif(sys.platform == "win32", reason="no such names on Windows")
def test_the_name_of_the_sheet_is_printed_on_one_line(run: Run, colours: Path, capsys: Any) -> None:
    shutil.copy(colours / "red" / "a" / "0.png", "new\nline\x1b[31m.png")
    capsys.readouterr()
    assert main(["query", "new\nline\x1b[31m.png", "--top", "1"]) == 0
    _, sheet = capsys.readouterr().out.splitlines()
    assert sheet.endswith("queries/new\\nline\\x1b[31m.jpg")
    shutil.copy(colours / "red" / "a" / "0.png", "写" * 80 + ".png")
    assert main(["query", "写" * 80 + ".png", "--top", "1"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("metrics.json", '{"nmi": "high"}'),
        ("metrics.json", '{"nmi": null}'),
        ("metrics.json", "[]"),
        ("run.json", "[" * 100_000),
        ("run.json", '{"title": "x", "outcomes": []}'),
        ("run.json", '{"title": "x", "outcomes": {"ok": "all"}}'),
        ("run.json", ""),
    ],
)
def test_a_damaged_run_hides_no_other(run: Run, file: str, text: str, capsys: Any) -> None:
    shutil.copytree(run.folder, run.folder.parent / "2000-damaged")
    (run.folder.parent / "2000-damaged" / file).write_text(text)
    capsys.readouterr()
    assert main(["runs"]) == 0
    whole, damaged = capsys.readouterr().out.splitlines()
    assert "24 images  clusters 3  noise 0" in whole
    assert "2000-damaged  cannot be read: " in damaged


def test_runs_in_folders_as_typed(capsys: Any) -> None:
    os.mkdir("~out")
    assert main(["runs", "~out"]) == 0
    for name in ("a" * 300, "~nouser/x"):
        assert main(["runs", name]) == 2
        assert "does not exist" in capsys.readouterr().err
