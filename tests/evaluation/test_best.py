"""The rows that may be the best, by hand-worked values of Student's t."""

import numpy as np
import pytest

from imgret.evaluation.best import contenders


def rows(*values: list[float]) -> list[dict[int, float]]:
    return [dict(enumerate(each)) for each in values]


def test_two_rows_by_hand() -> None:
    """Differences 1, 2, 3: mean 2, standard deviation 1, so t = 2 / (1 / sqrt 3) = 3.46; of 2 degrees of freedom the
    upper 5 % begin at 2.920. Differences 0, 2, 4 have t = 1.73."""
    assert contenders(rows([1, 1, 1], [2, 3, 4]), 1) == {1}
    assert contenders(rows([1, 1, 1], [2, 3, 4]), -1) == {0}
    assert contenders(rows([1, 1, 1], [1, 3, 5]), 1) == {0, 1}


def test_more_rows_ask_for_more() -> None:
    """t = 3.46 again, and 4.303 are asked of two comparisons (2.5 %), 6.965 of five (1 %)."""
    assert contenders(rows([1, 1, 1], [2, 3, 4], [2, 3, 4]), 1) == {0, 1, 2}
    far = [1 + 7 / 12**0.5, 1 + 7 / 12**0.5 + 1, 1 + 7 / 12**0.5 + 2]
    t = (np.mean(far) - 1) / (1 / 3**0.5)
    assert 4.303 < t < 6.965
    assert contenders(rows([1, 1, 1], far, far), 1) == {1, 2}  # of two comparisons each
    assert contenders(rows([1, 1, 1], far, far, far, far, far), 1) == set(range(6))  # of five


def test_pairs_count_and_not_the_spread_of_a_row() -> None:
    """The seeds move both rows by tenths, the difference is .01 each time, or nearly."""
    assert contenders(rows([0.1, 0.5, 0.9], [0.11, 0.51, 0.91]), 1) == {1}
    assert contenders(rows([0.1, 0.5, 0.9], [0.111, 0.51, 0.909]), 1) == {1}
    assert contenders(rows([0.1, 0.5, 0.9], [0.5, 0.9, 0.11]), 1) == {0, 1}


def test_rows_that_tie_and_rows_that_share_too_little() -> None:
    assert contenders(rows([1, 2], [1, 2], [0, 1]), 1) == {0, 1}
    assert contenders([{0: 1.0}, {0: 5.0}], 1) == {0, 1}
    assert contenders([{0: 1.0, 1: 1.0}, {1: 5.0, 2: 5.0}], 1) == {0, 1}
    assert contenders([{0: 1.0, 1: 1.0, 2: 9.0}, {1: 5.0, 0: 5.0}], 1) == {1}


@pytest.mark.parametrize("equal", [True, False])
def test_the_best_is_left_out_no_more_often_than_is_said(equal: bool) -> None:
    """300 tables of eight rows over five seeds: the best one, or each of equal ones, is left out of 5 % at the most.

    By chance it would be 15; that it is more than 27 has a chance of one in a thousand.
    """
    random = np.random.default_rng(0)
    means = np.zeros(8) if equal else np.arange(8) / 10
    lost = 0
    for _ in range(300):
        table = means[:, None] + random.normal(size=(1, 5)) + random.normal(size=(8, 5))
        lost += 7 not in contenders(rows(*table.tolist()), 1)
    assert lost <= 27
