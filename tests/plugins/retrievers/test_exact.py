"""The retriever `exact`."""

import numpy as np

from imgret.plugins.retrievers.exact import exact


def test_exact_by_hand() -> None:
    X = np.float32([[0.6, 0.8], [1, 0], [0, 1], [1, 0]])
    retriever = exact().fit(X, np.zeros(4, np.int64))
    scores, rows = retriever.kneighbors(np.float32([[1, 0], [0, 1]]), 3)
    assert rows.tolist() == [[1, 3, 0], [2, 0, 1]]  # equal scores: the lower row first
    assert scores.tolist() == np.float32([[1, 1, 0.6], [1, 0.8, 0]]).tolist()
    assert (scores.dtype, rows.dtype) == (np.float32, np.int64)
    assert retriever.kneighbors(X[:1], 9)[1].shape == (1, 4)
