"""The re-ranker `aqe`, by hand and against a slow reference."""

import numpy as np
import pytest

from imgret.errors import UsageError
from imgret.plugins.rerankers.aqe import aqe
from imgret.plugins.retrievers.exact import exact
from tests.slow_rerank import expansions, led, points

NONE = np.zeros(0, np.int64)


def test_by_hand() -> None:
    # The first hit of (.8, .6) among (1, 0), (.6, .8), (0, 1) is the second row, cosine .96, so that the query becomes
    # (.8, .6) + .96^2 (.6, .8) = (1.35296, 1.33728).
    X = np.float32([[1, 0], [0.6, 0.8], [0, 1]])
    query = np.array([1.35296, 1.33728])
    scores, rows = aqe(exact(), n_neighbors=1, alpha=2, keep=0).fit(X, NONE).kneighbors(np.float32([[0.8, 0.6]]), 2)
    assert rows.tolist() == [[1, 0]]
    np.testing.assert_allclose(scores[0], (X @ query / np.linalg.norm(query))[[1, 0]], atol=1e-6)


@pytest.mark.parametrize("keep", [0, 2, 60])
def test_against_the_slow_reference(keep: int) -> None:
    X, Q = points()
    reranker = aqe(exact(), n_neighbors=7, alpha=3, keep=keep).fit(X, NONE)
    scores, rows = reranker.kneighbors(Q, 40)
    right = expansions(Q, X, 7, 3) @ X.T.astype(np.float64)
    for i, q in enumerate(Q):
        assert rows[i].tolist() == led(right[i], X.astype(np.float64) @ q, keep)
        np.testing.assert_allclose(scores[i, keep:], right[i, rows[i, keep:]], atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(reranker.scores(Q), rows, axis=1), scores, atol=1e-6)


@pytest.mark.parametrize("wrong", [{"n_neighbors": 0}, {"alpha": -1.0}, {"keep": -1}])
def test_arguments_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=r"at least 1, 0 and 0\nrerank\.n_neighbors=10"):
        aqe(exact(), **wrong)  # type: ignore[arg-type]
