"""The report albums: gaps in time by the rule as it is written down, likeness, bursts and pairs."""

import csv
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from imgret.contracts import Item
from imgret.plugins.reports import _albums as parts
from imgret.plugins.reports.albums import albums
from imgret.reading.items import collect
from imgret.reading.record import Record
from tests.conftest import png

HOUR, DAY = 3600.0, 86400.0


def _slow(times: Sequence[float]) -> list[bool]:
    """PhotoTOC's rule as it is written, gap by gap, with our two bounds and without the gaps that part always."""
    gaps = [max(b - a, 1.0) for a, b in pairwise(times)]
    found = []
    for place, gap in enumerate(gaps):
        near = [g for g in gaps[max(0, place - 10) : place + 11] if g < 14 * DAY]
        mean = sum(np.log(near)) / len(near) if near else 0.0
        found.append(bool((np.log(gap) >= np.log(17) + mean and gap >= 1800) or gap >= 14 * DAY))
    return found


def test_gaps_as_the_rule_has_them() -> None:
    rng = np.random.default_rng(0)
    for scale in (10.0, 600.0, 40_000.0):
        times = np.cumsum(rng.pareto(0.6, 200) * scale).round()
        assert parts.parted(times).tolist() == _slow(times.tolist())


def test_two_mornings_and_a_journey() -> None:
    """Every five minutes, three hours' pause, every five minutes: two albums; after 20 days a third, of one picture."""
    times = np.array([*range(0, 3000, 300), *range(13_800, 16_800, 300), 20 * 86_400.0])
    assert np.flatnonzero(parts.parted(times)).tolist() == [9, 19]
    even = np.arange(30) * DAY  # a picture a day: no gap is longer than those around it
    assert not parts.parted(even).any()
    burst = np.array([0.0, 1, 2, 3, 4, 200, 201, 202, 203])  # 196 s are 17 times a second, and no half hour
    assert not parts.parted(burst).any()
    assert parts.parted(np.array([5.0])).tolist() == parts.parted(np.array([])).tolist() == []


def test_what_looks_alike_and_is_near_is_one_album() -> None:
    times = np.array([0.0, 60, 60 + 5 * HOUR, 120 + 5 * HOUR])
    ends = np.array([False, True, False])
    alike = np.array([[1, 0], [1, 0], [0.8, 0.6], [0.8, 0.6]], np.float32)
    unlike = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    assert parts.joined(times, alike, ends).tolist() == [False] * 3
    assert parts.joined(times, unlike, ends).tolist() == ends.tolist()
    later = np.where(times > HOUR, times + 2 * HOUR, times)
    assert parts.joined(later, alike, ends).tolist() == ends.tolist()


def test_bursts() -> None:
    x = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [0, 1]], np.float32)
    taken = [f"2020-01-01T10:00:0{second}" for second in (0, 2, 3, 4, 7)] + ["2020-01-01"]
    assert parts.bursts(taken, ["a"] * 6, x).tolist() == [0, 0, 1, 1, 2, 3]  # unlike, too late, no time
    assert parts.bursts(taken, ["a", "b"] * 3, x).tolist() == [0, 1, 2, 3, 4, 5]
    assert parts.bursts([], [], x[:0]).tolist() == []
    assert parts.united(6, [[0, 1], [4, 3], [3, 1]]) == [0, 0, 2, 0, 0, 5]


@pytest.fixture
def run() -> Any:
    """Two mornings, of which the first ends in a burst; a pair of one name; one undated that is like the pair."""
    taken = {
        "a/1.jpg": "2020-05-01T09:00:00", "a/2.jpg": "2020-05-01T09:05:00", "a/3.jpg": "2020-05-01T09:05:01",
        "b/4.heic": "2020-07-01T11:45:00", "b/4.JPG": "2020-07-01T11:45:00", "b/5.jpg": "2020-07-01",
        "c/undated.jpg": "", "c/other.jpg": "",
    }  # fmt: skip
    axis = {"a/1.jpg": 0, "a/2.jpg": 1, "a/3.jpg": 1, "b/4.heic": 2, "b/4.JPG": 2, "b/5.jpg": 3, "c/undated.jpg": 2}
    sharp = {"a/3.jpg": "9"}
    items = [Item(path, columns={"sharpness": sharp.get(path, "1")}) for path in taken]
    records = [Record(f"{i:064}", "ok", "", 4, 3, date) for i, date in enumerate(taken.values())]
    copy = Item("z/copy of 1.jpg"), records[0]
    names = ["b/4.NEF", "b/4.JPG.xmp", "b/9.mov"]
    collection = collect(
        [*items, copy[0], *map(Item, names)], [*records, copy[1], *[Record("", "beside", "by its name")] * 3]
    )
    X = np.zeros((8, 5), np.float32)
    for row, path in enumerate(taken):
        X[row, axis.get(path, 4)] = 1
    scores = X @ X.T
    np.fill_diagonal(scores, -1)
    rows = np.argsort(-scores, axis=1, kind="stable")[:, :7]
    return SimpleNamespace(
        collection=collection, paths=collection.paths, X=X, neighbours=(rows, scores),
        thumbnail=lambda row: png((30 * row, 90, 200)),
        files={row: [path, *([copy[0].path] * (row == 0))] for row, path in enumerate(collection.paths)},
    )  # fmt: skip


def test_albums_and_stacks_in_a_table_and_in_pictures(run: Any, tmp_path: Path) -> None:
    names = [file.relative_to(tmp_path).as_posix() for file in albums(run, tmp_path)]
    assert names == ["albums.csv", "albums.jpg", "albums/002_2020-07-01.jpg"]  # the other has two stacks
    with (tmp_path / "albums.csv").open(newline="") as stream:
        found = [tuple(row.values()) for row in csv.DictReader(stream)]
    one, two = "001_2020-05-01", "002_2020-07-01"
    assert found == [
        (one, "a/1.jpg", "2020-05-01T09:00:00", "exif", "time", "a/1.jpg", "1"),
        (one, "z/copy of 1.jpg", "2020-05-01T09:00:00", "exif", "time", "a/1.jpg", "0"),
        (one, "a/2.jpg", "2020-05-01T09:05:00", "exif", "time", "a/3.jpg", "0"),
        (one, "a/3.jpg", "2020-05-01T09:05:01", "exif", "time", "a/3.jpg", "1"),  # the sharper
        (two, "c/undated.jpg", "", "", "likeness", "c/undated.jpg", "1"),
        (two, "b/4.JPG", "2020-07-01T11:45:00", "exif", "time", "b/4.JPG", "1"),
        (two, "b/4.JPG.xmp", "", "", "name", "b/4.JPG", "0"),
        (two, "b/4.NEF", "", "", "name", "b/4.JPG", "0"),
        (two, "b/4.heic", "2020-07-01T11:45:00", "exif", "time", "b/4.JPG", "0"),
        (two, "b/5.jpg", "2020-07-01", "exif", "time", "b/5.jpg", "1"),
        ("", "c/other.jpg", "", "", "", "c/other.jpg", "1"),
    ]


def test_files_that_were_copied_in_one_second_are_no_burst(run: Any, tmp_path: Path) -> None:
    def stacks() -> dict[str, str]:
        albums(run, tmp_path)
        with (tmp_path / "albums.csv").open(newline="") as stream:
            return {row["path"]: row["stack"] for row in csv.DictReader(stream)}

    assert stacks()["a/2.jpg"] == "a/3.jpg"
    for item in run.collection.items:
        item.columns["taken_from"] = "file"
    assert stacks()["a/2.jpg"] == "a/2.jpg"
    assert stacks()["b/4.heic"] == "b/4.JPG"  # by their name


def test_no_folder_where_no_album_has_enough(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgret.plugins.reports.albums.LEAST", 4)
    assert [file.name for file in albums(run, tmp_path)] == ["albums.csv", "albums.jpg"]
    assert not (tmp_path / "albums").exists()
