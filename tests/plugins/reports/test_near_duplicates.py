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
from imgret.findings.duplicates import groups
from imgret.plugin import Pair
from imgret.plugins.reports.near_duplicates import near_duplicates
from imgret.reading.items import collect
from imgret.reading.record import Record
from tests.conftest import write

PIXELS, ENCODED, EDITED, ALIKE = "same pixels", "re-encoded", "edited", "alike"


def _picture(seed: int, size: tuple[int, int] = (64, 48)) -> bytes:
    grid = np.random.default_rng(seed).integers(0, 255, (6, 8, 3)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC).save(stream, "PNG")
    return stream.getvalue()


def _run(sizes: list[int], pairs: list[tuple[int, int, float, str]], copies: tuple[int, ...] = ()) -> Any:
    """Rows 0, 1, ... of n.png, squares of these sizes; those in `copies` are there twice."""
    items = [Item(f"{i}.png") for i in range(len(sizes))] + [Item(f"copy_{i}.png") for i in copies]
    records = [Record(f"{i:064}", "ok", "", size, size) for i, size in enumerate(sizes)]
    collection = collect(items, records + [records[i] for i in copies])
    run = SimpleNamespace(collection=collection, paths=collection.paths, pairs=[Pair(*pair) for pair in pairs],
                          thumbnail=_picture, files=_files(collection))  # fmt: skip
    run.duplicates = groups(run)
    return run


def _files(collection: Any) -> dict[int, list[str]]:
    files: dict[int, list[str]] = {row: [path] for row, path in enumerate(collection.paths)}
    for item, row in zip(collection.items, collection.rows.tolist(), strict=True):
        files[row] += [item.path] * (item.path not in files[row])
    return files


def _table(folder: Path) -> list[list[str]]:
    with (folder / "near_duplicates.csv").open(newline="") as stream:
        return list(csv.reader(stream))[1:]


def test_groups_are_around_their_keepers(tmp_path: Path) -> None:
    """0-1-2-3 is a chain: the best, 1, takes those near it; 3 is near 2 only, which is gone, and stands alone."""
    pairs = [(0, 1, 0.9, ENCODED), (1, 2, 0.8, PIXELS), (2, 3, 0.97, ENCODED), (4, 5, 0.86, ENCODED)]
    run = _run([10, 30, 20, 20, 5, 5], pairs, copies=(5,))
    assert [file.name for file in near_duplicates(run, tmp_path)] == ["near_duplicates.csv", "near_duplicates.jpg"]
    assert _table(tmp_path) == [
        ["0", "1", ENCODED, "1.png", "1.000", "30", "30"],
        ["0", "0", PIXELS, "2.png", "0.800", "20", "20"],
        ["0", "0", ENCODED, "0.png", "0.900", "10", "10"],
        ["1", "1", ENCODED, "4.png", "1.000", "5", "5"],
        ["1", "0", ENCODED, "5.png", "0.860", "5", "5"],
        ["1", "0", ENCODED, "copy_5.png", "0.860", "5", "5"],
    ]


def test_keepers_stand_for_their_groups_in_groups_that_propose_none(tmp_path: Path) -> None:
    """0 and 1 are one picture, kept as 1; 2 is an edited 0, 3 is like 2 and like 1."""
    pairs = [(0, 1, 0.9, ENCODED), (0, 2, 0.8, EDITED), (1, 3, 0.87, ALIKE), (2, 3, 0.88, ALIKE)]
    near_duplicates(_run([10, 30, 20, 5], pairs), tmp_path)
    assert _table(tmp_path) == [
        ["0", "1", ENCODED, "1.png", "1.000", "30", "30"],
        ["0", "0", ENCODED, "0.png", "0.900", "10", "10"],
        ["1", "", EDITED, "1.png", "1.000", "30", "30"],
        ["1", "", EDITED, "2.png", "0.800", "20", "20"],
        ["2", "", ALIKE, "1.png", "1.000", "30", "30"],
        ["2", "", ALIKE, "3.png", "0.870", "5", "5"],
    ]


def test_equal_bytes_are_a_group(tmp_path: Path) -> None:
    near_duplicates(_run([9, 9, 9], [], copies=(2,)), tmp_path)
    assert _table(tmp_path) == [
        ["0", "1", "same bytes", "2.png", "1.000", "9", "9"],
        ["0", "0", "same bytes", "copy_2.png", "1.000", "9", "9"],
    ]


def test_pictures_of_equal_files_share_rows_and_groups_of_several_do_not(tmp_path: Path) -> None:
    def height(sizes: list[int], pairs: list[tuple[int, int, float, str]], copies: tuple[int, ...]) -> int:
        near_duplicates(_run(sizes, pairs, copies), tmp_path)
        with Image.open(tmp_path / "near_duplicates.jpg") as picture:
            return picture.height

    one = height([9], [], (0,))
    assert height([9] * 4, [], (0, 1, 2, 3)) == one
    both = height([9] * 6, [(4, 5, 0.9, ENCODED)], (0, 1, 2, 3))
    row = both - one
    assert row > 100
    assert height([9] * 8, [(4, 5, 0.9, ENCODED), (6, 7, 0.9, ALIKE)], (0, 1, 2, 3)) == one + 2 * row


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
    run = _run(sizes, [(0, 1, 0.9, ENCODED)])
    records = [Record(id * 64, "ok", "", size, size) for id, size in zip("ba", sizes, strict=True)]  # rows: b, a
    run.collection = collect([Item(name, str(root / name)) for name in names], records)
    run.paths, run.files = run.collection.paths, _files(run.collection)
    run.duplicates = groups(run)
    near_duplicates(run, tmp_path)
    assert [[row[1], row[3]] for row in _table(tmp_path)] == [["1", keeper], ["0", *({*names} - {keeper})]]


def test_larger_groups_come_first_and_better_tiers_before_nearer(tmp_path: Path) -> None:
    pairs = [(0, 1, 0.9, ENCODED), (2, 3, 0.9, ENCODED), (2, 4, 0.7, PIXELS), (5, 6, 0.9, ALIKE), (5, 7, 0.9, ALIKE)]
    near_duplicates(_run([5, 4, 9, 8, 8, 3, 2, 2], pairs), tmp_path)
    assert [(row[0], row[3][0]) for row in _table(tmp_path)] == [
        ("0", "2"), ("0", "4"), ("0", "3"), ("1", "0"), ("1", "1"), ("2", "5"), ("2", "6"), ("2", "7"),
    ]  # fmt: skip


def test_none_gives_an_empty_table(tmp_path: Path) -> None:
    assert [file.name for file in near_duplicates(_run([9, 9], []), tmp_path)] == ["near_duplicates.csv"]
    assert _table(tmp_path) == []


def test_smaller_copies_are_found_in_a_run(tmp_path: Path) -> None:
    shots = {f"{i:02}.png": _picture(i) for i in range(12)} | {
        f"{i:02}_small.png": _picture(i, (48, 36)) for i in (3, 7)
    }
    run = imgret.run(write(tmp_path / "in", shots), backbone="pixels", view="pca", k=3, reports=["near_duplicates"])
    rows = [row for row in _table(run.folder) if row[1]]
    assert [(row[0], row[1], row[2], row[3]) for row in rows] == [
        ("0", "1", ENCODED, "03.png"), ("0", "0", ENCODED, "03_small.png"),
        ("1", "1", ENCODED, "07.png"), ("1", "0", ENCODED, "07_small.png"),
    ]  # fmt: skip
