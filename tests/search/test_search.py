"""What can be searched with, and what is said of anything else."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import Run, UsageError, registry
from imgret.__main__ import main
from imgret.contracts import Item
from imgret.search.search import combined, read
from tests.search.test_where import fake


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


# Six unit vectors of a plane by their angles, so that a score is the cosine of a difference.
ANGLES = {"a": 0, "b": 40, "c": 100, "d": 200, "e": 250, "f": 340}


def plane() -> Run:
    rad = np.radians(list(ANGLES.values()))
    return fake(np.stack([np.cos(rad), np.sin(rad)], axis=1), [Item(f"{name}.jpg", label=name) for name in ANGLES])


def _at(angle: float) -> list[tuple[str, float]]:
    """What a query in this direction finds, best first."""
    scores = {name: np.cos(np.radians(other - angle)) for name, other in ANGLES.items()}
    return sorted(scores.items(), key=lambda pair: -pair[1])


def _found_as(hits: Any, angle: float, without: str) -> None:
    right = [(name, score) for name, score in _at(angle) if name not in without]
    assert [hit.label for hit in hits] == [name for name, _ in right]
    assert [hit.score for hit in hits] == pytest.approx([score for _, score in right], abs=1e-6)


def test_one_image_and_the_mean_of_several_by_hand() -> None:
    _found_as(plane().search("a.jpg"), 0, "a")
    _found_as(plane().search(["a.jpg", "b.jpg"]), 20, "ab")


def test_weights_by_hand() -> None:
    # 3 (1, 0) + 1 (cos 100, sin 100) = (2.826, 0.985): 19.21 degrees
    angle = np.degrees(np.arctan2(np.sin(np.radians(100)), 3 + np.cos(np.radians(100))))
    assert angle == pytest.approx(19.21, abs=0.01)
    _found_as(plane().search(["a.jpg", "c.jpg"], weights=[3, 1]), angle, "ac")
    assert plane().search(["a.jpg", "c.jpg"], weights=[3e307, 1e307]) == plane().search(
        ["a.jpg", "c.jpg"], weights=[3, 1]
    )
    assert plane().search(["a.jpg", "c.jpg"], weights=[2, 2]) == plane().search(["a.jpg", "c.jpg"])


def test_unlike_an_image_by_hand() -> None:
    # (1, 0) - 0.2 (cos 40, sin 40) = (0.847, -0.129): 8.63 degrees below a, where f gains on b
    angle = np.degrees(np.arctan2(-0.2 * np.sin(np.radians(40)), 1 - 0.2 * np.cos(np.radians(40))))
    assert angle == pytest.approx(-8.63, abs=0.01)
    _found_as(plane().search("a.jpg", unlike="b.jpg"), angle, "ab")
    # those of 100 and 200 degrees have a mean at 150, as long as you like
    angle = np.degrees(np.arctan2(-0.2 * np.sin(np.radians(150)), 1 - 0.2 * np.cos(np.radians(150))))
    _found_as(plane().search("a.jpg", unlike=["c.jpg", "d.jpg"]), angle, "acd")
    assert [hit.label for hit in plane().search("a.jpg", unlike="b.jpg", where="label>=e")] == ["f", "e"]


def test_a_query_has_unit_length_and_never_vanishes() -> None:
    same = np.float32([[0.6, 0.8]])
    np.testing.assert_allclose(combined(same, same), same, atol=1e-6)
    np.testing.assert_allclose(combined(same, np.float32([[0, 0]])), same, atol=1e-6)


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        ({"images": [], "unlike": ["a.jpg"]}, "no image to search with: --not turns a search away"),
        ({"images": ["a.jpg"], "weights": [1, 2]}, "2 weights for 1 image"),
        ({"images": ["a.jpg"], "weights": [0]}, "weight 0: it is a number above 0"),
        ({"images": ["a.jpg"], "weights": [float("nan")]}, "weight nan"),
        ({"images": ["a.jpg"], "weights": [float("inf")]}, "weight inf"),
        ({"images": ["a.jpg"], "unlike": ["nowhere"]}, "nowhere: neither a file nor"),
        ({"images": ["00000000"]}, "00000000: the ids of several images begin so"),
        ({"images": ["1234567"]}, "1234567: neither a file nor"),
    ],
)
def test_what_cannot_be_asked(ask: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        plane().search(**ask)
    assert len(str(caught.value).splitlines()) <= 2


def test_the_beginning_of_an_id(run: Run) -> None:
    assert run.search(run.ids[3][:8], 4) == run.search(run.ids[3], 4)
    assert run.search(run.ids[-1][:20], 4) == run.search(run.ids[-1], 4)


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
    assert list(found["hits"][0]) == ["rank", "score", "cluster", "path", "id", "file", "label"]
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
