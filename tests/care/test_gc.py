"""What a store can do without, how many bytes that frees, and what is kept."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from imgret.__main__ import main
from imgret.care.gc import feature_sets, matrices, set_aside
from imgret.store.store import home
from tests.care.conftest import QUICK, damage, doctor, one, state
from tests.conftest import write


def test_a_matrix_that_a_run_links_is_kept(tmp_path: Path) -> None:
    write(tmp_path / "matrices", {"linked.npy": b"12345", "spare.npy": b"1234567", "note.txt": b"1"})
    os.link(tmp_path / "matrices" / "linked.npy", tmp_path / "of a run.npy")
    (spare,) = matrices(tmp_path)
    assert (spare.place.name, spare.what, spare.bytes) == ("spare.npy", "a matrix that no run links", 7)
    spare.remove()
    spare.remove()
    assert sorted(file.name for file in (tmp_path / "matrices").iterdir()) == ["linked.npy", "note.txt"]


def test_what_was_set_aside_may_go(tmp_path: Path) -> None:
    write(tmp_path / "features" / "a", {"x.damaged": b"123", "x.safetensors": b"1"})
    assert [(spare.place.name, spare.bytes) for spare in set_aside(tmp_path)] == [("x.damaged", 3)]


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (
            {"schema": 1, "recipe": {"backbone": "pixels", "arguments": {"size": 32, "fit": "pad"}}},
            "pixels fit=pad size=32",
        ),
        ({"schema": 1, "recipe": {"backbone": "pixels", "arguments": {}}}, "pixels"),
        ({"schema": 1, "recipe": []}, "features of an unknown backbone"),
        ({}, "features of an unknown backbone"),
    ],
)
def test_a_set_says_what_it_was_made_with_and_of_how_many_images(label: object, said: str, tmp_path: Path) -> None:
    """Three and two rows; a shard that is damaged has none."""
    folder = write(tmp_path / "features" / "a", {"set.json": json.dumps(label).encode(), "c.safetensors": b"damaged"})
    for name, rows in (("a", 3), ("b", 2)):
        save_file({"ids": np.zeros((rows, 32), np.uint8)}, folder / f"{name}.safetensors")
    size = sum(file.stat().st_size for file in folder.iterdir())
    (spare,) = feature_sets(tmp_path)
    assert (spare.place, spare.what, spare.bytes) == (folder, f"{said}, 5 images", size)
    spare.remove()
    assert list((tmp_path / "features").iterdir()) == []


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


@pytest.mark.usefixtures("run")
def test_freeing_beside_a_run_at_work(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    shutil.rmtree("runs")
    stat = Path.stat

    def renamed(file: Path, **how: Any) -> Any:
        if file.suffix in (".npy", ".tmp"):
            raise FileNotFoundError(2, "No such file or directory", str(file))
        return stat(file, **how)

    def busy(folder: Path) -> None:
        raise OSError(39, "Directory not empty", str(folder))

    write(one("features/*"), {".half.tmp": b"half"})
    monkeypatch.setattr(Path, "stat", renamed)
    assert main(["doctor", "--gc", "features", "--dry"]) == 0
    monkeypatch.setattr("imgret.care.gc.shutil.rmtree", busy)
    assert main(["doctor", "--gc", "features", "--yes"]) == 2
    said = capsys.readouterr().err
    assert "cannot be freed: Directory not empty\ntype the same again when no run is using it" in said

    def sealed(folder: Path) -> None:
        raise OSError(30, "Read-only file system", str(folder))

    monkeypatch.setattr("imgret.care.gc.shutil.rmtree", sealed)
    assert main(["doctor", "--gc", "features", "--yes"]) == 2
    assert capsys.readouterr().err.endswith(  # as `forget` says it
        f"imgret: {home()} cannot be written to: Read-only file system\nset IMGRET_HOME=FOLDER\n"
    )


@pytest.mark.usefixtures("photos")
def test_gc_frees_what_was_set_aside(capsys: Any) -> None:
    damage(one("features/*/*.safetensors"))
    doctor(capsys)
    aside = one("features/*/*.damaged")
    doctor(capsys, "--gc", "--dry")
    assert aside.exists()
    assert any("a damaged file that was set aside" in line for line in doctor(capsys, "--gc")[1])
    assert not list(home().glob("features/*/*.damaged"))
