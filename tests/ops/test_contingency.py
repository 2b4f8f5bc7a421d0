"""Tables of two partitions, against scikit-learn and by hand."""

import math
import warnings
from itertools import permutations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics
from sklearn.metrics.cluster import contingency_matrix, expected_mutual_information

from imgret.ops.contingency import Contingency, expected_information

CODES = hnp.arrays(np.int64, st.shared(st.integers(2, 60), key="n"), elements=st.integers(0, 7))


def test_cells_and_margins_by_hand() -> None:
    table = Contingency.of(np.array([4, 4, 9, 9, 9]), np.array([-1, 7, 7, 7, 2]))
    assert [part.tolist() for part in (table.rows, table.columns, table.counts)] == [
        [0, 0, 1, 1], [0, 2, 1, 2], [1, 1, 1, 2],
    ]  # fmt: skip
    assert (table.n, [part.tolist() for part in table.margins]) == (5, [[2, 3], [1, 1, 3]])
    assert table.without(2).counts.tolist() == [1, 1]
    assert table.without(0).without(1).without(2).figures() == {}


@settings(deadline=None)
@given(CODES, CODES)
@example(np.array([0, 1]), np.array([0, 1]))
def test_every_figure_is_scikit_learn_s(truth: np.ndarray, labels: np.ndarray) -> None:
    found = Contingency.of(truth, labels).figures()
    if len(np.unique(truth)) < 2:
        assert found == {}
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        right = {
            "nmi": metrics.normalized_mutual_info_score(truth, labels),
            "ami": metrics.adjusted_mutual_info_score(truth, labels),
            "ari": metrics.adjusted_rand_score(truth, labels),
            "v_measure": metrics.v_measure_score(truth, labels),
            "purity": contingency_matrix(truth, labels).max(axis=0).sum() / len(truth),
        }
    if len(np.unique(truth)) == len(np.unique(labels)) == len(truth):  # 0 / 0, of which scikit-learn makes either
        assert right.pop("ami") in (0, 1)
        assert found["ami"] == 1
    assert {name: found[name] for name in right} == pytest.approx(right, abs=1e-9)


@pytest.mark.parametrize(("n", "r", "c"), [(40, 3, 40), (3000, 10, 4), (3000, 90, 110), (60_000, 3, 5)])
def test_expected_information_is_scikit_learn_s(n: int, r: int, c: int) -> None:
    random = np.random.default_rng(n + r)
    truth, labels = random.integers(0, r, n), np.sort(random.integers(0, c, n)) // random.integers(1, 3, n)
    right = expected_mutual_information(contingency_matrix(truth, labels, sparse=True), n)
    assert expected_information(*Contingency.of(truth, labels).margins) == pytest.approx(right, rel=1e-8)


def test_where_items_can_be_dealt_out_in_one_way_only_chance_is_all() -> None:
    for parts in (2, 3, 1000):
        table = Contingency.of(np.arange(parts), np.arange(parts))
        assert table.figures()["ami"] == 1
        assert table.ami_by_chance(3).tolist() == [1, 1, 1]


def test_chance_is_every_way_to_deal_the_items_out() -> None:
    truth, labels = np.array([0, 0, 1, 1, 1]), np.array([0, 0, 0, 1, 2])
    ways = [metrics.adjusted_mutual_info_score(list(dealt), labels) for dealt in permutations(truth)]
    found = Contingency.of(truth, labels).ami_by_chance(4000, 3)
    values, counts = np.unique(found.round(9), return_counts=True)
    right, often = np.unique(np.round(ways, 9), return_counts=True)
    np.testing.assert_allclose(values, right, atol=1e-8)
    np.testing.assert_allclose(counts / 4000, often / len(ways), atol=0.03)


def test_chance_is_the_same_whatever_is_quicker_to_count(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    table = Contingency.of(random.integers(0, 9, 200), random.integers(0, 30, 200))
    dense = table.ami_by_chance(20, 1)
    monkeypatch.setattr("imgret.ops.contingency.DENSE", 0)
    np.testing.assert_allclose(table.ami_by_chance(20, 1), dense)
    assert abs(np.mean(dense)) < 0.05


def test_some_of_the_items_are_drawn_without_replacement() -> None:
    table = Contingency.of(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]))
    random = np.random.default_rng(0)
    draws = [table.drawn(2, random) for _ in range(600)]
    assert {draw.n for draw in draws} == {2}
    # Of 6 pairs of items, one is the two of the first cell.
    assert sum(draw.counts.tolist() == [2] for draw in draws) / 600 == pytest.approx(1 / 6, abs=0.05)
    assert table.drawn(4, random).counts.tolist() == table.counts.tolist()


def test_information_by_hand() -> None:
    table = Contingency.of(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))
    assert table.information == pytest.approx(math.log(2))
    assert Contingency.of(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])).information == pytest.approx(0, abs=1e-12)
