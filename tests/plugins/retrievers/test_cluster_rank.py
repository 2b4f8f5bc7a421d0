"""The retriever `cluster_rank`, by hand, against exact search, by its target, and by its bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgret import UsageError, ops
from imgret.plugins.retrievers import _bounds
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


def _awkward(n: int, d: int, c: int, seed: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, d) that are hard on bounds, and labels (n,) with noise and holes among their numbers."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, c, n) * 3  # -3 becomes noise
    tightness = 10.0 ** rng.integers(-8, 2)
    points = rng.normal(size=(c + 1, d))[labels // 3] + tightness * rng.normal(size=(n, d))
    labels[labels < 0] = -1
    if kind == "lengths":  # as normalize=none leaves them
        points *= 10.0 ** rng.uniform(-3, 3, size=(n, 1))
    if kind == "opposite":  # centroids near zero, and negative scores
        points *= np.sign(rng.normal(size=(n, 1)))
    if kind == "grid":  # scores that are equal in many lists
        points = rng.integers(-1, 2, size=(n, d)) * 0.5
    points[rng.random(n) < 0.1] = 0
    points[rng.random(n) < 0.3] = points[rng.integers(n)]  # equal rows in several lists
    X = points.astype(np.float32)
    return (X if kind in ("lengths", "grid") else ops.normalise(X, "l2")[0]), labels


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 200), st.integers(1, 9), st.integers(1, 25), st.integers(1, 30), st.integers(0, 10**6),
    st.sampled_from(["plain", "lengths", "opposite", "grid"]), st.integers(1, 3),
)  # fmt: skip
def test_a_recall_of_1_is_exact_bit_for_bit(
    n: int, d: int, c: int, top: int, seed: int, kind: str, probes: int
) -> None:
    points, labels = _awkward(n, d, c, seed, kind)
    queries = np.concatenate([points[:20], np.random.default_rng(seed).normal(size=(5, d)).astype(np.float32)])
    before = points.copy(), labels.copy()
    retriever = cluster_rank(recall=1.0, probes=probes).fit(points, labels)
    for found, right in zip(retriever.kneighbors(queries, top), ops.top_k(queries, points, top), strict=True):
        np.testing.assert_array_equal(found, right)
    scanned = retriever.scanned(queries, top)
    assert (scanned >= min(n, top)).all()
    assert (scanned <= n).all()
    np.testing.assert_array_equal(points, before[0])
    np.testing.assert_array_equal(labels, before[1])


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 60), st.integers(1, 9), st.integers(1, 9), st.integers(0, 10**6),
    st.sampled_from(["plain", "lengths", "opposite", "grid"]),
)  # fmt: skip
def test_no_member_scores_above_its_list_s_bound(n: int, d: int, c: int, seed: int, kind: str) -> None:
    points, labels = _awkward(n, d, c, seed, kind)
    queries = np.concatenate([points, -points, np.random.default_rng(seed).normal(size=(5, d)).astype(np.float32)])
    homes = np.unique(labels, return_inverse=True)[1]
    directions = np.random.default_rng(seed).normal(size=(homes.max() + 1, d)) * (seed % 3)  # of zeros, at times
    scores, rows = ops.top_k(queries, points, n)  # float32, as found
    allowed = _bounds.bounds(queries, _bounds.extents(points, homes, directions))
    assert (scores <= np.take_along_axis(allowed, homes[rows], axis=1)).all()


def test_bounds_by_hand() -> None:
    homes = np.array([0, 0, 0, 1, 1, 1])
    known = _bounds.extents(X[:6], homes, np.array([[1.0, 0], [0, 2]]))  # angles 0 to 20 and 0 to 10, in lengths of 1
    np.testing.assert_allclose(np.degrees([known.least, known.most]), [[0, 0], [20, 10]], atol=1e-4)
    np.testing.assert_allclose(_bounds.bounds(QUERY, known), np.cos(np.radians([[42, 18]])), atol=1e-6)
    ring = _bounds.extents(2 * X[1:3], np.zeros(2, np.int64), np.array([[1.0, 0]]))  # 10 and 20 degrees, length 2
    np.testing.assert_allclose(_bounds.bounds(np.float32([[3, 0], [-3, 0]]), ring),
                               6 * np.cos(np.radians([[10], [160]])), atol=1e-5)  # fmt: skip


def test_an_exact_search_leaves_alone_what_cannot_be_better() -> None:
    retriever = cluster_rank(recall=1.0, probes=1).fit(X[:6], LABELS[:6])
    assert retriever.scanned(X[4:5], 2).tolist() == [3]  # the other cluster is 70 degrees away, the second hit 10
    assert retriever.kneighbors(QUERY, 3)[1].tolist() == [[3, 4, 5]]  # row 5 is 38 away, row 2 of the other cluster 42
    assert retriever.scanned(QUERY, 3).tolist() == [3]
    other = np.float32([[np.cos(np.radians(56)), np.sin(np.radians(56))]])
    assert retriever.kneighbors(other, 3)[1].tolist() == [[3, 4, 2]]  # row 2 is 36 away, row 5 44
    assert retriever.scanned(other, 3).tolist() == [6]


def test_an_exact_search_of_tight_clusters_scans_few_images_and_begins_where_it_scans_fewest() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(40), 30)
    points = ops.normalise((rng.normal(size=(40, 8))[labels] + 0.05 * rng.normal(size=(1200, 8))).astype(np.float32))[0]
    retriever = cluster_rank(recall=1.0, top=10).fit(points, labels)
    scanned = retriever.scanned(points, 10)
    assert retriever.probes_ == 1
    assert scanned.mean() < 0.06 * 1200  # a list is 1 / 40
    np.testing.assert_array_equal(retriever.kneighbors(points, 10)[1], ops.top_k(points, points, 10)[1])
    table = retriever.calibration_
    assert all(row["recall_calibration"] == row["recall_check"] == 1 for row in table)
    assert min(row["scanned_share"] for row in table) == table[0]["scanned_share"]
    sample = np.random.default_rng(0).choice(1200, 1000, replace=False)
    assert table[0]["scanned_share"] == pytest.approx(retriever.scanned(points[sample[500:]], 11).mean() / 1200)
    again = build("retriever", learned(retriever, {"name": "cluster_rank", "recall": 1.0, "probes": 0, "top": 10}))
    assert again.fit(points, labels).calibration_ == []
    np.testing.assert_array_equal(again.scanned(points, 10), scanned)


def test_an_exact_search_of_some_lists_or_of_everything_and_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, labels = np.random.default_rng(0), np.arange(600) % 20
    spread = np.where(labels < 10, 0.1, 1)[:, None]
    points = (rng.normal(size=(20, 6))[labels] + spread * rng.normal(size=(600, 6))).astype(np.float32)
    points = ops.normalise(points)[0]
    retriever = cluster_rank(recall=1.0, probes=1).fit(points, labels)
    right, scanned = ops.top_k(points, points, 10), retriever.scanned(points, 10)
    assert {(scanned < 600).any(), (scanned == 600).any()} == {True}
    for i in range(0, 600, 50):
        assert retriever.kneighbors(points[i : i + 1], 10)[1].tolist() == right[1][i : i + 1].tolist()
    monkeypatch.setattr(ops, "BLOCK", 5000)
    for found, wanted in zip(retriever.kneighbors(points, 10), right, strict=True):
        np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(retriever.scanned(points, 10), scanned)


def test_where_bounds_spare_little_an_exact_search_is_of_all_clusters_at_once() -> None:
    points, labels = _blobs(500, 20, 0)
    assert (cluster_rank(recall=1.0, probes=2).fit(points, labels).scanned(points, 10) == 500).all()
    retriever = cluster_rank(recall=1.0, top=10).fit(points, labels)
    assert retriever.probes_ == 20
    assert (retriever.scanned(points, 10) == 500).all()
    for found, right in zip(retriever.kneighbors(points, 10), ops.top_k(points, points, 10), strict=True):
        np.testing.assert_array_equal(found, right)


@pytest.mark.parametrize("recall", [0.9, 1.0])
def test_calibration_times_a_scan_of_everything_beside_the_search(recall: float) -> None:
    points, labels = _blobs(300, 6, 2)
    fitted = cluster_rank(recall=recall, top=5).fit(points, labels)
    row = next(row for row in fitted.calibration_ if row["probes"] == fitted.probes_)
    assert fitted.queries_per_second_ >= row["queries_per_second"]
    assert fitted.exact_queries_per_second_ > 0
    given = cluster_rank(recall=recall, probes=2).fit(points, labels)  # nothing to find, so nothing is timed
    assert given.queries_per_second_ is given.exact_queries_per_second_ is None


def test_no_queries_have_no_hits() -> None:
    retriever = cluster_rank(recall=1.0).fit(X, LABELS)
    assert retriever.kneighbors(X[:0], 3)[0].shape == (0, 3)
    assert retriever.scanned(X[:0], 3).shape == (0,)


@pytest.mark.parametrize("wrong", [{"recall": 0.0}, {"recall": 1.1}, {"probes": -1}])
def test_impossible_settings_are_refused_at_once(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        cluster_rank(**wrong)
