from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics import adjusted_rand_score

from imgret import UsageError
from imgret.plugins.clusterers import agglomerative as module
from imgret.plugins.clusterers.agglomerative import agglomerative
from tests.blobs import blobs

LINKAGES = ["ward", "average", "complete", "single"]


def groups(labels: np.ndarray) -> list[list[int]]:
    return sorted(np.flatnonzero(labels == c).tolist() for c in set(labels.tolist()))


@pytest.mark.parametrize(
    ("linkage", "wanted"),
    [
        # The joins are at 1 (0, 1), at 1.4 (5, 6.4), then {0, 1} and 3: 2 apart singly, 3 completely, 2.5 on average;
        # {5, 6.4} and 3: 2 apart singly, 3.4 completely, 2.7 on average. Singly, 2 ties with 2, and the lower rows win.
        ("complete", [[0, 1, 2], [3, 4]]),
        ("average", [[0, 1, 2], [3, 4]]),
        # By Ward, what 3 adds is 2/3 * 2.5^2 = 4.17 to {0, 1}, and 2/3 * 2.7^2 = 4.86 to {5, 6.4}.
        ("ward", [[0, 1, 2], [3, 4]]),
    ],
)
def test_a_line_by_hand(linkage: Any, wanted: list[list[int]]) -> None:
    X = np.array([[0], [1], [3], [5], [6.4]], np.float32)
    assert groups(agglomerative(k=2, linkage=linkage).fit_predict(X)) == wanted


def test_ward_weighs_sizes_and_average_does_not() -> None:
    # 0 and 0.1 (three times each) lie 4 from 4, which lies 4.3 from 8.3. Ward: 6/7 * 3.95^2 = 13.4 for the heap of six,
    # 1/2 * 4.3^2 = 9.2 for the pair.
    X = np.array([[0], [0.1], [0], [0.1], [0], [0.1], [4], [8.3]], np.float32)
    assert groups(agglomerative(k=2).fit_predict(X)) == [[0, 1, 2, 3, 4, 5], [6, 7]]
    assert groups(agglomerative(k=2, linkage="average").fit_predict(X)) == [[0, 1, 2, 3, 4, 5, 6], [7]]


@pytest.mark.parametrize("linkage", LINKAGES)
def test_blobs_are_found_whole(linkage: Any) -> None:
    X, truth = blobs(60, 40, 20, 5)
    model = agglomerative(k=4, linkage=linkage)
    labels = model.fit_predict(X)
    assert labels.dtype == np.int64
    assert adjusted_rand_score(truth, labels) == 1
    np.testing.assert_array_equal(labels, model.fit_predict(X))


def test_above_a_size_ward_takes_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    X, truth = blobs(60, 50, 40)
    asked = agglomerative(k=3, n_neighbors=10).fit_predict(X)
    monkeypatch.setattr(module, "WHOLE", 149)
    labels = agglomerative(k=3).fit_predict(X)
    assert adjusted_rand_score(truth, labels) == 1
    np.testing.assert_array_equal(labels, asked)


def test_the_graph_of_all_neighbours_changes_nothing() -> None:
    X = np.random.default_rng(0).normal(size=(80, 3)).astype(np.float32)
    theirs = AgglomerativeClustering(7).fit_predict(X)
    assert adjusted_rand_score(theirs, agglomerative(k=7).fit_predict(X)) == 1
    assert adjusted_rand_score(theirs, agglomerative(k=7, n_neighbors=79).fit_predict(X)) == 1


def test_too_many_points_for_all_pairs_are_refused_with_the_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    with pytest.raises(UsageError, match=r"average: 4 points have 6 distances, 0\.0 GB, held twice.*\n.*ward"):
        agglomerative(k=2, linkage="average").fit_predict(np.eye(4, dtype=np.float32))
    agglomerative(k=2).fit_predict(np.eye(4, dtype=np.float32))


@pytest.mark.parametrize("n_neighbors", [None, 1, 5])
@pytest.mark.parametrize(("n", "k"), [(1, 1), (1, 5), (2, 1), (2, 2), (2, 9), (40, 3), (40, 39)])
def test_few_or_equal_points(n: int, k: int, n_neighbors: int | None) -> None:
    for X in (np.arange(n, dtype=np.float32)[:, None], np.full((n, 3), 0.1, np.float32)):
        labels = agglomerative(k=k, n_neighbors=n_neighbors).fit_predict(X)
        assert (labels.dtype, labels.shape, len(set(labels.tolist()))) == (np.int64, (n,), min(n, k))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"k": 0}, "k=0"),
        ({"n_neighbors": 0}, "n_neighbors=0"),
        ({"n_neighbors": 5, "linkage": "single"}, "n_neighbors=5: linkage=single looks at all pairs\n.*ward"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        agglomerative(**wrong)
