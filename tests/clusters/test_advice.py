"""The advice for a number of clusters: scores and ranges by hand, its words, blobs and noise."""

import json
from pathlib import Path

import numpy as np
import pytest

import imgret
from imgret import ops
from imgret.clusters.advice import Advice, Vote, score, weigh
from imgret.clusters.choose import clustering
from imgret.clusters.evidence import CRITERIA, Evidence, gather, ladder, most_clusters
from imgret.findings import typed
from tests.blobs import blobs

SETTINGS = {"clusterer": {"name": "kmeans", "n_init": 1}, "device": "cpu"}


@pytest.mark.parametrize(
    ("name", "figure", "nothing", "expected"),
    [
        ("silhouette", 0.6, 0.2, 1 - 0.4 / 0.8),
        ("silhouette", 0.2, 0.2, 0),
        ("silhouette", 0.1, 0.2, 1 - 0.9 / 0.8),
        ("stability", 1.0, 0.5, 1),
        ("stability", 0.9, 0.5, 1 - 0.1 / 0.5),
        ("stability", 1.0, 1.0, 1),
        ("stability", 0.995, 0.9, 1),
        ("stability", 0.9, 1.0, 0),
        ("davies_bouldin", 0.5, 2.0, 0.75),
        ("calinski_harabasz", 300.0, 100.0, 1 - 100 / 300),
        ("silhouette", float("nan"), 0.2, 0),
        ("davies_bouldin", 0.5, float("nan"), 0),
    ],
)
def test_a_score_by_hand(name: str, figure: float, nothing: float, expected: float) -> None:
    assert score(name, np.array([[figure]]), np.array([nothing])) == pytest.approx(expected)


def _evidence(ks: list[int], **silhouettes: list[list[float]]) -> Evidence:
    """Every criterion has the figures of `of`, or its own, as scores: what has no structure misses all of 1."""
    figures, nothing = {}, {}
    for name in CRITERIA:
        scores = np.array(silhouettes.get(name, silhouettes["of"]), float)
        one = np.ones(len(ks))
        if name == "davies_bouldin":
            figures[name], nothing[name] = 1 - scores, one
        elif name == "calinski_harabasz":
            figures[name], nothing[name] = 1 / (1 - scores), one
        else:
            figures[name], nothing[name] = scores, 0 * one
    return Evidence(ks, figures, nothing, 100, 60)


def test_a_peak_is_advised_with_what_is_as_good() -> None:
    """5 is 0.1 behind 4 in one half and 0.1 before it in the other: within an error of 0.14. 3 is always 0.3 behind."""
    found = weigh(_evidence([3, 4, 5, 6], of=[[0.5, 0.5], [0.8, 0.8], [0.7, 0.9], [0.2, 0.2]]))
    assert found.vote == Vote(5, 4, 5)  # equal means: the larger
    assert set(found.votes.values()) == {Vote(5, 4, 5)}
    assert found.weak == []
    assert str(found) == (
        "k=5 (4-5): silhouette says 5 (4-5), Davies-Bouldin 5 (4-5), Calinski-Harabasz 5 (4-5), stability 5 (4-5)"
    )
    assert found.cost == "4 numbers from 3 to 6, 60 clusterings of halves of 100 images"
    row = found.table[2]
    assert row["support"] == pytest.approx(1)
    assert (row["k"], row["silhouette"], row["silhouette_of_nothing"]) == (5, pytest.approx(0.8), 0)
    assert (row["silhouette_score"], row["silhouette_error"]) == pytest.approx((0.8, 0.02**0.5), rel=1e-5)
    assert typed.read(Advice, json.loads(json.dumps(found.plain()))) == found


PEAK = [[0.1, 0.1], [0.9, 0.9], [0.1, 0.1], [0.1, 0.1], [0.1, 0.1]]


def test_criteria_that_disagree_are_weak() -> None:
    late = [[0.1, 0.1]] * 4 + [[0.85, 0.85]]
    found = weigh(_evidence([2, 4, 8, 16, 32], of=PEAK, silhouette=late, davies_bouldin=late))
    assert found.weak == ["2 of 4 criteria agree with it"]
    assert found.weakness == "the evidence is weak: 2 of 4 criteria agree with it"
    assert str(found).endswith("stability 4; the evidence is weak: 2 of 4 criteria agree with it")
    assert weigh(_evidence([2, 4, 8, 16, 32], of=PEAK, silhouette=late)).weak == []


def test_a_flat_curve_is_weak() -> None:
    flat = [[0.8, 0.8], [0.8, 0.82], [0.8, 0.81], [0.1, 0.1]]
    assert weigh(_evidence([2, 4, 8, 16], of=flat)).weak == ["from 2 to 8 all is about as good"]


def test_halves_that_are_not_clustered_alike_are_weak() -> None:
    found = weigh(_evidence([2, 4, 8, 16, 32], of=PEAK, stability=[[s / 2 for s in row] for row in PEAK]))
    said = "halves of the images are clustered little more alike than points without structure (AMI 0.45 and 0.00)"
    assert found.weak == [said]


def test_the_last_of_all_is_weak() -> None:
    assert weigh(_evidence([2, 4, 8], of=[[0.1, 0.1], [0.2, 0.2], [0.9, 0.9]])).weak == [
        "8 is the most that was looked at"
    ]


def test_nothing_at_all_is_weak() -> None:
    same = np.ones((60, 3), np.float32)
    found = weigh(gather(same, clustering(SETTINGS), [2, 3, 4]))
    assert len(found.weak) >= 2
    json.dumps(found.plain(), allow_nan=False)


@pytest.mark.parametrize("k", [2, 3, 7])
def test_blobs_are_found_and_not_weakly(k: int) -> None:
    R, _ = blobs(*[180 // k] * k, spread=1.0)
    ks = ladder(2, 12)
    found = weigh(gather(R, clustering(SETTINGS), ks))
    assert abs(ks.index(found.vote.k) - ks.index(k)) <= 1
    assert found.weak == []


@pytest.mark.parametrize("d", [2, 20])
def test_noise_is_weak(d: int) -> None:
    R = np.random.default_rng(d).random((200, d)).astype(np.float32)
    assert weigh(gather(R, clustering(SETTINGS), ladder(2, 12))).weak


@pytest.mark.slow
def test_digits() -> None:
    """1,797 handwritten digits in ten classes: 10 within a step."""
    from sklearn.datasets import load_digits

    X, _ = ops.normalise(load_digits().data.astype(np.float32))
    R = ops.normalise(ops.pca(X).Z, "l2")[0]
    found = weigh(gather(R, clustering(SETTINGS), ladder(2, most_clusters(len(R)))))
    assert found.vote.k in (8, 10, 12)


@pytest.mark.slow
def test_clothing_is_not_far_from_its_labels_or_weak(photographs: Path) -> None:
    run = imgret.run(
        photographs, backbone="efficientnet_lite0", k="auto", limit=1500, view="pca", reports=[], attributes=[],
        metrics=[],
    )  # fmt: skip
    assert 5 <= run.settings["k"] <= 20 or run.info.k.weak
