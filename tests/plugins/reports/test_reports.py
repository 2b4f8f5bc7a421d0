"""The reports sheets, clusters and maps, all three: odd collections, equal files, images that are gone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgret.plugins.reports.clusters import clusters
from imgret.plugins.reports.maps import maps
from imgret.plugins.reports.sheets import sheets
from tests.plugins.reports.conftest import ODD, fake_run

Report = Callable[[Any, Path], list[Path]]


REPORTS: list[Report] = [maps, sheets, clusters]


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
