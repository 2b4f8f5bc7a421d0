"""What follows from the arrays of a run, worked out by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgret import UsageError
from imgret.contracts import Item
from imgret.findings.found import Found
from imgret.findings.info import Fitted, Info
from imgret.reading.items import collect
from imgret.reading.record import Record

FEATURES = np.array([[3, 4], [4, 3], [-5, 0], [0, 2]], np.float32)
CONFIG: dict[str, Any] = {"normalize": "l2", "device": "cpu", "seed": 7, "view": {"name": "pca"}}
BARE: dict[str, Any] = {"title": "t", "config": CONFIG, "fitted": Fitted(retriever={}), "space": {}, "root": ""}


def found(features: Any = FEATURES, **info: Any) -> Found:
    """Rows 0 to 3 of ids 0.. to 3..; row 1 has two files; clusters 0: rows 0, 1, 3; row 2 is noise."""
    files = [("z.png", "0"), ("b.png", "1"), ("a.png", "1"), ("c.png", "2"), ("d.png", "3"), ("cut.png", "")]
    items = [Item(path, label="cat" if path == "c.png" else "") for path, _ in files]
    records = [Record(id * 64, "ok" if id else "truncated") for _, id in files]
    return Found(
        Info(**BARE | info), collect(items, records), features, np.zeros(2, np.float32),
        np.array([0, 0, -1, 0]), np.zeros((4, 2), np.float32), {}, folder=Path("runs/x"),
    )  # fmt: skip


def test_rows_clusters_and_their_representative() -> None:
    run = found()
    np.testing.assert_allclose(run.X, [[0.6, 0.8], [0.8, 0.6], [-1, 0], [0, 1]], atol=1e-6)
    np.testing.assert_allclose(run.centroids, [[1.4 / 3, 0.8]], atol=1e-6)
    apart = [1.4 / 3 - 0.6, 1.4 / 3 - 0.8], [1.4 / 3 + 1, 1.4 / 3]  # of x; y: 0, 0.2, 0.8, -0.2
    expected = [abs(apart[0][0]), np.hypot(apart[0][1], 0.2), np.hypot(apart[1][0], 0.8), np.hypot(apart[1][1], 0.2)]
    np.testing.assert_allclose(run.distances, expected, atol=1e-6)
    assert run.medoids.tolist() == [0]
    assert repr(run) == f"<Found {Path('runs/x')}: 4 images, 1 clusters>"


def test_the_nearest_others_best_first() -> None:
    rows, scores = found().neighbours
    assert rows.tolist() == [[1, 3, 2], [0, 3, 2], [3, 0, 1], [0, 1, 2]]
    np.testing.assert_allclose(
        scores, [[0.96, 0.8, -0.6], [0.96, 0.6, -0.8], [0, -0.6, -0.8], [0.8, 0.6, 0]], atol=1e-6
    )


def test_an_image_is_found_by_its_id_and_every_path() -> None:
    run = found()
    assert run.row_of == {
        "z.png": 0, "a.png": 1, "b.png": 1, "c.png": 2, "d.png": 3, **{str(row) * 64: row for row in range(4)},
    }  # fmt: skip
    assert run.paths == ["z.png", "a.png", "c.png", "d.png"]
    assert (run.truth.tolist(), run.truth_names) == ([-1, -1, 0, -1], ["cat"])


def test_what_a_run_says_of_itself() -> None:
    run = found()
    assert (run.title, run.seed, run.view_name) == ("t", 7, "pca")
    assert (run.folders, found(root="/r", reach="/s").folders) == ([], ["/r", "/s"])


def test_features_that_are_not_finite_are_a_damaged_file() -> None:
    with pytest.raises(UsageError, match=r"runs.x is not a whole run: features.npy holds non-finite values"):
        assert found(np.where(FEATURES == 2, np.nan, FEATURES)).X is None


def test_a_device_that_this_machine_has_not_gives_way() -> None:
    run = found(config=CONFIG | {"device": "cuda:9"})
    assert run.device in ("cpu", "mps", "cuda")
