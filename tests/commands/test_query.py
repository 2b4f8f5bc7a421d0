"""`imgret query`: hits on the screen and as JSON, the sheet, and what is said of anything else."""

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret import Run, registry
from imgret.__main__ import main
from imgret.search.search import combined
from imgret.store.files import write_csv
from tests.conftest import png, write


@pytest.mark.parametrize("words", [["~a.jpg"], ["a" * 300], ["red/a/0.png", "--run", "~nouser/x"]])
def test_query_says_what_is_wrong_in_two_lines(run: Run, words: list[str], capsys: Any) -> None:
    assert main(["query", *words]) == 2
    assert len(capsys.readouterr().err.splitlines()) <= 2


def test_an_image_of_the_run_whose_name_begins_with_a_dash(tmp_path: Path, capsys: Any) -> None:
    """Market-1501 calls its junk -1_c1s1_000565_01.jpg; where the run's folder is not the one that one is in."""
    junk = "-1_c1s1_000565_01.png"
    photos = write(tmp_path / "crops", {f"sub/{name}": png((90 * i, 9, 9)) for i, name in enumerate((junk, "2.png"))})
    imgret.run(photos, backbone="pixels", view="pca", reports=[], attributes=[], metrics=[], k=1)
    for words in ([junk], [f"./{junk}"], ["--", junk], ["--not", junk, "2.png"], [f"./sub/{junk}"]):
        capsys.readouterr()
        assert main(["query", "--json", *words]) == 0
        hits = json.loads(capsys.readouterr().out)["hits"]
        assert [hit["path"] for hit in hits] == ([] if "--not" in words else ["sub/2.png"])
        if "--not" not in words:
            assert main(["assign", *words]) == 0
            assert "an image of the run" in capsys.readouterr().out
    assert main(["forget", "--dry", str(photos / "sub" / junk)]) == 0
    assert "images    1 image\nwould go" in capsys.readouterr().out


def test_a_folder_is_no_query(run: Run, colours: Path, capsys: Any) -> None:
    assert main(["query", str(colours / "red")]) == 2
    assert capsys.readouterr().err == f"imgret: {colours / 'red'}: a folder\ngive an image file of it\n"


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
    monkeypatch.delitem(registry._found, ("source", "files"))
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


def test_query_with_everything(run: Run, colours: Path, capsys: Any) -> None:
    red, green, blue = run.paths.index("red/a/0.png"), "green/b/1.png", "blue/a/2.png"
    words = ["query", str(colours / "red" / "a" / "0.png"), "--not", green, blue, "--weights", "2,1"]
    words += ["--where", "label!=blue", "--where", "group=a", "--top", "99"]
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    text = capsys.readouterr().out
    found = json.loads(text)
    assert text.isascii()
    assert found["query"] == [words[1], blue]
    assert (found["weights"], found["not"], found["where"]) == ([2, 1], [green], ["label!=blue", "group=a"])
    assert {hit["path"] for hit in found["hits"]} == {
        f"{c}/a/{i}.png" for c in ("red", "green") for i in (0, 2, 4, 6)
    } - {"red/a/0.png"}
    assert list(found["hits"][0]) == ["rank", "score", "cluster", "path", "id", "file", "label", "columns"]
    assert set(found["hits"][0]["columns"]) == {"dominant_color", "dominant_rgb", "sharpness"}
    query = combined(run.X[[red, run.row_of[blue]]], run.X[[run.row_of[green]]], [2, 1])[0]
    for hit in found["hits"]:
        assert hit["score"] == pytest.approx(float(run.X[run.row_of[hit["id"]]] @ query), abs=1e-6)
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("sheet ")


def test_names_that_begin_with_a_dash(run: Run, colours: Path, capsys: Any) -> None:
    shutil.copy(colours / "red" / "a" / "0.png", "-a.png")
    capsys.readouterr()
    assert main(["query", "blue/a/0.png", "--json", "--not=-a.png", "--", "-a.png", "--top"]) == 2
    assert "--top: neither a file nor" in capsys.readouterr().err
    assert main(["query", "blue/a/0.png", "--json", "--", "-a.png"]) == 0
    assert json.loads(capsys.readouterr().out)["query"] == ["blue/a/0.png", "-a.png"]


@pytest.mark.parametrize(
    "more",
    [["--weights", "a"], ["--weights", "1,1"], ["--where", "x\ny=1"], ["--where", "label=\x1b[31m"], ["--where", ""]],
)
def test_query_refuses_in_two_lines(run: Run, more: list[str], capsys: Any) -> None:
    capsys.readouterr()
    assert main(["query", "red/a/0.png", *more]) == 2
    said = capsys.readouterr().err
    assert said.startswith("imgret: ")
    assert len(said.splitlines()) <= 2
    assert "\x1b" not in said


def test_the_sheet_marks_what_was_asked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr("imgret.pictures.sheet.contact_sheet", lambda *given, formats: drawn.extend(given))
    monkeypatch.setattr("imgret.pictures.sheet.save", lambda sheet, file: file)
    assert main(["query", "red/a/0.png", "--not", "blue/a/0.png", "--where", "group=a", "--top", "1"]) == 0
    tiles, title, subtitle = drawn
    assert [(tile.mark, tile.note) for tile in tiles[:2]] == [(True, "query"), (True, "not")]
    assert (len(tiles), title) == (3, "1 hit")
    assert subtitle == f"{run.title} · where group=a"


def test_products_are_told_by_their_key(tmp_path: Path, capsys: Any) -> None:
    write(tmp_path / "in", {f"img/{n}.png": png((60 * n, 9, 9), noise=n + 1) for n in range(4)})
    rows = [[f"S{n}", f"img\\{n}.png", "red"] for n in range(5)]
    write_csv(tmp_path / "in" / "l.csv", ["SKU", "path", "colour"], rows)
    imgret.run(tmp_path / "in" / "l.csv", backbone="pixels", view="pca", k=1, reports=[], attributes=[])
    shown = []
    for asked in ("S1", "img\\1.png", "./img/1.png"):
        capsys.readouterr()
        assert main(["query", asked, "--top", "1"]) == 0
        shown.append(capsys.readouterr().out.splitlines()[0])
    assert shown[0] == shown[1] == shown[2]
    assert re.fullmatch(r"   1  .*  img/([023])\.png  SKU=S\1", shown[0])
    assert main(["query", "S1", "--top", "1", "--json"]) == 0
    hit = json.loads(capsys.readouterr().out)["hits"][0]
    assert hit["columns"] == {"SKU": f"S{hit['path'][4]}", "colour": "red"}
    for asked in ("S4", "img\\4.png", "img/4.png", "4.png"):
        assert main(["query", asked]) == 2
        assert " is no image of this run: img/4.png: missing\nits reason is in runs/" in capsys.readouterr().err
