"""The report sheets: which images each shows, and what it tells of them."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgret.findings.profiles import Profile
from imgret.pictures.sheet import Tile
from imgret.plugins.reports import sheets as sheets_module
from imgret.plugins.reports.sheets import sheets
from tests.plugins.reports.conftest import fake_run, shade


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
    assert [facts for _, _, facts in drawn] == ["8 images · 86 % shoe", "1 image"]  # of seven known
    assert [tile.note for tile in drawn[0][0]] == ["shoe"] * 6 + ["hat", ""]


@pytest.mark.parametrize(("name", "facts"), [("mostly shoe (86 %)", []), ("mostly red", ["86 % shoe"])])
def test_sheets_tell_the_name(name: str, facts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = fake_run([0] * 7, truth=np.array([1] * 6 + [0]), truth_names=["hat", "shoe"], profiles=[Profile(name)])
    ((_, _, said),) = drawn_sheets(run, tmp_path, monkeypatch).values()
    assert said == " · ".join(["7 images", name, *facts])


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
