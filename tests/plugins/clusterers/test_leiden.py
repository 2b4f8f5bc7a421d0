from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components
from sklearn.metrics import adjusted_rand_score

import imgret
from imgret import UsageError, ops
from imgret.plugins.clusterers._graph import mutual
from imgret.plugins.clusterers.leiden import leiden
from tests.blobs import blobs


class Graph:
    """A knn that is handed in: each row has the m nearest that are written here, at distance 1."""

    def __init__(self, *edges: tuple[int, int]) -> None:
        ends = [*edges, *((b, a) for a, b in edges)]
        n = 1 + max(max(edge) for edge in edges)
        near = [sorted({b for a, b in ends if a == row}) for row in range(n)]
        m = max(map(len, near))
        self.rows = np.array([(each * m)[:m] for each in near])  # said twice, where a row has fewer
        self.X = np.zeros((n, 1), np.float32)
        self.asked: list[int] = []

    def __call__(self, X: Any, k: int) -> tuple[Any, Any]:
        assert X is self.X
        self.asked.append(k)
        return np.ones(self.rows.shape, np.float32), self.rows


def clique(*rows: int) -> list[tuple[int, int]]:
    return list(combinations(rows, 2))


def modularity(graph: Any, labels: Any, resolution: float = 1.0) -> float:
    """The sum over communities of (weight inside) / m - resolution * (sum of degrees / 2m)^2, from a dense matrix."""
    dense, total = graph.toarray(), graph.sum()
    parts = [labels == label for label in set(labels.tolist())]
    return float(sum(dense[p][:, p].sum() / total - resolution * (dense[p].sum() / total) ** 2 for p in parts))


def test_two_cliques_that_an_edge_joins() -> None:
    graph = Graph(*clique(0, 1, 2, 3, 4), *clique(5, 6, 7, 8, 9), (4, 5))
    labels = leiden(n_neighbors=5, knn=graph).fit_predict(graph.X)
    assert labels.dtype == np.int64
    assert len(set(labels[:5])) == len(set(labels[5:])) == 1
    assert labels[0] != labels[9]
    assert graph.asked == [5]


def test_resolution_decides_how_many() -> None:
    """Of a ring of four triangles, low resolution makes one community and a very high one twelve."""
    ring = [edge for i in range(4) for edge in [*clique(3 * i, 3 * i + 1, 3 * i + 2), (3 * i, (3 * i + 4) % 12)]]
    graph = Graph(*ring)
    found = {r: leiden(resolution=r, knn=graph).fit_predict(graph.X) for r in (0.01, 1, 100)}
    assert [len(set(labels.tolist())) for labels in found.values()] == [1, 4, 12]
    assert all(len(set(found[1][3 * i : 3 * i + 3])) == 1 for i in range(4))


def test_parts_that_no_edge_joins_are_apart_at_any_resolution() -> None:
    X, truth = blobs(40, 30, 20, spread=0.1)
    labels = leiden(n_neighbors=6, resolution=1e-6).fit_predict(X)
    assert connected_components(mutual(ops.knn(X, 6)[1]))[0] == 3
    assert adjusted_rand_score(truth, labels) == 1


def test_an_edge_that_holds_one_way_weighs_half() -> None:
    # The nearest of 0 is 1, of 1 is 0, of 3 is 1.
    rows = ops.knn(np.array([[0], [1], [3]], np.float32), 1)[1]
    np.testing.assert_array_equal(mutual(rows).toarray(), [[0, 1, 0], [1, 0, 0.5], [0, 0.5, 0]])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 60), st.integers(1, 9), st.sampled_from([0.5, 1.0, 2.0]))
def test_communities_hang_together_and_are_no_worse_than_the_plain_ones(
    seed: int, n: int, width: int, resolution: float
) -> None:
    """What the paper guarantees; and modularity is at least that of one community, of the parts, and of single points.

    Moving any one point into another community does not raise it either.
    """
    X = np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)
    graph = mutual(ops.knn(X, width)[1])
    labels = leiden(n_neighbors=width, resolution=resolution).fit_predict(X)
    for label in set(labels.tolist()):
        inside = np.flatnonzero(labels == label)
        assert connected_components(graph[inside][:, inside])[0] == 1
    reached = modularity(graph, labels, resolution) + 1e-9
    for plain in (np.zeros(n, np.int64), connected_components(graph)[1], np.arange(n)):
        assert reached >= modularity(graph, plain, resolution)
    row = int(np.random.default_rng(seed).integers(n))
    for label in set(labels.tolist()):
        moved = labels.copy()
        moved[row] = label
        assert reached >= modularity(graph, moved, resolution)


def test_the_same_twice_and_for_any_seed_that_can_be_typed() -> None:
    X = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    before = X.copy()
    first, again = (leiden(seed=3).fit_predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(X, before)
    assert len(leiden(seed=2**70).fit_predict(X)) == 300


@pytest.mark.parametrize("n", [1, 2, 3, 20, 400])
def test_few_or_equal_points(n: int) -> None:
    apart = leiden().fit_predict(np.arange(n, dtype=np.float32)[:, None])
    assert (apart.dtype, apart.shape) == (np.int64, (n,))
    equal = leiden().fit_predict(np.full((n, 3), 0.1, np.float32))
    assert equal.tolist() == [0] * n if n < 2 else len(set(equal.tolist())) == 1


def test_many_equal_points_beside_others_share_a_community() -> None:
    X, truth = blobs(60, 50)
    X[truth == 0] = X[0]
    labels = leiden(n_neighbors=10).fit_predict(X)
    assert len(set(labels[truth == 0].tolist())) == 1
    assert not set(labels[truth == 0].tolist()) & set(labels[truth == 1].tolist())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"n_neighbors": 0}, r"clusterer\.n_neighbors=0: clusterer=leiden takes 1 or more here"),
        ({"resolution": 0}, r"clusterer\.resolution=0: a number above 0 is needed\nclusterer\.resolution=1"),
        ({"resolution": float("inf")}, "resolution=inf"),
        ({"resolution": float("nan")}, "resolution=nan"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        leiden(**wrong)


def test_a_k_that_is_typed_is_refused(colours: Any) -> None:
    with pytest.raises(UsageError, match="k has no effect on clusterer=leiden"):
        imgret.run(colours, clusterer="leiden", k=3)
