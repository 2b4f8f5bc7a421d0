"""Which cluster an image belongs to and how far out it lies there, worked out by hand; what cannot be assigned."""

import io
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import imgret
from imgret import Run, UsageError, register
from imgret.contracts import Backbone, Preprocess
from imgret.search.assign import Assigned, nearest
from tests.conftest import png, write

# Features are colours, of 0 to 1. The reds' centroid is at 30 / 255, the blues' at 210 / 255.
REDS, BLUES = (10, 20, 30, 60), (200, 210, 220)


FILES = {f"red/{r}.png": (r, 0, 0) for r in REDS} | {f"blue/{b}.png": (0, 0, b) for b in BLUES}


def solid(colour: tuple[int, int, int]) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(stream, "PNG")
    return stream.getvalue()


def _run(folder: Path, **changes: Any) -> Run:
    @register("backbone")
    def mean_colour() -> Backbone:
        from torch import nn

        module = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        return Backbone(module, Preprocess((4, 4), mean=(0, 0, 0), std=(1, 1, 1)), "none")

    @register("clusterer")
    class sparse:
        """Reds up to `most`, blues, and the rest is noise; below 0 everything is."""

        def __init__(self, most: float = 1.0) -> None:
            self.most = most

        def fit_predict(self, X: Any) -> Any:
            return np.where((X[:, 2] > 0) & (self.most >= 0), 1, np.where(X[:, 0] <= self.most, 0, -1))

    write(folder, {name: solid(colour) for name, colour in FILES.items()})
    same = {"backbone": "mean_colour", "view": "pca", "reports": [], "metrics": [], "attributes": []}
    return imgret.run(folder, normalize="none", reducer="none", **same, **({"clusterer": "sparse"} | changes))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return _run(tmp_path / "in")


def _near(found: Assigned, cluster: int | None, distance: float, nearer: float | None, outlier: bool = False) -> None:
    assert (found.outcome, found.reason, found.cluster, found.outlier) == ("ok", "", cluster, outlier)
    assert found.distance == pytest.approx(distance / 255, abs=1e-6)
    assert found.nearer == (None if nearer is None else pytest.approx(nearer))


def _state(folder: Path) -> Iterator[tuple[str, int, bytes]]:
    for file in sorted(folder.rglob("*")):
        yield str(file), file.stat().st_mtime_ns, file.read_bytes() if file.is_file() else b""


def test_distances_and_shares_by_hand(run: Run, tmp_path: Path) -> None:
    before = list(_state(run.folder))
    colours = {"a": (35, 0, 0), "b": (55, 0, 0), "c": (90, 0, 0), "d": (0, 0, 215), "e": (0, 0, 220), "f": (30, 40, 0)}
    new = write(tmp_path / "new", {f"{name}.png": solid(colour) for name, colour in colours.items()})
    a, b, c, d, e, f = run.assign([new / f"{name}.png" for name in colours])
    _near(a, 0, 5, 1 / 4)  # the reds lie at 20, 10, 0 and 30
    _near(b, 0, 25, 3 / 4)
    _near(c, 0, 60, 1, outlier=True)
    _near(d, 1, 5, 1 / 3)  # the blues at 10, 0 and 10
    _near(e, 1, 10, 1 / 3)  # the bytes of blue/220.png: its own
    _near(f, 0, 40, 1, outlier=True)
    assert [each.of_run for each in (a, b, c, d, e, f)] == [False] * 4 + [True, False]
    assert (a.representative, d.representative) == ("red/30.png", "blue/210.png")
    assert (a.image, len(a.id)) == (str(new / "a.png"), 64)
    assert list(_state(run.folder)) == before
    assert run.assign(new / "a.png") == [a]


def test_an_image_of_the_run_says_its_own_cluster(run: Run, tmp_path: Path) -> None:
    own = run.ids[run.row_of["red/60.png"]]
    found = run.assign([tmp_path / "in/red/60.png", "red/60.png", own, own[:12], "blue/210.png"])
    for each in found[:4]:
        _near(each, 0, 30, 3 / 4)
        assert (each.of_run, each.id) == (True, own)
    _near(found[4], 1, 0, 0)


def test_every_image_of_a_run_is_where_its_table_says(colours: Path) -> None:
    made = imgret.run(colours, backbone="pixels", view="pca", reports=[], k=3)
    again = imgret.load(made.folder)  # from elsewhere, as it were
    found = again.assign(colours)
    assert [each.image for each in found] == [
        os.path.join(colours, path) for path in sorted(made.row_of) if "/" in path
    ]
    rows = [made.row_of[os.path.relpath(each.image, colours)] for each in found]
    assert [each.cluster for each in found] == made.labels[rows].tolist()
    assert [each.distance for each in found] == made.distances[rows].tolist()
    write(Path("new"), {"red.png": png((250, 20, 20), noise=99)})
    (new,) = again.assign("new")
    row = made.row_of["red/a/0.png"]
    assert (new.cluster, new.of_run) == (int(made.labels[row]), False)
    features = again.engine(np.asarray(_pixels(made, Path("new/red.png"))))
    x = features - made.mean
    x /= np.linalg.norm(x)
    assert new.distance == pytest.approx(float(np.linalg.norm(x - made.centroids[new.cluster])), abs=1e-5)


def _pixels(run: Run, file: Path) -> Any:
    from imgret.reading.decode import decode

    pixels = decode(file.read_bytes(), run.backbone.preprocess).pixels
    assert pixels is not None
    return pixels[None]


def test_clusters_by_density_take_new_images_and_keep_their_own_noise(tmp_path: Path) -> None:
    run = _run(tmp_path / "in", clusterer__most=0.2)  # 60 is noise
    assert run.labels[run.row_of["red/60.png"]] == -1
    write(tmp_path, {"61.png": solid((61, 0, 0)), "24.png": solid((24, 0, 0))})
    noise, far, near = run.assign(["red/60.png", tmp_path / "61.png", tmp_path / "24.png"])
    cluster = int(run.labels[run.row_of["red/10.png"]])  # of 10, 20 and 30
    _near(noise, -1, 40, None)
    assert noise.representative == ""
    _near(far, cluster, 41, 1, outlier=True)
    _near(near, cluster, 4, 1 / 3)


def test_a_run_that_is_all_noise(tmp_path: Path) -> None:
    run = _run(tmp_path / "in", clusterer__most=-1.0)
    with pytest.raises(UsageError, match="no clusters to assign to"):
        run.assign("red/60.png")


def test_folders_are_read_as_a_run_reads_them_and_every_file_has_an_outcome(run: Run, tmp_path: Path) -> None:
    good = solid((12, 0, 0))
    files = {
        "b/1.png": good,
        "a/2.png": good,
        "a/3.jpg": b"hello",
        "a/4.png": png((9, 9, 9), (64, 64), 3)[:-400],
        ".hidden/5.png": good,
    }
    new = write(tmp_path / "new", {**files, "empty.png": b""})
    found = run.assign([new, "nowhere.png"])
    assert [(each.image, each.outcome) for each in found] == [
        (str(new / "a/2.png"), "ok"),
        (str(new / "a/3.jpg"), "unsupported"),
        (str(new / "a/4.png"), "truncated"),
        (str(new / "b/1.png"), "ok"),
        (str(new / "empty.png"), "decode_error"),
        ("nowhere.png", "missing"),
    ]
    assert all(
        each.reason and each.cluster is each.distance is each.nearer is None for each in found if each.outcome != "ok"
    )
    assert found[0][3:] == found[3][3:]


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes on Windows")
def test_a_pipe_is_not_waited_for_and_a_link_to_nothing_is_missing(run: Run) -> None:
    os.mkfifo("pipe.png")
    os.symlink("gone", "link.png")
    found = run.assign(["pipe.png", "link.png"])
    assert [(each.outcome, each.reason) for each in found] == [
        ("unreadable", "not a file"),
        ("missing", "no such file"),
    ]


def test_nothing_given(run: Run) -> None:
    Path("empty").mkdir()
    for nothing in ([], ["empty"]):
        with pytest.raises(UsageError, match="no image to assign\ngive image files"):
            run.assign(nothing)


def test_vectors_made_elsewhere_are_of_the_run_s_own_images_only(tmp_path: Path) -> None:
    files = {f"{i}.png": png((20 * i, 9, 9), noise=i + 1) for i in range(6)}
    folder = write(tmp_path / "in", files)
    np.save("v.npy", np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32))
    made = imgret.run(folder, backbone="precomputed", backbone__vectors="v.npy", view="pca", reports=[], k=2)
    write(tmp_path, {"new.png": solid((1, 2, 3))})
    own, new = made.assign([folder / "3.png", tmp_path / "new.png"])
    assert (own.cluster, own.of_run) == (int(made.labels[made.row_of["3.png"]]), True)
    assert (new.outcome, new.reason) == ("no_vector", "this run's vectors were computed elsewhere")


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 9))
def test_the_nearest_centroid_against_every_distance(seed: int, c: int, q: int) -> None:
    random = np.random.default_rng(seed)
    centroids, V = (random.integers(-3, 4, (rows, 2)).astype(np.float32) for rows in (c, q))
    for row, found in zip(V, nearest(V, centroids), strict=True):
        assert found == int(((centroids - row) ** 2).sum(axis=1).argmin())


def test_a_moved_run_without_its_originals_knows_its_images(run: Run, tmp_path: Path) -> None:
    shutil.move(tmp_path / "in" / "red" / "60.png", tmp_path / "renamed.png")
    shutil.rmtree(tmp_path / "in")
    moved = imgret.load(shutil.copytree(run.folder, tmp_path / "moved"))
    by_content, by_path = moved.assign([tmp_path / "renamed.png", "red/60.png"])
    assert by_content.cluster == by_path.cluster == 0
    assert by_content.of_run
