"""The retriever `faiss_hnsw`."""

import numpy as np
import pytest

from imgret import ops
from imgret.checks import faults
from imgret.registry import build

faiss = pytest.importorskip("faiss")
from imgret.plugins.retrievers.faiss_hnsw import faiss_hnsw  # noqa: E402
from tests.plugins.retrievers.test_faiss_ivf import points  # noqa: E402


@pytest.mark.parametrize("given", [{}, {"M": 2, "ef": 1, "build": 1}])
def test_contract(given: dict[str, int]) -> None:
    assert faults("retriever", "faiss_hnsw", **given) == []


def test_the_default_finds_nearly_all_with_the_scores_of_an_exact_scan() -> None:
    X = points(3000)
    retriever = build("retriever", {"name": "faiss_hnsw"}).fit(X, np.zeros(3000, np.int64))
    (right, rows), (scores, found) = ops.top_k(X[:200], X, 3000), retriever.kneighbors(X[:200], 10)
    assert np.mean([np.isin(a[:10], b).mean() for a, b in zip(rows, found, strict=True)]) > 0.98
    for query in range(200):
        of = dict(zip(rows[query].tolist(), right[query].tolist(), strict=True))
        assert scores[query].tolist() == [of[row] for row in found[query].tolist()]


def test_the_graph_is_that_of_the_seed_however_many_threads_there_are() -> None:
    X, threads = points(800), faiss.omp_get_max_threads()
    levels, hits = [], []
    try:
        for seed, many in ((1, 1), (1, 4), (2, 1)):
            faiss.omp_set_num_threads(many)
            retriever = faiss_hnsw(M=4, ef=8, build=8, seed=seed).fit(X, np.zeros(800, np.int64))
            assert faiss.omp_get_max_threads() == many
            graph = retriever._index.hnsw
            levels.append([faiss.vector_to_array(array).tolist() for array in (graph.levels, graph.neighbors)])
            hits.append(retriever.kneighbors(X, 5)[1])
    finally:
        faiss.omp_set_num_threads(threads)
    assert levels[0] == levels[1]
    assert levels[0] != levels[2]
    np.testing.assert_array_equal(hits[0], hits[1])


def test_where_the_walk_ends_early_all_are_compared() -> None:
    X = np.repeat(points(4, c=4), 200, axis=0)  # equal rows link to each other alone
    retriever = faiss_hnsw(M=2, ef=1, build=1).fit(X, np.zeros(800, np.int64))
    assert retriever.kneighbors(X[:3], 800)[1].tolist() == ops.top_k(X[:3], X, 800)[1].tolist()
