"""What is said of a cluster, by hand: margins, outliers, and what tells of them."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgret
from imgret import ops
from imgret.findings.profiles import Profile, outliers, profiles, simplified_silhouettes
from tests.findings.clustered import clustered


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
    assert profiles(clustered([0, 0])) == [Profile("like 000.jpg", [], [])]


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
