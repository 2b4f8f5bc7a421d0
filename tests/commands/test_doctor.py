"""doctor, gc and forget: what is damaged is named and mended, what is spare goes, what is forgotten leaves no trace."""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgret.__main__ import main
from imgret.care.forget import chosen
from imgret.runs.run import Run
from imgret.store.store import home
from tests.conftest import png, write

QUICK = ["backbone=pixels", "view=pca", "k=2", "reports=[maps,clusters,page]", "log=quiet"]
PICTURES = {f"{n}.png": png((25 * n, 90, 200), noise=n + 1) for n in range(7)}


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("imgret.store.store.WORTH_KEEPING", -1.0)
    folder = write(tmp_path / "in", {**PICTURES, "sub/x.png": png((1, 2, 3)), "bad.jpg": b"\xff\xd8\xff"})
    assert main([str(folder), *QUICK]) == 0
    return folder


def state(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.resolve().rglob("*") if file.is_file() and file.name != "run.json"]
    return {file.relative_to(folder.resolve()).as_posix(): file.read_bytes() for file in files}


def doctor(capsys: Any, *words: str) -> tuple[int, list[str]]:
    capsys.readouterr()
    code = main(["doctor", *words])
    return code, [line for line in capsys.readouterr().out.splitlines() if not re.match("store|runs|faults", line)]


def damage(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.unlink()  # what is linked to it stays whole
    file.write_bytes(data)


def one(pattern: str) -> Path:
    return sorted(home().glob(pattern))[0]


@pytest.mark.usefixtures("photos")
def test_what_is_whole_is_left_alone(capsys: Any) -> None:
    before = state(home()) | state(Path("runs/latest"))
    assert doctor(capsys) == doctor(capsys, "--dry") == doctor(capsys, "runs/latest") == (0, [])
    assert state(home()) | state(Path("runs/latest")) == before


@pytest.mark.parametrize(
    ("pattern", "says"),
    [("features/*/*.safetensors", "set aside; its images are computed again"), ("matrices/*.npy", "removed"),
     ("derived/*.npy", "removed"), ("attributes/*/*.json", "removed"), ("features/*/set.json", "set aside")],
)  # fmt: skip
def test_damage_in_the_store_is_named_and_made_again(pattern: str, says: str, photos: Path, capsys: Any) -> None:
    wanted = state(Path("runs/latest"))
    file = one(pattern)
    damage(file)
    code, lines = doctor(capsys, "--dry")
    assert code == 4
    assert file.exists()
    code, lines = doctor(capsys)
    assert code == 0
    assert [line for line in lines if file.name in line and says in line]
    assert not file.exists() or file.name == "set.json"
    assert doctor(capsys)[0] == 0
    assert main([str(photos), *QUICK]) == 0
    for name in ("items.csv", "metrics.json", "features.npy", "labels.npy", "view.npy", "mean.npy"):
        assert (Path("runs/latest") / name).read_bytes() == wanted[name]
    assert doctor(capsys) == (0, [])


def test_thumbnails_caches_and_strangers(photos: Path, capsys: Any) -> None:
    thumbnail = one("thumbnails/*/*/*.jpg")
    thumbnail.write_bytes(thumbnail.read_bytes()[:-9])
    (home() / "cache.sqlite").write_bytes(b"no base" * 999)
    write(home(), {"mine.txt": b"a note", ".old.0123456789ab.tmp": b"half", ".new.0123456789ab.tmp": b"half"})
    os.utime(home() / ".old.0123456789ab.tmp", (time.time() - 90_000,) * 2)
    code, lines = doctor(capsys)
    assert code == 0
    assert [line.split()[0] for line in lines] == ["left", "damaged", "unknown", "damaged"]
    assert not thumbnail.exists()
    assert (home() / "mine.txt").read_bytes() == b"a note"
    assert (home() / ".new.0123456789ab.tmp").exists()  # it may be in use
    assert not (home() / ".old.0123456789ab.tmp").exists()
    assert main([str(photos), *QUICK]) == 0
    assert [line.split()[0] for line in doctor(capsys)[1]] == ["unknown"]


def _gone(file: Path) -> None:
    file.unlink()


@pytest.mark.usefixtures("photos")
@pytest.mark.parametrize("harm", [damage, _gone])
def test_a_run_s_arrays_come_back_as_the_very_bytes(harm: Callable[[Path], None], capsys: Any) -> None:
    run = Path("runs/latest").resolve()
    before = state(run)
    for name in ("features.npy", "labels.npy", "mean.npy", "view.npy"):
        harm(run / name)
    assert main(["query", "1.png"]) == 4
    code, lines = doctor(capsys)
    assert (code, len(lines)) == (0, 4)
    assert all(line.endswith("made again, the same bytes") for line in lines)
    assert state(run) == before
    assert main(["query", "1.png"]) == 0


@pytest.mark.usefixtures("photos")
def test_pictures_are_drawn_again(capsys: Any) -> None:
    run = Path("runs/latest").resolve()
    names = ["map.png", "report.html", "clusters.csv"]
    damage(run / names[0])
    damage(run / names[1])
    (run / names[2]).unlink()
    code, lines = doctor(capsys)
    assert (code, len(lines)) == (0, 3)
    info = json.loads((run / "run.json").read_text())
    for name in names:
        assert info["digests"][name] == hashlib.sha256((run / name).read_bytes()).hexdigest()
    assert doctor(capsys) == (0, [])
    assert Run.load(run).metrics


@pytest.mark.usefixtures("photos")
def test_what_cannot_be_made_again_is_left_and_said(capsys: Any) -> None:
    run = Path("runs/latest").resolve()
    damage(run / "metrics.json")
    shutil.rmtree(home() / "features")
    (run / "features.npy").unlink()
    (run / "notes.txt").write_text("mine")
    code, lines = doctor(capsys)
    assert code == 4
    assert [line.split(":")[0].split("/")[-1] for line in lines] == ["metrics.json", "features.npy", "notes.txt"]
    assert lines[0].endswith("the run has to be made again")
    assert (run / "notes.txt").read_text() == "mine"
    (run / "run.json").write_text("{")
    assert doctor(capsys)[0] == 4


def test_spare_matrices_and_sets(photos: Path, capsys: Any) -> None:
    wanted = state(Path("runs/latest"))
    assert doctor(capsys, "--gc")[1] == ["freed     0 kB"]  # the run links its matrix
    shutil.rmtree("runs")
    code, lines = doctor(capsys, "--gc", "--dry")
    assert (code, len(lines), lines[-1].split()[0]) == (0, 2, "kept")
    assert doctor(capsys, "--gc")[1][-1] == lines[-1].replace("kept ", "freed")
    assert not list(home().glob("matrices/*"))
    code, lines = doctor(capsys, "--gc", "features")
    assert "pixels size=32, 8 images" in lines[1]
    assert lines[2].endswith("type --yes to free them")
    assert list(home().glob("features/*/*.safetensors"))
    assert doctor(capsys, "--gc", "features", "--yes")[0] == 0
    assert not list(home().glob("features/*"))
    assert main([str(photos), *QUICK]) == 0
    assert state(Path("runs/latest"))["items.csv"] == wanted["items.csv"]


def test_a_picture_of_a_run_that_cannot_be_read_is_left_with_one_reason(photos: Path, capsys: Any) -> None:
    folder = Path("runs/latest").resolve()
    (folder / "map.png").unlink()
    with (folder / "items.csv").open("a") as table:
        table.write("x\n")
    code, lines = doctor(capsys)
    said = next(line for line in lines if "map.png" in line)
    reason = "ValueError: items.csv has a row that is shorter or longer than its header"
    assert (code, said.endswith(f"could not be mended: {folder} is not a whole run: {reason}")) == (4, True)
    assert main(["query", "0.png"]) == 4
    name = folder.relative_to(Path.cwd())
    assert capsys.readouterr().err.endswith(f"see what can be mended: python -m imgret doctor {name}\n")


def traces(needles: list[bytes]) -> list[str]:
    return [f.name for f in home().rglob("*") if f.is_file() and any(needle in f.read_bytes() for needle in needles)]


@pytest.mark.parametrize("how", ["file", "gone", "id", "folder"])
def test_what_is_forgotten_leaves_no_trace(how: str, photos: Path, capsys: Any) -> None:
    file = photos / "sub" / "x.png"
    id = hashlib.sha256(file.read_bytes()).hexdigest()
    needles = [id.encode(), bytes.fromhex(id), os.fsencode(file)]
    assert len(traces(needles)) >= 3  # a shard, attributes, the cache
    wanted = {name: np.load(f"runs/latest/{name}.npy") for name in ("labels", "features")}
    if how == "gone":
        file.unlink()
    name = {"file": str(file), "gone": str(file), "id": id, "folder": str(photos / "sub")}[how]
    before = state(home())
    assert main(["forget", name, "--dry"]) == 0
    assert state(home()) == before
    assert main(["forget", name]) == 0
    said = capsys.readouterr().out
    assert "gone      1 row, 1 thumbnail, 2 attribute values, 1 known file" in said
    assert "delete it to have them gone" in said
    assert traces(needles) == []
    assert not list(home().glob(f"thumbnails/*/*/{id}.*"))
    assert not list(home().glob("matrices/*.npy"))
    assert doctor(capsys)[0] == 0
    if how != "gone":
        assert main([str(photos), *QUICK]) == 0
        np.testing.assert_array_equal(np.load("runs/latest/features.npy"), wanted["features"])
        computed = json.loads(Path("runs/latest/run.json").read_text())["features"]["computed"]
        assert computed == 1  # the others were kept


def test_a_folder_is_forgotten_by_its_bytes_where_its_paths_are_not_known(photos: Path) -> None:
    (home() / "cache.sqlite").unlink()
    id = hashlib.sha256((photos / "sub" / "x.png").read_bytes()).hexdigest()
    assert main(["forget", str(photos / "sub")]) == 0
    assert traces([id.encode(), bytes.fromhex(id)]) == []


def test_a_file_that_cannot_be_read_is_told_of(
    photos: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(file: Path) -> str:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr("imgret.care.forget.sha256", refuse)
    with caplog.at_level("WARNING", "imgret"):
        chosen([str(photos / "sub")], home())
    assert f"{photos / 'sub' / 'x.png'}: Permission denied; it is forgotten by its path only" in caplog.text


@pytest.mark.usefixtures("photos")
def test_nothing_to_forget(tmp_path: Path, capsys: Any) -> None:
    assert main(["forget", "nowhere.png"]) == 2
    assert "neither a file" in capsys.readouterr().err
    assert main(["forget", "0" * 64]) == 0
    assert "no trace" in capsys.readouterr().out
    with sqlite3.connect(home() / "cache.sqlite") as base:
        assert base.execute("SELECT count(*) FROM files_3").fetchone()[0] == 9
    base.close()
