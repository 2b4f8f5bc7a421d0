"""The re-ranker `dba`, by hand and against a slow reference."""

import numpy as np
import pytest

from imgret.errors import UsageError
from imgret.plugins.rerankers._lead import lead, lead_all
from imgret.plugins.rerankers.dba import dba
from imgret.plugins.retrievers.exact import exact
from tests.slow_rerank import augmentations, expansions, led, points

NONE = np.zeros(0, np.int64)


def test_by_hand() -> None:
    # Of (1, 0), (.6, .8), (0, 1) the nearest others are (.6, .8), (0, 1), (.6, .8), with cosines .6, .8, .8. By those,
    # the rows become (1.36, .48), (.6, 1.6), (.48, 1.64). The query (.8, .6) has the nearest row (.6, .8), cosine .96:
    # (1.376, 1.368).
    X = np.float32([[1, 0], [0.6, 0.8], [0, 1]])
    rows = np.array([[1.36, 0.48], [0.6, 1.6], [0.48, 1.64]])
    query = np.array([1.376, 1.368])
    right = rows @ query / np.linalg.norm(rows, axis=1) / np.linalg.norm(query)
    Q = np.float32([[0.8, 0.6]])
    scores, found = dba(exact(), n_neighbors=1, alpha=1, keep=0).fit(X, NONE).kneighbors(Q, 3)
    assert found.tolist() == [[1, 0, 2]]
    np.testing.assert_allclose(scores[0], right[[1, 0, 2]], atol=1e-6)


def test_hits_that_stay_first_have_scores_just_above_what_follows() -> None:
    above = np.nextafter(np.float32(0.5), np.float32(9))
    twice = np.nextafter(above, np.float32(9))
    scores, rows = np.float32([[0.5, 0.4, 0.3, 0.2], [0.5, 0.4, 0.3, 0.2]]), np.array([[4, 7, 1, 0], [7, 1, 4, 2]])
    own, first = np.float32([[0.1, 0.3], [0.9, 0.5]]), np.array([[9, 1], [8, 7]])
    led = lead(scores, rows, own, first, 4)
    assert led[1].tolist() == [[9, 1, 4, 7], [8, 7, 1, 4]]
    assert led[0].tolist() == np.float32([[twice, above, 0.5, 0.4], [0.9, 0.5, 0.4, 0.3]]).tolist()
    assert lead(scores, rows, own, first, 1)[0].tolist() == [[twice], [np.float32(0.9)]]
    everything = lead_all(np.float32([[0.5, 0.3, 0.1]]), np.array([[2, 1]]))
    assert everything.tolist() == [[0.5, above, twice]]


@pytest.mark.parametrize("keep", [0, 2, 60])
def test_against_the_slow_reference(keep: int) -> None:
    X, Q = points()
    reranker = dba(exact(), n_neighbors=7, alpha=2, keep=keep).fit(X, NONE)
    scores, rows = reranker.kneighbors(Q, 40)
    right = expansions(Q, X, 7, 2) @ augmentations(X, 7, 2).T
    for i, q in enumerate(Q):
        assert rows[i].tolist() == led(right[i], X.astype(np.float64) @ q, keep)
        np.testing.assert_allclose(scores[i, keep:], right[i, rows[i, keep:]], atol=1e-6)
    assert (np.diff(scores, axis=1) <= 0).all()
    np.testing.assert_allclose(np.take_along_axis(reranker.scores(Q), rows, axis=1), scores, atol=1e-6)


def test_zeros_stay_zeros_and_far_rows_have_no_weight() -> None:
    X = np.float32([[1, 0], [-1, 0], [0, 0]])
    reranker = dba(exact(), n_neighbors=2, alpha=0).fit(X, NONE)
    scores, rows = reranker.kneighbors(X, 3)
    assert rows.tolist() == [[0, 2, 1], [1, 2, 0], [0, 1, 2]]
    np.testing.assert_allclose(scores[:2], [[1, 0, -1], [1, 0, -1]], atol=1e-6)


@pytest.mark.parametrize("wrong", [{"n_neighbors": 0}, {"alpha": -1.0}, {"keep": -1}])
def test_arguments_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=r"at least 1, 0 and 0\nrerank\.n_neighbors=20"):
        dba(exact(), **wrong)  # type: ignore[arg-type]


def test_it_uses_the_neighbours_that_it_is_handed() -> None:
    X, Q = points()
    asked = []

    def knn(X: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        asked.append(k)
        return np.zeros((len(X), 1), np.float32), np.arange(len(X))[::-1, None].copy()

    dba(exact(), n_neighbors=9, knn=knn).fit(X, NONE).kneighbors(Q, 1)
    assert asked == [9]
