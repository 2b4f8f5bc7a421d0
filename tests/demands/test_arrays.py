"""What is taken of arrays, as it is handed on. What is refused, and in which words, is a table in test_blame.py."""

import numpy as np
import pytest

from imgret.demands import arrays
from imgret.errors import Fault

X = np.array([[1, 2], [3, 4], [5, 6]], np.float32)


def test_labels_of_any_whole_kind_are_taken() -> None:
    for given in ([0, -1, 2], (0, -1, 2), np.array([0, -1, 2], np.int8)):
        found = arrays.labels(given, 3)
        assert (found.tolist(), found.dtype) == ([0, -1, 2], np.int64)
    with pytest.raises(Fault, match="for 3 points it gave bool of shape"):
        arrays.labels([True, False, True], 3)


def test_columns_of_any_number_are_taken_as_float32() -> None:
    assert arrays.reduced([[1], [2], [3]], X).tolist() == [[1.0], [2.0], [3.0]]
    assert arrays.reduced(X.astype(np.float64), X, 2).dtype == np.float32
    for wrong in (np.full((3, 1), 1e300), np.ones((3, 1)) * 1j, np.ones((3, 0))):
        with pytest.raises(Fault, match=r"^X "):
            arrays.reduced(wrong, X)


def test_hits_are_whole_and_in_order() -> None:
    scores, rows = np.array([[0.5, 0.5, 0.1]], np.float32), np.array([[0, 2, 1]])
    assert arrays.hits((scores, rows), 1, 3, 9) == (scores, rows)
    with pytest.raises(Fault, match="of equal scores, a higher row comes before"):
        arrays.hits((scores, rows[:, [1, 0, 2]]), 1, 3, 9)
    with pytest.raises(Fault, match=r"gave the row -2, allowed are 0 to 2"):
        arrays.hits((scores, rows - 2), 1, 3, 9)


def test_features_are_floating_point() -> None:
    import torch

    with pytest.raises(Fault, match=r"images \(b, 3, 8, 6\) became torch.int64, not floating point"):
        arrays.features(torch.zeros(2, 4, dtype=torch.int64), torch.zeros(2, 3, 8, 6))
    with pytest.raises(Fault, match=r"images \(b, 3, 8, 6\) became \(4,\), not \(b, d\)"):
        arrays.features(torch.zeros(4), torch.zeros(2, 3, 8, 6))
