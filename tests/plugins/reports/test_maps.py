"""The report maps: where dots and thumbnails lie, in which colours, and a panel of labels."""

from itertools import combinations
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgret import ops
from imgret.pictures import charts, sheet
from imgret.plugins.reports import maps as maps_module
from imgret.plugins.reports.maps import colour, maps
from tests.plugins.reports.conftest import fake_run, shade


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
