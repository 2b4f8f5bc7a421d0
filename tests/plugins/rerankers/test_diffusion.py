"""The re-ranker `diffusion`, by hand and against a slow reference that solves the whole system."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from imgret.errors import UsageError
from imgret.plugins.rerankers.diffusion import diffusion, solved
from imgret.plugins.retrievers.exact import exact
from tests.slow_rerank import diffused, led, points

NONE = np.zeros(0, np.int64)


def test_conjugate_gradients_by_hand() -> None:
    # Two points joined by 1: f = y + a S f gives f1 = (y1 + a y2) / (1 - a^2), of (1, 0) with a = .5 4/3 and 2/3.
    S = csr_array(np.array([[0.0, 1], [1, 0]]))
    np.testing.assert_allclose(solved(S, 0.5, np.array([1.0, 0])), [4 / 3, 2 / 3])
    assert solved(S, 0.5, np.zeros(2)).tolist() == [0, 0]


def test_a_chain_is_walked_and_what_is_apart_follows_by_its_cosine() -> None:
    # A chain of rows 20 degrees apart, a pair 110 degrees and more from the query at 0; the third of the chain is
    # reached from the first alone. Edges within the pair lead nowhere.
    angles = np.radians([0, 20, 40, 110, 120])
    X = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    scores, rows = diffusion(exact(), n_neighbors=1, n_query=1, alpha=0.5, keep=0).fit(X, NONE).kneighbors(X[:1], 5)
    # S joins 0 and 1 by 1 / sqrt(2), and 1 and 2. f0 = 1 + b f1, f1 = b (f0 + f2), f2 = b f1 with b = .5 / sqrt(2)
    b = 0.5 / np.sqrt(2)
    f1 = b / (1 - 2 * b * b)
    right = [1, f1 / (1 + b * f1), b * f1 / (1 + b * f1), np.cos(angles[3]) - 1, np.cos(angles[4]) - 1]
    assert rows.tolist() == [[0, 1, 2, 3, 4]]
    np.testing.assert_allclose(scores[0], right, atol=1e-6)


@pytest.mark.parametrize(("truncate", "keep"), [(100, 0), (40, 2), (15, 0), (15, 3), (3, 0), (1, 1)])
@pytest.mark.parametrize("seed", [0, 1])
def test_against_the_slow_reference(truncate: int, keep: int, seed: int) -> None:
    X, Q = points(seed)
    reranker = diffusion(exact(), 6, 5, 0.8, 2, truncate, keep).fit(X, NONE)
    scores, rows = reranker.kneighbors(Q, 40)
    right = diffused(Q, X, 6, 5, 0.8, 2, truncate)
    for i, q in enumerate(Q):
        assert rows[i].tolist() == led(right[i], X.astype(np.float64) @ q, keep)
        np.testing.assert_allclose(scores[i, keep:], right[i, rows[i, keep:]], atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(reranker.scores(Q), rows, axis=1), scores, atol=1e-6)


@pytest.mark.parametrize("wrong", [{"n_neighbors": 0}, {"n_query": 0}, {"truncate": 0}, {"alpha": 1.0},
                                   {"alpha": -0.1}, {"gamma": -1.0}, {"keep": -1}])  # fmt: skip
def test_arguments_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=r"alpha in \[0, 1\), the others from 0\nrerank\.n_neighbors=20"):
        diffusion(exact(), **wrong)  # type: ignore[arg-type]
