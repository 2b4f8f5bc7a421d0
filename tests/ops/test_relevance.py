"""Figures of rankings: by hand, and against ir_measures (trec_eval) and scikit-learn."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import average_precision_score

from imgret.ops import Ranking
from imgret.ops.relevance import Known, Trial, judge

# A gallery in the order in which the query below finds it, of person, camera, junk:
GALLERY = Known(
    truth=np.array([7, -1, 7, -1, 5, 7, 5, 7]),
    group=np.array([1, 1, 2, 3, 1, 1, 2, 3]),
    junk=np.array([0, 1, 0, 0, 0, 0, 0, 0], bool),
)
SCORES = np.float32([[0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2]])
# Person 7 on camera 1 asks. Rows 0 and 5 are the same person on the same camera: left out. Row 1 is junk: not ranked.
# What counts: row 2 right, row 3 a distractor, row 4 wrong, row 6 wrong, row 7 right.


def _judged(trial: Trial, scores: np.ndarray, at: tuple[int, ...] = (1, 2, 5)) -> dict[str, list[float]]:
    blocks = [(np.arange(len(scores)), scores.copy())]
    return {name: values.tolist() for name, values in judge(blocks, trial, at).items()}


def test_the_protocol_of_market_1501_by_hand() -> None:
    trial = Trial(Known(np.array([7]), np.array([1]), np.zeros(1, bool)), GALLERY, np.array([-1]))
    assert [part.tolist() for part in trial.counts()] == [[2], [5]]
    found = _judged(trial, SCORES)
    ap = (1 / 1 + 2 / 5) / 2
    assert found == {name: [pytest.approx(value)] for name, value in {
        "map": ap, "r_precision": 1 / 2,
        "map_at_1": 1, "p_at_1": 1, "recall_at_1": 1 / 2, "rank_1": 1,
        "map_at_2": 1 / 2, "p_at_2": 1 / 2, "recall_at_2": 1 / 2, "rank_2": 1,
        "map_at_5": ap, "p_at_5": 2 / 5, "recall_at_5": 1, "rank_5": 1,
    }.items()}  # fmt: skip
    found = _judged(trial, SCORES, (9,))  # of the five that are ranked
    assert [found[f"{name}_at_9"] for name in ("p", "recall", "map")] == [[2 / 5], [1], [pytest.approx(ap)]]
    unknown = Trial(Known(np.array([7]), np.array([-1]), np.zeros(1, bool)), GALLERY, np.array([-1]))
    assert _judged(unknown, SCORES)["map"] == [pytest.approx((1 + 2 / 2 + 3 / 5 + 4 / 7) / 4)]  # no camera: all count


def test_a_query_that_is_in_the_gallery_does_not_find_itself() -> None:
    asked = Known(np.array([7, 7, 5]), np.array([4, 2, 4]), np.zeros(3, bool))
    trial = Trial(asked, GALLERY, np.array([2, 2, 2]))
    # Row 2 is left out: of the first for itself, of the second with its group, of the third though it is of another.
    assert [part.tolist() for part in trial.counts()] == [[3, 3, 2], [6, 6, 6]]
    found = _judged(trial, np.repeat(SCORES, 3, axis=0))
    first = (1 / 1 + 2 / 4 + 3 / 6) / 3  # right, distractor, wrong, right, wrong, right
    assert found["map"] == pytest.approx([first, first, (1 / 3 + 2 / 5) / 2])


def test_who_is_no_query() -> None:
    asked = Known(np.array([7, -1, 3, 7]), np.array([9, 9, 9, 9]), np.array([0, 0, 0, 1], bool))
    trial = Trial(asked, GALLERY, np.full(4, -1))
    assert trial.counts()[0].tolist() == [4, 0, 0, 0]  # unlabelled, of a label that is not there, junk
    assert trial.queries(np.arange(4)).tolist() == [0]
    assert judge([], trial, [1]) == {}


def _random(seed: int, q: int = 12, n: int = 60) -> tuple[Trial, np.ndarray]:
    random = np.random.default_rng(seed)
    truth, asked = random.integers(-1, 5, n), random.integers(0, 5, q)
    gallery = Known(truth, random.integers(-1, 3, n), random.random(n) < 0.1)
    trial = Trial(Known(asked, random.integers(-1, 3, q), np.zeros(q, bool)), gallery, random.integers(-1, n, q))
    return trial, random.permuted(np.tile(np.arange(n, dtype=np.float32), (q, 1)), axis=1)


def _ranked(trial: Trial, query: int, scores: np.ndarray) -> Iterator[tuple[int, float, bool]]:
    """Row, score and relevance of what is ranked for a query, as the protocol words it."""
    gallery, truth, group = trial.gallery, trial.asked.truth[query], trial.asked.group[query]
    for row in range(len(gallery.truth)):
        same = gallery.truth[row] == truth
        if row != trial.own[query] and not gallery.junk[row] and not (same and gallery.group[row] == group >= 0):
            yield row, float(scores[query, row]), bool(same)


def test_against_ir_measures() -> None:
    ir = pytest.importorskip("ir_measures")
    trial, scores = _random(0)
    ranked = {f"q{query}": list(_ranked(trial, query, scores)) for query in range(len(scores))}
    qrels = {query: {str(row): int(right) for row, _, right in rows} for query, rows in ranked.items()}
    run = {query: {str(row): score for row, score, _ in rows} for query, rows in ranked.items()}
    found = _judged(trial, scores, (1, 5, 10))
    relevant, _ = trial.counts()
    measures = {"map": ir.AP, "r_precision": ir.Rprec}
    for k in (1, 5, 10):
        measures |= {f"p_at_{k}": ir.P @ k, f"recall_at_{k}": ir.R @ k, f"rank_{k}": ir.Success @ k,
                     f"map_at_{k}": ir.AP @ k}  # fmt: skip
    values = {(str(m.measure), m.query_id): m.value for m in ir.iter_calc(list(measures.values()), qrels, run)}
    for name, measure in measures.items():
        theirs = np.array([values[str(measure), query] for query in ranked])
        if name.startswith("map_at_"):  # they divide by all that is relevant, we by as many as can be among k
            theirs = theirs * relevant / np.minimum(int(name.rpartition("_")[2]), relevant)
        np.testing.assert_allclose(found[name], theirs, err_msg=name)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_average_precision_is_scikit_learn_s(seed: int) -> None:
    trial, scores = _random(seed, q=5, n=25)
    relevant, total = trial.counts()
    queries = np.flatnonzero(relevant)
    found = judge([(queries, scores[queries].copy())], trial, [3]) if len(queries) else {"map": np.empty(0)}
    lines = [list(_ranked(trial, query, scores)) for query in range(5)]
    assert relevant.tolist() == [sum(right for *_, right in line) for line in lines]
    assert total.tolist() == [len(line) for line in lines]
    for query, value in zip(queries, found["map"], strict=True):
        _, score, right = zip(*lines[query], strict=True)
        assert value == pytest.approx(average_precision_score(right, score))


@settings(deadline=None)
@given(hnp.arrays(np.float32, (9, 2), elements=st.integers(-2, 2).map(np.float32)), st.integers(0, 99))
def test_queries_apart_are_ranked_as_if_they_were_in_the_collection(X: np.ndarray, seed: int) -> None:
    truth = np.random.default_rng(seed).integers(-1, 2, 9)
    none = np.full(9, -1)
    alone = Trial.of_itself(truth)
    apart = Trial(Known(truth, none, np.zeros(9, bool)), alone.gallery, np.arange(9))
    queries = alone.queries(np.arange(9))
    assert apart.queries(np.arange(9)).tolist() == queries.tolist()
    within, beside = (judge(ranking.of(queries), trial, [1, 5]) for ranking, trial in (
        (Ranking(X), alone), (Ranking(X, Q=X), apart)
    ))  # fmt: skip
    assert {name: list(values) for name, values in within.items()} == {
        name: list(values) for name, values in beside.items()
    }
