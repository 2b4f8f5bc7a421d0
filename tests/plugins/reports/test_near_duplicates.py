"""near_duplicates: groups worked out by hand, and copies of drawn pictures found."""

import csv
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import imgret
from imgret.contracts import Item
from imgret.plugins.reports.near_duplicates import near_duplicates
from imgret.reading.items import collect
from imgret.reading.record import Record
from tests.conftest import write


def _picture(seed: int, size: tuple[int, int] = (64, 48)) -> bytes:
    grid = np.random.default_rng(seed).integers(0, 255, (6, 8, 3)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC).save(stream, "PNG")
    return stream.getvalue()


def _run(looks: list[int], sizes: list[int], scores: dict[tuple[int, int], float], copies: tuple[int, ...] = ()) -> Any:
    """Rows 0, 1, ... whose pictures are drawn by the seeds `looks`; those in `copies` are there twice."""
    n = len(looks)
    items = [Item(f"{i}.png") for i in range(n)] + [Item(f"copy_{i}.png") for i in copies]
    records = [Record(f"{i:064}", "ok", "", size, size) for i, size in enumerate(sizes)]
    rows = np.array([[j for j in range(n) if j != i] for i in range(n)])
    table = np.array([[scores.get((min(i, j), max(i, j)), 0.0) for j in line] for i, line in enumerate(rows)])
    collection = collect(items, records + [records[i] for i in copies])
    return SimpleNamespace(collection=collection, paths=collection.paths, neighbours=(rows, table),
                           thumbnail=lambda row: _picture(looks[row]), settings={"normalize": "centre"})  # fmt: skip


def _table(folder: Path) -> list[list[str]]:
    with (folder / "near_duplicates.csv").open(newline="") as stream:
        return list(csv.reader(stream))[1:]


def test_groups_are_around_their_keepers(tmp_path: Path) -> None:
    """0-1-2-3 is a chain: the best, 1, takes those near it; 3 is near 2 only, which is gone, and stands alone."""
    chain = {(0, 1): 0.9, (1, 2): 0.95, (2, 3): 0.97, (4, 5): 0.86, (0, 4): 0.84}
    run = _run([1, 1, 1, 1, 2, 2], [10, 30, 20, 20, 5, 5], chain, copies=(5,))
    assert [file.name for file in near_duplicates(run, tmp_path)] == ["near_duplicates.csv", "near_duplicates.jpg"]
    assert _table(tmp_path) == [
        ["0", "1", "1.png", "1.000", "30", "30"],
        ["0", "0", "2.png", "0.950", "20", "20"],
        ["0", "0", "0.png", "0.900", "10", "10"],
        ["1", "1", "4.png", "1.000", "5", "5"],
        ["1", "0", "5.png", "0.860", "5", "5"],
        ["1", "0", "copy_5.png", "0.860", "5", "5"],
    ]


@pytest.mark.parametrize(
    ("sizes", "data", "keeper"),
    [
        ([9, 9], [b"12", b"123"], "b.jpg"),  # of equal pixels the file of more bytes
        ([9, 9], [b"12", b"12"], "a.jpg"),  # of equal bytes the first by path
        ([9, 8], [b"12", b"123"], "a.jpg"),  # of more pixels, whatever the bytes
        ([8, 9], [b"123", b"12"], "b.jpg"),
    ],
)
def test_pixels_go_before_bytes_and_bytes_before_paths(
    sizes: list[int], data: list[bytes], keeper: str, tmp_path: Path
) -> None:
    names = ["a.jpg", "b.jpg"]
    root = write(tmp_path / "in", dict(zip(names, data, strict=True)))
    run = _run([1, 1], sizes, {(0, 1): 0.9})
    records = [Record(id * 64, "ok", "", size, size) for id, size in zip("ba", sizes, strict=True)]  # rows: b, a
    run.collection = collect([Item(name, str(root / name)) for name in names], records)
    run.paths = run.collection.paths
    near_duplicates(run, tmp_path)
    assert [row[1:3] for row in _table(tmp_path)] == [["1", keeper], ["0", *({*names} - {keeper})]]


def test_larger_groups_come_first_and_members_as_near_by_path(tmp_path: Path) -> None:
    run = _run([1, 1, 2, 2, 2, 3, 3], [5, 4, 9, 8, 8, 2, 3], {(0, 1): 0.9, (2, 3): 0.9, (2, 4): 0.9, (5, 6): 0.9})
    near_duplicates(run, tmp_path)
    assert [(row[0], row[2][0]) for row in _table(tmp_path)] == [
        ("0", "2"), ("0", "3"), ("0", "4"), ("1", "0"), ("1", "1"), ("2", "6"), ("2", "5"),
    ]  # fmt: skip


def test_the_eye_has_a_say_and_equal_bytes_are_duplicates(tmp_path: Path) -> None:
    run = _run([1, 2, 3], [9, 9, 9], {(0, 1): 0.99}, copies=(2,))
    near_duplicates(run, tmp_path)
    assert _table(tmp_path) == [["0", "1", "2.png", "1.000", "9", "9"], ["0", "0", "copy_2.png", "1.000", "9", "9"]]


def test_scores_are_cosines_of_features_of_any_length(tmp_path: Path) -> None:
    run = _run([1, 1, 1], [9, 9, 9], {(0, 1): 50.0, (1, 2): 50.0})  # inner products: of long vectors, not near ones
    run.settings, run.device = {"normalize": "none"}, "cpu"
    run.X = np.array([[100, 0], [60, 80], [0.3, 0.4]], np.float32)
    near_duplicates(run, tmp_path)
    assert [row[2:4] for row in _table(tmp_path)] == [["1.png", "1.000"], ["2.png", "1.000"]]


def test_none_gives_an_empty_table(tmp_path: Path) -> None:
    assert [file.name for file in near_duplicates(_run([1, 2], [9, 9], {}), tmp_path)] == ["near_duplicates.csv"]
    assert _table(tmp_path) == []


def test_smaller_copies_are_found_in_a_run(tmp_path: Path) -> None:
    shots = {f"{i:02}.png": _picture(i) for i in range(12)} | {
        f"{i:02}_small.png": _picture(i, (40, 30)) for i in (3, 7)
    }
    run = imgret.run(write(tmp_path / "in", shots), backbone="pixels", view="pca", k=3, reports=["near_duplicates"])
    rows = _table(run.folder)
    assert [(row[0], row[1], row[2]) for row in rows] == [
        ("0", "1", "03.png"), ("0", "0", "03_small.png"), ("1", "1", "07.png"), ("1", "0", "07_small.png"),
    ]  # fmt: skip
