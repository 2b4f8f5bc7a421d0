"""The metric `retrieval`, by hand and against a slow reference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from imgret.ops import Ranking, relevance
from imgret.plugins.metrics.retrieval import retrieval

# Six directions by angle. The nearest others of each, worked out by the differences of the angles:
#   0: 1 2 3 4 5    1: 0 2 3 4 5    2: 1 3 0 4 5    4: 3 5 2 1 0    5: 4 3 2 1 0
ANGLES = np.radians([0, 10, 25, 45, 70, 100])
X = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1).astype(np.float32)
TRUTH = np.array([0, 0, 1, -1, 1, 0])  # row 3 is a distractor
GROUP = np.array([0, 0, 0, 0, 1, 1])


def test_retrieval_by_hand() -> None:
    # Ranks of the relevant: of query 0 1 and 5, of 1 1 and 5, of 2 4, of 4 3, of 5 4 and 5.
    precision = [(1 + 2 / 5) / 2, (1 + 2 / 5) / 2, 1 / 4, 1 / 3, (1 / 4 + 2 / 5) / 2]
    assert retrieval(Ranking(X), TRUTH) == pytest.approx(
        {"map": sum(precision) / 5, "p_at_10": (2 + 2 + 1 + 1 + 2) / 5 / 5, "rank_1": 2 / 5, "queries": 5}
    )


def test_same_truth_and_group_is_left_out() -> None:
    # Query 0 loses row 1 and query 1 row 0: of 4 others, the fourth is relevant. The rest as above.
    precision = [1 / 4, 1 / 4, 1 / 4, 1 / 3, (1 / 4 + 2 / 5) / 2]
    early = [1 / 4, 1 / 4, 1 / 5, 1 / 5, 2 / 5]
    assert retrieval(Ranking(X), TRUTH, GROUP) == pytest.approx(
        {"map": sum(precision) / 5, "p_at_10": sum(early) / 5, "rank_1": 0, "queries": 5}
    )
    unknown = np.where(GROUP == 0, -1, GROUP)  # two unknown groups are not the same one
    assert retrieval(Ranking(X), TRUTH, unknown) == retrieval(Ranking(X), TRUTH)


def average_precision(hits: list[bool]) -> float:
    """Of a ranking, hits in order: the mean, over those that are relevant, of the precision at their ranks."""
    return float(np.mean([np.mean(hits[: i + 1]) for i, hit in enumerate(hits) if hit]))


def trapezoid(hits: list[bool]) -> float:
    """The same by the code that came with Market-1501, compute_AP.m."""
    total, recall, precision = 0.0, 0.0, 1.0
    for i in range(len(hits)):
        before = recall, precision
        recall, precision = sum(hits[: i + 1]) / sum(hits), sum(hits[: i + 1]) / (i + 1)
        total += (recall - before[0]) * (precision + before[1]) / 2
    return total


def test_junk_is_as_if_it_were_not_there() -> None:
    # With row 1 as junk query 0 ranks 2 3 4 5: the fourth is relevant; 2 ranks 3 0 4 5, 4 ranks 3 5 2 0, 5 ranks
    # 4 3 2 0. Row 1 itself is no query.
    junk = np.array([0, 1, 0, 0, 0, 0], bool)
    precision = [1 / 4, 1 / 3, 1 / 3, 1 / 4]
    right = {"map": sum(precision) / 4, "p_at_10": 1 / 4, "rank_1": 0, "queries": 4}
    assert retrieval(Ranking(X), TRUTH, junk=junk) == pytest.approx(right)
    kept = ~junk
    assert retrieval(Ranking(X[kept]), TRUTH[kept]) == pytest.approx(right)
    assert retrieval(Ranking(X), TRUTH, junk=np.ones(6, bool)) == {}


def test_a_query_of_the_protocol_by_hand() -> None:
    # Person 0 on camera 0 asks; best first come: itself on another shot of camera 0 (left out), junk, person 0 on
    # camera 1, a distractor, person 1, person 0 on camera 2. What counts: right, wrong, wrong, right.
    angles = np.radians([0, 5, 10, 20, 30, 50, 70])
    X = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    truth, group = np.array([0, 0, -1, 0, -1, 1, 0]), np.array([0, 0, 1, 1, 1, 0, 2])
    junk = np.array([0, 0, 1, 0, 0, 0, 0], bool)
    hits = [True, False, False, True]
    assert average_precision(hits) == pytest.approx((1 + 2 / 4) / 2)
    assert trapezoid(hits) == pytest.approx((1 + (1 / 3 + 2 / 4) / 2) / 2)  # never more, and not what we take
    found = retrieval(Ranking(X, np.array([0])), truth, group, junk)
    assert found == pytest.approx({"map": 0.75, "p_at_10": 2 / 4, "rank_1": 1, "queries": 1})


@given(st.lists(st.booleans(), min_size=1, max_size=12).filter(any))
def test_the_trapezoid_rule_is_never_more(hits: list[bool]) -> None:
    assert trapezoid(hits) <= average_precision(hits) + 1e-12


def test_left_out_without_a_query() -> None:
    assert retrieval(Ranking(X), np.arange(6)) == {}
    assert retrieval(Ranking(X), TRUTH, np.zeros(6, np.int64)) == {}


@settings(deadline=None)
@given(
    hnp.arrays(np.float32, (18, 2), elements=st.integers(-3, 3).map(np.float32)),
    hnp.arrays(np.int64, 18, elements=st.integers(-1, 3)),
    st.none() | hnp.arrays(np.int64, 18, elements=st.integers(-1, 2)),
    st.none() | hnp.arrays(bool, 18),
)
def test_against_a_slow_reference(
    X: np.ndarray, truth: np.ndarray, group: np.ndarray | None, junk: np.ndarray | None
) -> None:
    out = np.zeros(18, bool) if junk is None else junk
    precision, early, first = [], [], []
    for query in range(18):
        scores = X.astype(np.float64) @ X[query]  # of whole numbers: many ties, all exact
        hits = []
        for row in sorted(range(18), key=lambda row: (-scores[row], row)):
            same = truth[row] == truth[query]
            if row != query and not out[row] and not (same and group is not None and group[row] == group[query] >= 0):
                hits.append(same)
        if truth[query] >= 0 and not out[query] and any(hits):
            precision.append(average_precision(hits))
            early.append(np.mean(hits[:10]))
            first.append(hits[0])
    found = retrieval(Ranking(X), truth, group, junk)
    if not precision:
        assert found == {}
    else:
        right = {"map": np.mean(precision), "p_at_10": np.mean(early), "rank_1": np.mean(first)}
        assert found == pytest.approx(right | {"queries": len(precision)})


def test_very_many_queries_are_sampled_by_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relevance, "MOST", 3)
    found = [retrieval(Ranking(X), TRUTH, seed=seed) for seed in range(8)]
    assert {figures["queries"] for figures in found} == {3}
    assert found[0] == retrieval(Ranking(X), TRUTH, seed=0)
    assert len({figures["map"] for figures in found}) > 1
