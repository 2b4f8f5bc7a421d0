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
    # 1400 less 140 on each side: 1120 for 4, so 280 for 1
    assert height == 280 + 2 * 140
    assert at.tolist() == [[140, 420], [1260, 420], [1260, 140], [140, 140]]
    with charts.style():
        page = charts.Page(" ", [], (1400, height))
        panel = page.axes((0, 0), (1400, height))
        panel.set(xlim=(0, 1400), ylim=(height, 0))
        panel.axis("off")
        maps_module._dots(panel, at, np.array([0, 1, 2, -1]), [0, 5, 2])
        file = page.save(tmp_path / "dots.png")
    with Image.open(file) as picture:
        drawn = picture.crop((72, 158, 72 + 1400, 158 + height))  # below margin, title and gap
    for (x, y), tint in zip(at.tolist(), [colour(0), colour(5), colour(2), maps_module.NONE], strict=True):
        blended = 0.9 * np.array(tint) + 0.1 * 255
        assert np.allclose(drawn.getpixel((x, y)), blended, atol=2)
    assert drawn.getpixel((700, 280)) == sheet.PAPER


def test_a_representative_lies_beside_its_dot_in_the_colour_of_its_cluster(tmp_path: Path) -> None:
    run = fake_run([0])
    with Image.open(maps(run, tmp_path)[0]) as page:
        panel = page.crop((72, 246, 72 + 1400, 246 + 466))  # below margin, title, facts, gap and heading
    # 32 x 32 above a line of 31, in a frame of 4 that is as wide as a number, 48: 56 x 67. The dot is at (700, 233); of
    # the places that are a multiple of 8 and do not hide it, (640, 200) is nearest: its middle is 32 and .5 away.
    assert {panel.getpixel((x, y)) for x in (652, 683) for y in (205, 235)} == {shade(0)}
    assert {panel.getpixel((x, y)) for x in (641, 650, 685, 694) for y in (201, 235, 265)} == {colour(0)}
    assert {panel.getpixel((x, y)) for x, y in ((638, 230), (668, 198), (668, 268))} == {sheet.PAPER}
    assert np.allclose(panel.getpixel((700, 233)), colour(0), atol=2)
    with charts.style():
        drawn = maps_module._page(run, run.view, "tsne", [Image.new("RGB", (32, 32))])
    assert [text.get_text() for text in drawn.figure.axes[0].texts] == ["000"]


def test_a_map_without_extent_is_in_the_middle() -> None:
    assert maps_module._scaled(np.full((3, 2), 7, np.float32))[0].tolist() == [[700, 233]] * 3
    line, height = maps_module._scaled(np.array([[0], [1]], np.float32))  # principal components of rank 1
    assert line.tolist() == [[140, 233], [1260, 233]]
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
    assert np.allclose(tints, np.array([colour(0), colour(2)]) / 255)  # b is the larger of two in cluster 0


def test_a_label_has_the_colour_of_a_cluster_where_each_is_mostly_the_other() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, -1, -1])
    truth = np.array([0, 0, 1, 3, 1, 1, 0, 1, 1, 2, 2])
    # Label 1 has two of its five in cluster 1 and two in cluster 2: the larger cluster, and cluster 1 has most of it.
    # Label 2 lies in no cluster, label 3 in one that is mostly label 0.
    assert maps_module._matched(labels, truth) == [0, 1, 3, 4]
    assert maps_module._matched(labels, np.full(11, -1)) == []
    assert maps_module._matched(np.full(11, -1), truth) == [1, 2, 3, 4]


places = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 200)), min_size=1, max_size=40)


@given(places, st.integers(0, 4), st.integers(10, 90), st.integers(10, 90))
def test_thumbnails_never_overlap_and_lie_where_a_slow_search_puts_them(
    dots: list[tuple[int, int]], clusters: int, width: int, height: int
) -> None:
    at = np.array(dots, np.int64)
    boxes = maps_module._free(at, dict.fromkeys(range(min(clusters, len(at))), (width, height)), (300, 200), at)
    laid: list[tuple[int, int, int, int]] = []
    for cluster in range(min(clusters, len(at))):
        best = None
        for upper in range(0, 200 - height + 1, 8):
            for left in range(0, 300 - width + 1, 8):
                box = left, upper, left + width, upper + height
                if any(all(box[i] < b[i + 2] + 4 and b[i] < box[i + 2] + 4 for i in (0, 1)) for b in laid):
                    continue
                hidden = sum(
                    left <= x < box[2] and upper <= y < box[3] and x < 300 and y < 200 for x, y in dots
                )  # a dot on the edge of the panel is in no box
                far = np.hypot(left + width / 2 - at[cluster, 0], upper + height / 2 - at[cluster, 1])
                if best is None or far + 100 * hidden < best[0]:
                    best = far + 100 * hidden, box
        assert boxes.get(cluster) == (best and best[1])
        if best:
            laid.append(best[1])


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
