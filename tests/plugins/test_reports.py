"""The reports sheets, clusters and maps: which images they show where, their tables, and odd collections."""

import csv
import io
import logging
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgret import ops
from imgret.findings.info import Now, Since
from imgret.findings.profiles import Profile
from imgret.pictures import charts, sheet
from imgret.pictures.sheet import Tile
from imgret.plugins.reports import maps as maps_module
from imgret.plugins.reports import sheets as sheets_module
from imgret.plugins.reports.clusters import clusters
from imgret.plugins.reports.maps import colour, maps
from imgret.plugins.reports.sheets import sheets

Report = Callable[[Any, Path], list[Path]]
REPORTS: list[Report] = [maps, sheets, clusters]
ODD = "caf\udce9 $a_b^2$ \u202e\n,\"'"


def shade(row: int) -> tuple[int, int, int]:
    return 40 + 10 * row % 200, 200 - 7 * row % 200, 90


def fake_run(labels: list[int], **changes: Any) -> Any:
    """A run of solid squares. Rows of one cluster lie on a line: the later the row, the farther from the centroid."""
    n = len(labels)
    opened: list[int] = []

    def opens(row: int) -> bytes:
        opened.append(row)
        stream = io.BytesIO()
        Image.new("RGB", (32, 32), shade(row)).save(stream, "PNG")
        return stream.getvalue()

    codes = np.array(labels, np.int64)
    X = np.random.default_rng(0).standard_normal((n, 6)).astype(np.float32)
    facts: dict[str, Any] = {
        "ids": [f"{row:064x}" for row in range(n)],
        "paths": [f"folder/{row}.png" for row in range(n)],
        "X": X / np.linalg.norm(X, axis=1, keepdims=True),
        "labels": codes,
        "view": X[:, :2],
        "view_name": "tsne",
        "medoids": np.array([labels.index(c) for c in range(max(labels, default=-1) + 1)], np.int64),
        "distances": np.arange(n, dtype=np.float32) / 8,
        "truth": np.full(n, -1),
        "truth_names": [],
        "group": np.full(n, -1),
        "group_names": [],
        "open": opens,
        "opened": opened,
        "seed": 0,
        "settings": {"formats": []},
        "info": SimpleNamespace(since=None),
        "title": "title",
        "profiles": [Profile()] * (max(labels, default=-1) + 1),
    }
    return SimpleNamespace(**facts | changes | {"thumbnail": changes.get("open", opens)})


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize(
    "run",
    [
        fake_run([0]),
        fake_run([-1]),
        fake_run([0, 1]),
        fake_run([0, 0, 0, 1], X=np.ones((4, 3), np.float32), view=np.zeros((4, 2), np.float32)),
        fake_run([0, 0, -1], truth=np.array([0, 1, -1]), truth_names=[ODD, ODD * 40], title=ODD, paths=[ODD] * 3),
        fake_run(list(range(30)), truth=np.arange(30), truth_names=list(map(str, range(30)))),
    ],
    ids=["one image", "only noise", "two", "all equal", "odd names", "many labels"],
)
def test_every_collection_is_drawn_and_equal_runs_give_equal_files(report: Report, run: Any, tmp_path: Path) -> None:
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
        paths = report(run, folder)
        assert sorted(paths) == sorted(p for p in folder.rglob("*") if p.is_file())
        assert all(p.stat().st_size for p in paths)
    for file in report(run, folders[0]):
        assert file.read_bytes() == (folders[1] / file.relative_to(folders[0])).read_bytes()


@pytest.mark.parametrize("report", REPORTS)
def test_images_that_are_gone_lose_no_report(report: Report, tmp_path: Path) -> None:
    def gone(row: int) -> bytes:
        raise FileNotFoundError(2, "No such file or directory")

    assert report(fake_run([0, 0, 1, -1], open=gone), tmp_path)


def drawn_sheets(run: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[list[Tile], str, str]]:
    """What each sheet was asked to show: its tiles, title and subtitle, by the name of its file."""
    asked: list[tuple[list[Tile], str, str]] = []

    def listen(tiles: list[Tile], title: str, subtitle: str, threads: int) -> Image.Image:
        asked.append((tiles, title, subtitle))
        return Image.new("RGB", (4, 4))

    monkeypatch.setattr(sheets_module, "contact_sheet", listen)
    monkeypatch.setattr(sheets_module, "THREADS", 1)
    paths = sheets(run, folder)
    return {path.relative_to(folder).as_posix(): sheet for path, sheet in zip(paths, asked, strict=True)}


def test_sheets_show_the_representative_then_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = [0] * 31 + [1, 1, 1] + [-1, -1]
    distances = np.ones(36, np.float32)
    distances[[30, 29, 31, 35]] = 0.25, 0.5, 2, 0.5
    run = fake_run(labels, distances=distances, medoids=np.array([7, 31]))
    drawn = drawn_sheets(run, tmp_path, monkeypatch)
    assert list(drawn) == ["clusters/cluster_000.jpg", "clusters/cluster_001.jpg", "clusters/noise.jpg"]

    def names(file: str) -> list[int]:
        return [int(tile.caption.removesuffix(".png")) for tile in drawn[file][0]]

    rest = [row for row in range(29) if row != 7]
    assert names("clusters/cluster_000.jpg") == [7, 30, 29, *rest][:24]
    assert names("clusters/cluster_001.jpg") == [31, 32, 33]
    assert names("clusters/noise.jpg") == [35, 34]
    for file, (tiles, _, _) in drawn.items():
        assert [tile.mark for tile in tiles] == [file != "clusters/noise.jpg"] + [False] * (len(tiles) - 1)
    assert [title for _, title, _ in drawn.values()] == ["Cluster 000", "Cluster 001", "Noise"]
    assert [facts for _, _, facts in drawn.values()] == ["24 of 31 images", "3 images", "2 images"]


def test_sheets_tell_the_labels_where_they_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = fake_run([0] * 8 + [1], truth=np.array([1] * 6 + [0, -1, -1]), truth_names=["hat", "shoe"])
    drawn = list(drawn_sheets(run, tmp_path, monkeypatch).values())
    assert [facts for _, _, facts in drawn] == ["8 images · 85 % shoe", "1 image"]  # of seven known
    assert [tile.note for tile in drawn[0][0]] == ["shoe"] * 6 + ["hat", ""]


@pytest.mark.parametrize(("name", "facts"), [("mostly shoe (85 %)", []), ("mostly red", ["85 % shoe"])])
def test_sheets_tell_the_name(name: str, facts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = fake_run([0] * 7, truth=np.array([1] * 6 + [0]), truth_names=["hat", "shoe"], profiles=[Profile(name)])
    ((_, _, said),) = drawn_sheets(run, tmp_path, monkeypatch).values()
    assert said == " · ".join(["7 images", name, *facts])


def test_the_table_has_the_name_and_ids(tmp_path: Path) -> None:
    profiles = [Profile("mostly red, low", [1, 0], []), Profile("", [], [2])]
    run = fake_run([0, 0, 1, -1], ids=list("abcd"), profiles=profiles)
    with clusters(run, tmp_path)[1].open(newline="") as stream:
        rows = [row[-3:] for row in csv.reader(stream)]
    assert rows == [["name", "boundary", "odd"], ["mostly red, low", "b a", ""], ["", "", "c"], ["", "", ""]]


def test_sheets_of_very_many_clusters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sheets_module, "LARGEST", 2)
    with caplog.at_level(logging.INFO, "imgret"):
        paths = sheets(fake_run([0, 0, 1, 1, 2, -1]), tmp_path)
    assert [path.name for path in paths] == ["cluster_000.jpg", "cluster_001.jpg", "noise.jpg"]
    assert "the 2 largest of 3 clusters" in caplog.text


def test_sheets_are_drawn_from_the_images(tmp_path: Path) -> None:
    run = fake_run([0, 0, 0, 1])
    with Image.open(sheets(run, tmp_path)[0]) as page:
        for place, row in enumerate((0, 1, 2)):
            spot = 72 + 264 * place + 120, 72 + 62 + 38 + 36 + 120
            assert np.allclose(page.getpixel(spot), shade(row), atol=4)
    assert sorted(run.opened) == [0, 1, 2, 3]


def test_the_table_of_clusters(tmp_path: Path) -> None:
    names = ["a,b", "shoe\udcff"]
    run = fake_run(
        [0, 0, 0, 1, -1],
        paths=["x/1.png", 'say "hi".png', "x/3.png", "caf\udce9.png", "x/5.png"],
        medoids=np.array([1, 3]),
        distances=np.array([0.5, 0.25, 0.25, 1 / 3, 2], np.float32),
        truth=np.array([1, 0, 1, -1, 0]),
        truth_names=names,
    )
    table = clusters(run, tmp_path)[1]
    assert table.name == "clusters.csv"
    assert table.read_bytes() == (
        b"cluster,size,representative,mean_distance,label,label_share,labelled,was,stayed,came,left,name,boundary,odd\n"
        b'0,3,"say ""hi"".png",0.333333,shoe\xff,0.666667,3,,,,,,,\n'
        b"1,1,caf\xe9.png,0.333333,,,0,,,,,,,\n"
        b'-1,1,,2.0,"a,b",1.0,1,,,,,,,\n'
    )


def test_the_table_of_clusters_beside_an_earlier_run(tmp_path: Path) -> None:
    since = Since("earlier", 1, 1, 0, 3, [Now(1, 2, 1, 4), Now(None, 0, 1, 0)], Now(-1, 1, 0, 3))
    run = fake_run([0, 0, 0, 1, -1], info=SimpleNamespace(since=since))
    rows = clusters(run, tmp_path)[1].read_text().splitlines()
    assert [row.split(",")[7:11] for row in rows[1:]] == [
        ["1", "2", "1", "4"],
        ["", "0", "1", "0"],
        ["-1", "1", "0", "3"],
    ]


def test_cards_show_the_representative_and_an_even_spread(tmp_path: Path) -> None:
    run = fake_run([0] * 9 + [1, 1], medoids=np.array([4, 9]))
    others = [0, 1, 2, 3, 5, 6, 7, 8]
    picture = clusters(run, tmp_path)[0]
    assert picture.name == "clusters.jpg"
    assert sorted(run.opened) == sorted([4, *(others[i] for i in (1, 3, 5, 7)), 9, 10])
    with Image.open(picture) as page:
        left, top = 72, 72 + 62 + 38 + 48
        second = left + 4 * 116 + 3 * 6 + 48
        expected = {
            (left + 119, top + 119): 4,
            (left + 2 * 122 + 58, top + 58): 1,
            (left + 3 * 122 + 58, top + 58): 3,
            (left + 2 * 122 + 58, top + 122 + 58): 6,
            (left + 3 * 122 + 58, top + 122 + 58): 8,
            (second + 119, top + 119): 9,
            (second + 2 * 122 + 58, top + 58): 10,
        }
        for spot, row in expected.items():
            assert np.allclose(page.getpixel(spot), shade(row), atol=4), row


def test_the_picture_is_of_the_largest_clusters_and_the_table_of_all(tmp_path: Path) -> None:
    run = fake_run(list(range(40)))
    table = clusters(run, tmp_path)[1].read_text().splitlines()
    assert sorted(run.opened) == list(range(24))
    assert [int(line.split(",")[0]) for line in table[1:]] == list(range(40))


def test_maps_of_the_view_and_of_the_principal_components(tmp_path: Path) -> None:
    run = fake_run([0, 0, 0, 1, 1, -1])
    assert [path.name for path in maps(run, tmp_path)] == ["map.png", "map_pca.png"]
    run.view_name = "pca"
    assert [path.name for path in maps(run, tmp_path)] == ["map.png"]
    assert sorted(run.opened) == [0, 0, 3, 3]  # the representatives, once a report


def test_a_dot_lies_where_its_row_is_in_the_colour_of_its_cluster(tmp_path: Path) -> None:
    view = np.array([[0, 0], [4, 0], [4, 1], [0, 1]], np.float32)
    at, height = maps_module._scaled(view)
    # 1400 less a thumbnail's length on each side: 1208 for 4, so 302 for 1
    assert height == 302 + 2 * 96
    assert at.tolist() == [[96, 398], [1304, 398], [1304, 96], [96, 96]]
    with charts.style():
        page = charts.Page("", [], (1400, height))
        panel = page.axes((0, 0), (1400, height))
        panel.set(xlim=(0, 1400), ylim=(height, 0))
        panel.axis("off")
        maps_module._dots(panel, at, np.array([0, 1, 2, -1]))
        file = page.save(tmp_path / "dots.png")
    with Image.open(file) as picture:
        drawn = picture.crop((72, 158, 72 + 1400, 158 + height))  # below margin, title and gap
    for (x, y), tint in zip(at.tolist(), [colour(0), colour(1), colour(2), maps_module.NONE], strict=True):
        blended = 0.9 * np.array(tint) + 0.1 * 255
        assert np.allclose(drawn.getpixel((x, y)), blended, atol=2)
    assert drawn.getpixel((700, 247)) == sheet.PAPER


def test_a_representative_lies_on_its_place_in_the_colour_of_its_cluster(tmp_path: Path) -> None:
    run = fake_run([0])
    with Image.open(maps(run, tmp_path)[0]) as page:
        panel = page.crop((72, 246, 72 + 1400, 246 + 466))  # below margin, title, facts, gap and heading
    # 32 x 32 above a line of 31, in a frame of 4 that is as wide as a number, 48: 56 x 67 about (700, 233)
    assert {panel.getpixel((x, y)) for x in (684, 715) for y in (204, 235)} == {shade(0)}
    assert {panel.getpixel((x, y)) for x in (672, 683, 716, 727) for y in (200, 235, 266)} == {colour(0)}
    assert {panel.getpixel((x, y)) for x, y in ((671, 230), (728, 230), (700, 199), (700, 267))} == {sheet.PAPER}
    with charts.style():
        drawn = maps_module._page(run, run.view, "tsne", [Image.new("RGB", (32, 32))])
    assert [text.get_text() for text in drawn.figure.axes[0].texts] == ["000"]


def test_a_map_without_extent_is_in_the_middle() -> None:
    assert maps_module._scaled(np.full((3, 2), 7, np.float32))[0].tolist() == [[700, 233]] * 3
    line, height = maps_module._scaled(np.array([[0], [1]], np.float32))  # principal components of rank 1
    assert line.tolist() == [[96, 233], [1304, 233]]
    assert height == 466


def test_a_second_panel_shows_the_labels(tmp_path: Path) -> None:
    alone = maps(fake_run([0, 0, 1, 1]), tmp_path)[0]
    with Image.open(alone) as page:
        assert page.width == 1400 + 2 * 72
    run = fake_run([0, 0, 1, 1], truth=np.array([0, 1, 1, -1]), truth_names=["a", "b"])
    with Image.open(maps(run, tmp_path)[0]) as page:
        assert page.width == 2 * 1400 + 3 * 72
    assert maps_module._legend(run, ops.renumber(run.truth)) == ["b  2", "a  1"]
    with charts.style():
        clusters, labels = maps_module._page(run, run.view, "tsne", []).figure.axes
    assert [axes.get_title("left") for axes in (clusters, labels)] == ["2 clusters", "2 labels · 1 without one"]
    assert clusters.get_legend() is None
    legend = labels.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["b  2", "a  1"]
    tints = [handle.get_facecolor()[0, :3] for handle in legend.legend_handles]
    assert np.allclose(tints, np.array([colour(0), colour(1)]) / 255)


places = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 200)), max_size=12)


@given(places, st.integers(10, 90), st.integers(10, 90))
def test_thumbnails_lie_inside_near_their_place_and_never_overlap(
    at: list[tuple[int, int]], width: int, height: int
) -> None:
    sizes = dict.fromkeys(range(len(at)), (width, height))
    boxes = maps_module._free(np.array(at, np.int64).reshape(-1, 2), sizes, (300, 200))
    for cluster, (left, upper, right, lower) in boxes.items():
        assert (right - left, lower - upper) == (width, height)
        assert 0 <= left < right <= 300
        assert 0 <= upper < lower <= 200
        middle = left + width // 2, upper + height // 2
        assert np.hypot(*np.subtract(middle, at[cluster])) <= 97
    for a, b in combinations(boxes.values(), 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_the_largest_cluster_has_its_own_place() -> None:
    at = np.array([[150, 100], [150, 100]])
    boxes = maps_module._free(at, {0: (40, 40), 1: (40, 40)}, (300, 200))
    assert boxes[0] == (130, 80, 170, 120)
    assert boxes[1] == (178, 80, 218, 120)  # 48 to the right, the first ring that is free


def test_twenty_colours_differ() -> None:
    colours = np.array([colour(i) for i in range(20)], float)
    assert min(np.linalg.norm(a - b) for a, b in combinations(colours, 2)) > 20
    assert np.linalg.norm(colours - 255, axis=1).min() > 80  # all are seen on paper
    assert [maps_module._encoded(light) for light in (-0.1, 0, 0.0031308, 0.2158605, 1, 1.2)] == [
        0,
        0,
        10,
        128,
        255,
        255,
    ]
