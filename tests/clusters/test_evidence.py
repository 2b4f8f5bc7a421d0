"""The evidence for a number of clusters: the ladder, each criterion by hand and by loops, points without structure."""

from itertools import pairwise
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, pairwise_distances, silhouette_score

from imgret.clusters import evidence
from imgret.clusters.evidence import CRITERIA, gather, ladder, measure, most_clusters, normal, uniform


def test_a_ladder_of_quarters() -> None:
    assert ladder(2, 15) == [2, 3, 4, 5, 6, 7, 8, 10, 12, 15]
    assert ladder(8, 40) == [8, 10, 12, 15, 18, 22, 27, 33, 40]
    assert ladder(5, 5) == [5]


@given(st.integers(2, 50), st.integers(0, 500))
def test_a_ladder_has_both_ends_and_no_wide_step(least: int, more: int) -> None:
    found = ladder(least, least + more)
    assert (found[0], found[-1]) == (least, least + more)
    assert all(a < b <= max(a + 1, 1.25 * a) for a, b in pairwise(found))


def test_most_clusters_that_are_looked_at() -> None:
    assert [most_clusters(n) for n in (8, 24, 100, 400, 10_000)] == [2, 4, 20, 60, 300]


def test_criteria_by_hand() -> None:
    """0 and 1 against 10 and 11. Silhouettes: (10.5 - 1) / 10.5 outside, (9.5 - 1) / 9.5 inside. Davies-Bouldin:
    (0.5 + 0.5) / 10. Calinski-Harabasz: 4 times 5^2 between, over 4 times 0.5^2 / 2 within."""
    P, labels = np.array([[0.0], [1.0], [10.0], [11.0]], np.float32), np.array([0, 0, 1, 1])
    found = measure(P, pairwise_distances(P), labels)
    assert found == pytest.approx(
        {"silhouette": (9.5 / 10.5 + 8.5 / 9.5) / 2, "davies_bouldin": 0.1, "calinski_harabasz": 200}
    )


def test_criteria_by_loops_and_noise_left_out() -> None:
    rng = np.random.default_rng(0)
    P = rng.normal(size=(40, 3)).astype(np.float32)
    labels = rng.integers(-1, 4, 40)
    points = [P[labels == c].astype(float) for c in range(4)]
    centres = [p.mean(axis=0) for p in points]
    silhouettes = []
    for c, members in enumerate(points):
        for i, x in enumerate(members):
            to = [np.sqrt(((other - x) ** 2).sum(axis=1)) for other in points]
            inside = np.delete(to[c], i).mean()
            outside = min(to[d].mean() for d in range(4) if d != c)
            silhouettes.append((outside - inside) / max(inside, outside))
    spread = [np.sqrt(((p - m) ** 2).sum(axis=1)).mean() for p, m in zip(points, centres, strict=True)]
    worst = [
        max((spread[c] + spread[d]) / np.linalg.norm(centres[c] - centres[d]) for d in range(4) if d != c)
        for c in range(4)
    ]
    kept = np.concatenate(points)
    between = sum(len(p) * ((m - kept.mean(axis=0)) ** 2).sum() for p, m in zip(points, centres, strict=True))
    within = sum(((p - m) ** 2).sum() for p, m in zip(points, centres, strict=True))
    slow = {
        "silhouette": np.mean(silhouettes),
        "davies_bouldin": np.mean(worst),
        "calinski_harabasz": (between / 3) / (within / (len(kept) - 4)),
    }
    assert measure(P, pairwise_distances(P), labels) == pytest.approx(slow, rel=1e-4)


@pytest.mark.parametrize("k", [2, 5, 30])
def test_criteria_by_scikit_learn(k: int) -> None:
    """With clusters of one member, and points that are equal."""
    rng = np.random.default_rng(k)
    P = rng.integers(0, 4, (40, 2)).astype(np.float32)
    labels = np.concatenate([np.arange(k), rng.integers(0, k, 40 - k)])
    assert measure(P, pairwise_distances(P), labels) == pytest.approx(
        {
            "silhouette": silhouette_score(P, labels),
            "davies_bouldin": davies_bouldin_score(P, labels),
            "calinski_harabasz": calinski_harabasz_score(P, labels),
        },
        rel=1e-5,
    )


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2], [-1, -1, -1], [-1, 0, 1]])
def test_criteria_that_are_undefined(labels: list[int]) -> None:
    P = np.arange(3, dtype=np.float32)[:, None]
    assert measure(P, pairwise_distances(P), np.array(labels)) == {}


def _points(n: int = 60) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(n, 2)).astype(np.float32)


def test_what_is_always_cut_alike_is_stable() -> None:
    found = gather(_points(), lambda P, k, seed: (P[:, 0] > 0).astype(int), [2, 3])
    assert found.figures["stability"] == pytest.approx(np.ones((2, evidence.HALVES)))
    assert found.nothing["stability"] == pytest.approx([1, 1])
    assert found.clusterings == 2 * (evidence.HALVES + 2 * evidence.OF_NOTHING)


def test_chance_is_not_stable_for_any_k() -> None:
    found = gather(_points(400), lambda P, k, seed: np.random.default_rng(seed).integers(k, size=len(P)), [2, 10, 40])
    assert found.figures["stability"].mean(axis=1) == pytest.approx([0, 0, 0], abs=0.05)


def test_halves_and_seeds_differ_and_repeat() -> None:
    seen: list[tuple[int, int, float]] = []

    def fit(P: np.ndarray, k: int, seed: int) -> np.ndarray:
        seen.append((len(P), seed, float(P.sum())))
        return (P[:, 0] > P[:, 1]).astype(int)

    first = gather(_points(41), fit, [2], seed=7)
    assert [n for n, _, _ in seen] == [21] * len(seen)
    assert [seed for _, seed, _ in seen[: evidence.HALVES]] == list(range(7, 7 + evidence.HALVES))
    assert len({total for _, _, total in seen}) == len(seen)
    again, other = gather(_points(41), fit, [2], seed=7), gather(_points(41), fit, [2], seed=8)
    for name in CRITERIA:
        assert np.array_equal(first.figures[name], again.figures[name])
        assert np.array_equal(first.nothing[name], again.nothing[name])
    assert not np.array_equal(first.figures["silhouette"], other.figures["silhouette"])


def test_of_two_kinds_without_structure_that_counts_which_looks_more_like_clusters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of Davies-Bouldin the lower figure, of the others the higher one, for each k apart."""
    kinds = iter(np.array(kind, float) for kind in ([[9, 9], [9, 9]], [[1, 3], [7, 7]], [[3, 5], [2, 4]]))

    def of(*_: object) -> dict[str, np.ndarray]:
        return dict.fromkeys(CRITERIA, next(kinds))  # (c, h): means of 2 and 7, of 4 and 3

    monkeypatch.setattr(evidence, "_of", of)
    found = gather(np.eye(4, dtype=np.float32), lambda P, k, seed: np.zeros(len(P), np.int64), [2, 3])
    assert {name: each.tolist() for name, each in found.nothing.items()} == {
        name: [2, 3] if name == "davies_bouldin" else [4, 7] for name in CRITERIA
    }


def test_of_many_points_a_sample_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "SAMPLE", 50)
    sizes = set()

    def fit(P: np.ndarray, k: int, seed: int) -> np.ndarray:
        sizes.add(len(P))
        return np.zeros(len(P), int)

    found = gather(_points(90), fit, [2])
    assert (found.points, sizes) == (50, {25})
    assert isnan(found.figures["silhouette"][0, 0])


def test_points_without_structure_are_spread_as_those_with() -> None:
    rng = np.random.default_rng(0)
    R = (rng.normal(size=(3000, 3)) @ np.array([[3, 1, 0], [0, 1, 0], [0, 0, 0.2]]) + [5, 0, -1]).astype(np.float32)
    for points in (normal(R, rng, unit=False), uniform(R, rng, unit=False)):
        assert points.shape == R.shape
        assert points.mean(axis=0) == pytest.approx(R.mean(axis=0), abs=0.2)
        assert np.cov(points.T) == pytest.approx(np.cov(R.T), rel=0.1, abs=0.1)
    axis = np.linalg.eigh(np.cov(R.T))[1][:, -1]  # along the first axis a box ends at the root of 3 standard deviations
    along = (uniform(R, rng, unit=False) - R.mean(axis=0)) @ axis
    assert np.abs(along).max() == pytest.approx(3**0.5 * (R @ axis).std(), rel=0.01)


def test_points_of_unit_length_are_held_against_such() -> None:
    R = _points()
    R /= np.linalg.norm(R, axis=1, keepdims=True)
    norms: list[np.ndarray] = []

    def fit(P: np.ndarray, k: int, seed: int) -> np.ndarray:
        norms.append(np.linalg.norm(P, axis=1))
        return (P[:, 0] > 0).astype(int)

    gather(R, fit, [2])
    assert np.concatenate(norms) == pytest.approx(np.ones(sum(map(len, norms))), abs=1e-5)
