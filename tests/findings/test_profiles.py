"""What is said of a cluster, by hand: margins, outliers, what stands out, and names."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import imgret
from imgret import Run, ops
from imgret.contracts import Backbone, Item, Preprocess, TextTower
from imgret.findings.info import Fitted, Info
from imgret.findings.profiles import Profile, log_odds, outliers, profiles, simplified_silhouettes, stands_out
from imgret.reading.items import collect
from imgret.reading.record import Record
from imgret.settings.vocabulary import words


def clustered(labels: list[int], places: Any = None, **columns: Sequence[str]) -> Run:
    """A run of images at places (n, d), or at two that are far apart; `label`, `taken` and the like go by name."""
    n = len(labels)
    known = {name: columns.pop(name, [""] * n) for name in ("label", "group", "taken", "camera")}
    sizes = columns.pop("sizes", ["4 3"] * n)
    items, records = [], []
    for i in range(n):
        own = {name: values[i] for name, values in columns.items()}
        items.append(Item(f"{i:03}.jpg", "", known["label"][i], known["group"][i], own))
        width, height = map(int, sizes[i].split())
        records.append(Record(f"{i:064x}", "ok", "", width, height, known["taken"][i], known["camera"][i]))
    X = np.asarray(np.eye(9)[labels] if places is None else places, np.float32)
    config = {"normalize": "none", "device": "cpu", "backbone": {"name": "fake"}, "vocabulary": None}
    info = Info(title="fake", config=config, fitted=Fitted(retriever={}), space={}, root="")
    zeros = np.zeros(X.shape[1], np.float32)
    return Run(info, collect(items, records), X, zeros, np.array(labels, np.int64), X[:, :2], {})


def names(run: Run) -> list[str]:
    return [name for name, *_ in profiles(run)]


def test_margins_by_hand() -> None:
    X = np.float32([[0, 0], [4, 0], [5, 0], [10, 0], [3, 0], [7, 7]])
    labels, centroids = np.array([0, 0, 0, 1, 1, -1]), np.float32([[0, 0], [10, 0]])
    found = simplified_silhouettes(X, labels, centroids)
    np.testing.assert_allclose(found, [1, (6 - 4) / 6, 0, 1, (3 - 7) / 7, 1], atol=1e-6)
    assert simplified_silhouettes(X, np.zeros(6, np.int64), centroids[:1]).tolist() == [1] * 6
    assert simplified_silhouettes(
        np.zeros((2, 2), np.float32), np.array([0, 1]), np.zeros((2, 2), np.float32)
    ).tolist() == [0, 0]


@given(st.integers(0, 1000), st.integers(2, 5), st.integers(1, 4))
def test_margins_are_those_of_every_pair(seed: int, c: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    X, centroids = (rng.normal(size=(m, d)).astype(np.float32) for m in (20, c))
    labels = rng.integers(-1, c, 20)
    for x, label, found in zip(X, labels, simplified_silhouettes(X, labels, centroids), strict=True):
        far = [float(np.linalg.norm(x.astype(float) - centre)) for centre in centroids]
        own = far.pop(label) if label >= 0 else 0.0
        assert found == pytest.approx((min(far) - own) / max(min(far), own) if label >= 0 else 1, abs=1e-6)


def test_outliers_by_hand() -> None:
    # median 3, absolute deviations 2 1 0 1 17 with the median 1: the limit is 3 + 3.5 * 1.4826 = 8.19
    assert outliers(np.float32([1, 2, 3, 4, 20]), 0).tolist() == [False] * 4 + [True]
    assert outliers(np.float32([1, 2, 3, 4, 8.1]), 0).tolist() == [False] * 5
    assert outliers(np.float32([1, 2, 3, 4, 20]), 5).tolist() == [False] * 5
    assert outliers(np.float32([1, 1, 1, 1.02, 1.04]), 0.01).tolist() == [False] * 4 + [True]
    assert outliers(np.float32([7]), 0).tolist() == [False]


def test_log_odds_by_hand() -> None:
    """The prior is 10 times the shares of all, which are 28 and 52 of 80: 3.5 and 6.5."""
    counts = np.array([[18, 2], [10, 50]])
    difference, z = log_odds(counts)
    expected = math.log(21.5 / 8.5) - math.log(13.5 / 56.5)  # 2.359
    assert difference == pytest.approx(np.array([[expected, -expected], [-expected, expected]]))
    assert z[0, 0] == pytest.approx(expected / math.sqrt(1 / 21.5 + 1 / 8.5 + 1 / 13.5 + 1 / 56.5))  # 4.66
    assert stands_out(counts).tolist() == [[True, False], [False, True]]
    assert not stands_out(np.array([[8, 2], [10, 30]])).any()  # 1.307, which is 2.36 deviations
    assert not stands_out(np.array([[6000, 4000], [5000, 5000]])).any()  # sure, but not twice as likely
    assert not stands_out(np.array([[5, 5], [5, 5]])).any()


def test_what_no_image_has_stands_out_nowhere() -> None:
    difference, z = log_odds(np.array([[18, 2, 0], [10, 50, 0]]))
    assert np.abs(z[:, 2]).max() < 1e-3
    assert difference[:, :2] == pytest.approx(log_odds(np.array([[18, 2], [10, 50]]))[0], abs=1e-6)


@given(st.lists(st.lists(st.integers(0, 50), min_size=3, max_size=3), min_size=2, max_size=5))
def test_log_odds_are_finite_and_shrink(counts: list[list[int]]) -> None:
    """With the prior, no difference is larger than that of the counts alone."""
    found = np.array(counts)
    found[0] += 1
    difference, z = log_odds(found)
    assert np.isfinite(difference).all()
    assert (np.sign(z) == np.sign(difference)).all()
    rest = found.sum(axis=0) - found
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = np.log(found / (found.sum(1, keepdims=True) - found)) - np.log(
            rest / (rest.sum(1, keepdims=True) - rest)
        )
    sure = np.isfinite(plain)
    assert (np.abs(difference[sure]) <= np.abs(plain[sure]) + 1e-9).all()


def test_names_by_label() -> None:
    labels = [0] * 20 + [1] * 20 + [2] * 10
    truth = ["hat"] * 16 + ["shoe"] * 4 + ["bag"] * 8 + ["shoe", "hat"] * 6 + ["", "sock"] * 5
    assert names(clustered(labels, label=truth)) == ["mostly hat (80 %)", "partly bag (40 %)", "mostly sock (100 %)"]
    alike = ["hat", "shoe"] * 25
    assert names(clustered(labels, label=alike)) == ["", "", ""]
    assert names(clustered(labels, label=["hat"] * 50)) == ["", "", ""]
    assert names(clustered([0] * 10 + [-1] * 30, label=["a\u202eb"] * 10 + ["c"] * 30)) == ["mostly a\\u202eb (100 %)"]


def test_names_by_columns() -> None:
    labels = [0] * 20 + [1] * 20 + [2] * 20
    run = clustered(
        labels,
        taken=[f"20{9 + 2 * (i >= 20):02}-01-0{1 + i % 9}T00:00:00" for i in range(60)],
        camera=["Canon"] * 19 + ["Kodak"] * 41,
        season=["summer", "winter"] * 30,
        gps_area=["north"] * 20 + ["south"] * 40,
        stock=["0"] * 40 + ["1"] * 20,
        size=["L"] * 40 + ["S"] * 16 + ["L"] * 4,
    )
    assert names(run) == ["mostly 2009, Canon", "mostly 2011, stock 0", "mostly stock 1, size S"]


def test_names_by_shape_group_and_numbers() -> None:
    labels = [0] * 20 + [1] * 20 + [2] * 20 + [3] * 20
    run = clustered(
        labels,
        sizes=["3 4"] * 20 + ["4 3"] * 60,
        group=["c1"] * 20 + ["c2"] * 20 + ["c1", "c3"] * 20,
        price=[str(i * 7 % 55 + 20) for i in range(60)] + [str(100 + i) for i in range(20)],
    )
    assert names(run) == ["mostly portrait, group c1", "mostly group c2", "", "mostly high price"]


def test_boundary_and_odd_by_hand() -> None:
    """Two clusters on a line, with centroids at 0 and 10; 4.95 is the nearest to both, 30 far out on the other side."""
    places = [*[-1, 1] * 10, 5, -5, *[9, 11] * 10, 4.95, 15.05, -30, 30]
    labels = [0] * 22 + [1] * 22 + [0, 0]
    run = clustered(labels, np.stack([places, np.zeros(46)], axis=1))
    np.testing.assert_allclose(run.centroids[:, 0], [0, 10], atol=1e-5)
    first, second = profiles(run)
    assert (list(first.boundary), list(second.boundary)) == ([45, 20], [42])  # 30 is nearer to the other: -1 / 3
    assert (list(first.odd), list(second.odd)) == ([44, 45, 20, 21], [42, 43])


def test_runs_without_clusters_or_with_one() -> None:
    assert profiles(clustered([-1, -1])) == []
    assert profiles(clustered([0, 0])) == [Profile("", [], [])]


def test_names_by_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tower that puts `dog` and `cat` where the first cluster is, and nothing near the second."""
    known = words()
    place = {f"a photo of a {word}": row for row, word in enumerate(known)}
    rows = np.random.default_rng(0).normal(size=(len(known), 64)).astype(np.float32)
    rows[[known.index("dog"), known.index("cat")], 0] += [60, 40]

    class Tower(torch.nn.Module):
        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return torch.from_numpy(rows)[tokens]

    run = clustered([0] * 4 + [1] * 4, np.eye(64)[[0] * 4 + [1] * 4])
    run.info.space = {"text": "0123"}
    tower = TextTower(Tower(), lambda texts: torch.tensor([place[text] for text in texts]))
    run.backbone = Backbone(torch.nn.Identity(), Preprocess((8, 8)), "none", text=tower)
    assert names(run) == ["looks like dog, cat", ""]
    Path("few.txt").write_text("\n".join(known[:60]))  # dog is among them
    run.info.config["vocabulary"] = "few.txt"
    assert names(run)[0].startswith("looks like dog")
    Path("few.txt").unlink()
    assert names(run) == ["", ""]  # a run from elsewhere


def test_clusters_csv_and_the_page_tell(colours: Path) -> None:
    run = imgret.run(colours, backbone="pixels", view="pca", reports=["clusters", "page"], metrics=[], k=3)
    with (run.folder / "clusters.csv").open(newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [row["name"] for row in table] == [f"mostly {row['label']} (100 %)" for row in table]
    for row, (_, boundary, odd) in zip(table, run.profiles, strict=True):
        assert row["boundary"].split() == [run.ids[place] for place in boundary]
        assert row["odd"].split() == [run.ids[place] for place in odd]
    assert '"name":"mostly red (100 %)"' in (run.folder / "report.html").read_text()
    assert imgret.load(run.folder).profiles == run.profiles
    assert ops.medoids(run.X, run.labels).tolist() == run.medoids.tolist()
