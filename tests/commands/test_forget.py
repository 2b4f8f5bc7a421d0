"""`imgret forget`: what is forgotten leaves no trace, however it is named."""

import hashlib
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgret.__main__ import main
from imgret.store.store import home
from tests.care.conftest import QUICK, doctor, state, traces
from tests.conftest import png, write


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


def test_what_is_no_image_is_none_and_takes_none_with_it(photos: Path, capsys: Any) -> None:
    """While it is there, and when it is gone."""
    folder = photos / "sub"
    write(folder, {"a.xmp": b"<x/>", "b.xmp": b"<x/>", "c.thm": png((1, 2, 9)), "notes.txt": b"Dear all"})
    assert main([str(photos), *QUICK]) == 0
    arrays = len([*home().glob("matrices/*.npy"), *home().glob("derived/*.npy")])
    everything = f"1 row, 1 thumbnail, 2 attribute values, 5 known files, {arrays} arrays"
    for there in (True, False):
        for name, images, gone in (
            ("a.xmp", "0 images", "1 known file"),
            ("c.thm", "0 images", "1 known file"),
            ("notes.txt", "0 images", "1 known file"),
            ("", "1 image", everything),
        ):
            capsys.readouterr()
            assert main(["forget", "--dry", str(folder / name)]) == 0
            assert capsys.readouterr().out.splitlines()[:2] == [f"images    {images}", f"would go  {gone}"]
        for file in list(folder.iterdir()) if there else ():
            file.unlink()
    assert main(["forget", str(folder / "a.xmp")]) == 0
    assert len([*home().glob("matrices/*.npy"), *home().glob("derived/*.npy")]) == arrays > 0
    assert traces([os.fsencode(folder / "a.xmp")]) == []
    assert traces([os.fsencode(folder / "b.xmp")]) == ["cache.sqlite"]


@pytest.mark.usefixtures("photos")
def test_nothing_to_forget(tmp_path: Path, capsys: Any) -> None:
    assert main(["forget", "nowhere.png"]) == 2
    assert "neither a file" in capsys.readouterr().err
    assert main(["forget", "0" * 64]) == 0
    assert "no trace" in capsys.readouterr().out
    with sqlite3.connect(home() / "cache.sqlite") as base:
        assert base.execute("SELECT count(*) FROM files_3").fetchone()[0] == 9
    base.close()
