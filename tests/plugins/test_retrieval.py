"""The metric `retrieval`, by hand and against a slow reference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from imgret.ops import Ranking
from imgret.plugins.metrics import retrieval as module
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


def test_left_out_without_a_query() -> None:
    assert retrieval(Ranking(X), np.arange(6)) == {}
    assert retrieval(Ranking(X), TRUTH, np.zeros(6, np.int64)) == {}


@settings(deadline=None)
@given(
    hnp.arrays(np.float32, (18, 2), elements=st.integers(-3, 3).map(np.float32)),
    hnp.arrays(np.int64, 18, elements=st.integers(-1, 3)),
    st.none() | hnp.arrays(np.int64, 18, elements=st.integers(-1, 2)),
)
def test_against_a_slow_reference(X: np.ndarray, truth: np.ndarray, group: np.ndarray | None) -> None:
    precision, early, first = [], [], []
    for query in range(18):
        scores = X.astype(np.float64) @ X[query]  # of whole numbers: many ties, all exact
        hits = []
        for row in sorted(range(18), key=lambda row: (-scores[row], row)):
            same = truth[row] == truth[query]
            if row != query and not (same and group is not None and group[row] == group[query] >= 0):
                hits.append(same)
        if truth[query] >= 0 and any(hits):
            precision.append(np.mean([np.mean(hits[: i + 1]) for i, hit in enumerate(hits) if hit]))
            early.append(np.mean(hits[:10]))
            first.append(hits[0])
    found = retrieval(Ranking(X), truth, group)
    if not precision:
        assert found == {}
    else:
        right = {"map": np.mean(precision), "p_at_10": np.mean(early), "rank_1": np.mean(first)}
        assert found == pytest.approx(right | {"queries": len(precision)})


def test_very_many_queries_are_sampled_by_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    found = [retrieval(Ranking(X), TRUTH, seed=seed) for seed in range(8)]
    assert {figures["queries"] for figures in found} == {3}
    assert found[0] == retrieval(Ranking(X), TRUTH, seed=0)
    assert len({figures["map"] for figures in found}) > 1
