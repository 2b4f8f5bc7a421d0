"""The retriever `cluster_rank`, by hand, against exact search, and by its target."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgret import UsageError, ops
from imgret.plugins.retrievers import cluster_rank as module
from imgret.plugins.retrievers.cluster_rank import cluster_rank
from imgret.registry import build, learned

# Directions by angle: cluster 0 around 10 degrees, cluster 1 around 90, and noise at 40.
ANGLES = np.radians([0, 10, 20, 80, 90, 100, 40])
X = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1).astype(np.float32)
LABELS = np.array([0, 0, 0, 1, 1, 1, -1])
QUERY = np.float32([[np.cos(np.radians(62)), np.sin(np.radians(62))]])  # nearest: rows 3 (18), 6 (22), 4 (28), 5 (38)


def _blobs(n: int, c: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Overlapping clusters in 12 dimensions, a tenth of them noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, c, n)
    points = rng.normal(size=(c, 12))[labels] + rng.normal(size=(n, 12))
    labels[rng.random(n) < 0.1] = -1
    return ops.normalise(points.astype(np.float32))[0], ops.renumber(labels)


def test_probing_by_hand() -> None:
    retriever = cluster_rank(probes=1).fit(X, LABELS)
    scores, rows = retriever.kneighbors(QUERY, 2)  # the centroid at 90 degrees is nearer than the one at 10
    assert rows.tolist() == [[3, 4]]
    np.testing.assert_allclose(scores, np.cos(np.radians([[18, 28]])), rtol=1e-6)
    assert (scores.dtype, rows.dtype) == (np.float32, np.int64)
    assert retriever.scanned(QUERY, 2).tolist() == [3]
    assert retriever.kneighbors(QUERY, 4)[1].tolist() == [[3, 6, 4, 5]]  # a list of 3 is too short: on to the next
    assert retriever.scanned(QUERY, 4).tolist() == [7]
    assert retriever.kneighbors(X[6:], 3)[1].tolist() == [[6, 2, 1]]  # noise lies in the list of cluster 0
    assert cluster_rank(probes=2).fit(X, LABELS).kneighbors(QUERY, 2)[1].tolist() == [[3, 6]]
    assert cluster_rank(probes=9).fit(X, LABELS).probes_ == 2


def test_without_clusters_everything_is_one_list() -> None:
    retriever = cluster_rank().fit(X, np.full(7, -1))
    assert retriever.probes_ == 1
    assert retriever.kneighbors(QUERY, 20)[1].tolist() == ops.top_k(QUERY, X, 20)[1].tolist()
    alone = cluster_rank().fit(X[:1], LABELS[:1])
    assert (alone.probes_, alone.calibration_) == (1, [])
    assert alone.kneighbors(QUERY, 20)[1].tolist() == [[0]]


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 300), st.integers(1, 12), st.integers(1, 40), st.integers(0, 99))
def test_probing_all_lists_is_exact_bit_for_bit(n: int, c: int, top: int, seed: int) -> None:
    points, labels = _blobs(n, c, seed)
    points[n // 2 :: 3] = points[0]  # equal rows in several lists
    retriever = cluster_rank(probes=c).fit(points, labels)
    for found, right in zip(retriever.kneighbors(points, top), ops.top_k(points, points, top), strict=True):
        np.testing.assert_array_equal(found, right)


def test_one_query_or_many_and_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    points, labels = _blobs(500, 20, 0)
    retriever = cluster_rank(probes=3).fit(points, labels)
    scores, rows = retriever.kneighbors(points, 10)
    for i in range(0, 500, 25):
        assert retriever.kneighbors(points[i : i + 1], 10)[1].tolist() == rows[i : i + 1].tolist()
    monkeypatch.setattr(ops, "BLOCK", 5000)
    again = retriever.kneighbors(points, 10)
    np.testing.assert_array_equal(again[0], scores)
    np.testing.assert_array_equal(again[1], rows)
    np.testing.assert_array_equal(cluster_rank(probes=3).fit(points, labels).kneighbors(points, 10)[1], rows)


@pytest.mark.parametrize("c", [30, 290])  # lists of 90 images, and of 9: too short for 10 neighbours and the query
def test_calibration_meets_the_target_and_tells_what_searching_finds(monkeypatch: pytest.MonkeyPatch, c: int) -> None:
    monkeypatch.setattr(module, "SAMPLE", 600)
    points, labels = _blobs(3000, c, 1)
    fitted = cluster_rank(recall=0.9, top=10).fit(points, labels)
    assert 1 < fitted.probes_ < c
    table = {row["probes"]: row for row in fitted.calibration_}
    assert list(table) == sorted({p for p in (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, c, fitted.probes_) if p <= c})
    assert table[fitted.probes_]["recall_calibration"] >= 0.9
    assert table[fitted.probes_]["recall_check"] == pytest.approx(0.9, abs=0.02)
    assert table[c]["recall_check"] == table[c]["scanned_share"] == 1
    sample = np.random.default_rng(0).choice(3000, 600, replace=False)
    exact = ops.top_k(points[sample], points, 10, exclude=sample)[1]
    for probes, row in table.items():
        retriever = cluster_rank(probes=probes).fit(points, labels)
        found = retriever.kneighbors(points[sample], 11)[1]
        shares = np.array([
            len(set(hits[hits != query][:10]) & set(right)) / 10
            for query, hits, right in zip(sample, found, exact, strict=True)
        ])  # fmt: skip
        assert row["recall_calibration"] == pytest.approx(shares[:300].mean())
        assert row["recall_check"] == pytest.approx(shares[300:].mean())
        assert row["scanned_share"] == pytest.approx(retriever.scanned(points[sample], 11).mean() / 3000)
        assert row["queries_per_second"] > 0
    fewer = cluster_rank(probes=fitted.probes_ - 1).fit(points, labels).kneighbors(points[sample[:300]], 11)[1]
    assert np.mean([np.isin(r, f).mean() for r, f in zip(exact, fewer, strict=False)]) < 0.9  # the fewest that reach it


def test_what_was_learned_takes_the_place_of_calibration() -> None:
    points, labels = _blobs(800, 10, 2)
    node = {"name": "cluster_rank", "recall": 0.95, "probes": 0, "top": 5, "seed": 3}
    fitted = build("retriever", node).fit(points, labels)
    again = build("retriever", learned(fitted, node)).fit(points, labels)
    assert again.probes == again.probes_ == fitted.probes_
    assert again.calibration_ == []
    np.testing.assert_array_equal(again.kneighbors(points, 7)[1], fitted.kneighbors(points, 7)[1])


@pytest.mark.parametrize("wrong", [{"recall": 0.0}, {"recall": 1.1}, {"probes": -1}])
def test_impossible_settings_are_refused_at_once(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        cluster_rank(**wrong)
