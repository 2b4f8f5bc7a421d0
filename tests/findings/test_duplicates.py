"""Groups of duplicates, by hand; what a report makes of them is tested with it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from imgret.contracts import Item
from imgret.findings.duplicates import Member, groups
from imgret.ops.samepicture import Pair
from imgret.reading.items import collect
from imgret.reading.record import Record


def test_groups_by_hand() -> None:
    """1 is larger than 0; 2 is an edited 0, for which 1 stands; 3 has two files; 4 and 5 are alike."""
    sizes = [10, 30, 20, 5, 7, 7]
    items = [Item(f"{i}.png") for i in range(6)] + [Item("copy.png")]
    records = [Record(f"{i:064}", "ok", "", size, size) for i, size in enumerate(sizes)]
    collection = collect(items, [*records, records[3]])
    files = {row: [f"{row}.png"] for row in range(6)} | {3: ["3.png", "copy.png"]}
    pairs = [Pair(0, 1, 0.9, "re-encoded"), Pair(0, 2, 0.8, "edited"), Pair(4, 5, 0.86, "alike")]
    run: Any = SimpleNamespace(collection=collection, paths=collection.paths, files=files, pairs=pairs)
    assert groups(run) == [
        [Member(1, 1.0, "re-encoded"), Member(0, 0.9, "re-encoded")],
        [Member(3, 1.0, "same bytes")],
        [Member(1, 1.0, "edited"), Member(2, 0.8, "edited")],
        [Member(4, 1.0, "alike"), Member(5, 0.86, "alike")],
    ]


def test_of_as_many_pixels_the_one_is_kept_that_knows_when_it_was_taken(tmp_path: Path) -> None:
    """0 is largest in bytes, 1 has a date from the file's time alone, 2 one of its own, 3 a camera and more bytes."""
    known = [("", ""), ("2026-01-02", ""), ("2019-07-14T10:00:00", ""), ("", "Canon"), ("2019-07-14T10:00:00", "Canon")]
    items, records = [], []
    for i, (taken, camera) in enumerate(known):
        (tmp_path / f"{i}.jpg").write_bytes(bytes([90, 80, 20, 30, 95][i]))
        columns = {"taken_from": "file" if i == 1 else "exif"}
        items.append(Item(f"{i}.jpg", file=str(tmp_path / f"{i}.jpg"), columns=columns))
        records.append(Record(f"{i:064}", "ok", "", *((9, 8) if i == 4 else (9, 9)), taken, camera))  # 4 is smaller
    collection = collect(items, records)
    files = {row: [f"{row}.jpg"] for row in range(5)}
    pairs = [Pair(i, j, 0.9, "re-encoded") for i in range(5) for j in range(i + 1, 5)]
    run: Any = SimpleNamespace(collection=collection, paths=collection.paths, files=files, pairs=pairs)
    for kept in (3, 2, 0, 1):
        assert groups(run)[0][0].row == kept
        run.pairs = [pair for pair in run.pairs if kept not in pair[:2]]
