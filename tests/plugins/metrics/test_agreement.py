"""The metric `agreement`, by hand and by its laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from imgret.plugins.metrics.agreement import agreement

CODES = hnp.arrays(np.int64, 24, elements=st.integers(-1, 5))


def test_agreement_by_hand() -> None:
    truth = np.array([0, 0, 0, 1, 1, 1, -1])  # the last is unknown
    labels = np.array([5, 5, 2, 2, 2, 2, 5])
    # Table: truth 0 has 2 in cluster 5 and 1 in cluster 2; truth 1 has 3 in cluster 2.
    found = agreement(labels, truth)
    information = 2 / 6 * math.log(2) + 1 / 6 * math.log(1 / 2) + 3 / 6 * math.log(3 / 2)
    entropies = math.log(2), math.log(3) / 3 + 2 / 3 * math.log(3 / 2)
    nmi = information / (sum(entropies) / 2)
    expected_pairs = 6 * 7 / 15  # 3 + 3 pairs by truth, 1 + 6 by cluster, of 15
    assert found["nmi"] == pytest.approx(nmi)
    assert found["v_measure"] == pytest.approx(nmi)
    assert found["ari"] == pytest.approx((1 + 3 - expected_pairs) / ((6 + 7) / 2 - expected_pairs))
    assert found["purity"] == pytest.approx((2 + 3) / 6)
    assert found["accuracy"] == pytest.approx((2 + 3) / 6)
    assert 0 < found["ami"] < found["nmi"]
    assert set(found) == {"nmi", "ami", "ari", "v_measure", "purity", "accuracy"}


def test_purity_is_many_to_one_and_accuracy_one_to_one() -> None:
    found = agreement(np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 0, 0, 1, 1]))
    assert found["purity"] == 1
    assert found["accuracy"] == pytest.approx(4 / 6)  # one of clusters 0 and 1 has no partner


def test_noise_is_one_cluster_and_left_out_of_the_covered_figures() -> None:
    truth = np.array([0, 0, 0, 1, 1, 1])
    found = agreement(np.array([0, 0, -1, 1, 1, -1]), truth)
    assert found["purity"] == pytest.approx((2 + 2 + 1) / 6)
    assert found["accuracy"] == pytest.approx(4 / 6)
    names = ("nmi", "ami", "ari", "v_measure", "purity", "accuracy")
    assert [found[f"{name}_covered"] for name in names] == pytest.approx([1] * 6)
    one_sided = agreement(np.array([0, 0, 0, -1, -1, -1]), truth)  # the covered items have one truth
    assert one_sided["ari"] == 1
    assert not any(name.endswith("covered") for name in one_sided)


def test_left_out_without_two_truths() -> None:
    assert agreement(np.array([0, 1, 1]), np.array([2, 2, -1])) == {}
    assert agreement(np.array([0, 1, 1]), np.array([-1, -1, -1])) == {}


@settings(deadline=None)
@given(CODES, CODES, st.permutations(range(6)), st.permutations(range(24)))
def test_names_and_order_do_not_matter(
    labels: np.ndarray, truth: np.ndarray, names: list[int], rows: list[int]
) -> None:
    renamed = np.where(labels < 0, -1, np.array(names)[labels])
    found, again = agreement(labels, truth), agreement(renamed[rows], truth[rows])
    assert again == pytest.approx(found, abs=1e-9)
    assert all(math.isfinite(value) and value <= 1 + 1e-9 for value in found.values())
    if found:
        assert found["accuracy"] <= found["purity"]
