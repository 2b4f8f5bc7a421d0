"""The retriever `faiss_ivf`, and what it shares with `faiss_hnsw`."""

import sys

import numpy as np
import pytest

from imgret import UsageError, ops
from imgret.checks import faults
from imgret.registry import build

pytest.importorskip("faiss")
from imgret.plugins.retrievers import _faiss
from imgret.plugins.retrievers.faiss_ivf import faiss_ivf


def points(n: int, d: int = 12, c: int = 20, seed: int = 0) -> np.ndarray:
    """Rows of unit length (n, d) in c overlapping groups."""
    rng = np.random.default_rng(seed)
    spread = rng.normal(size=(c, d))[rng.integers(0, c, n)] + rng.normal(size=(n, d))
    return ops.normalise(spread.astype(np.float32))[0]


@pytest.mark.parametrize("given", [{}, {"nlist": 1}, {"nlist": 500, "nprobe": 1}, {"nlist": 7, "nprobe": 100}])
def test_contract(given: dict[str, int]) -> None:
    assert faults("retriever", "faiss_ivf", **given) == []


@pytest.mark.parametrize("nprobe", [20, 99])
def test_probing_all_lists_is_exact_bit_for_bit(nprobe: int) -> None:
    X = points(1000)
    X[::3] = X[0]  # equal rows, and more of them than hits
    retriever = faiss_ivf(nlist=20, nprobe=nprobe).fit(X, np.zeros(1000, np.int64))
    assert (retriever.scanned(X, 9) == 1000).all()
    some = np.flatnonzero(np.arange(1000) % 3)
    for found, right in zip(retriever.kneighbors(X[some], 9), ops.top_k(X[some], X, 9), strict=True):
        np.testing.assert_array_equal(found, right)


def test_one_list_is_its_nearest_and_goes_on_where_that_is_too_short() -> None:
    X = points(300)
    retriever = faiss_ivf(nlist=60, nprobe=1, seed=3).fit(X, np.zeros(300, np.int64))
    means = retriever._directions
    homes = np.argsort(-(X @ means.T), axis=1, kind="stable")  # of a row as of a query
    assert np.bincount(homes[:, 0], minlength=60).tolist() == retriever._sizes.tolist()
    scores, rows = retriever.kneighbors(X[:40], 12)
    held = retriever._sizes[homes[:40]].cumsum(axis=1)
    assert retriever.scanned(X[:40], 12).tolist() == [line[line >= 12][0] for line in held]
    for query in range(40):
        visited = homes[query, : 1 + (held[query] < 12).sum()]
        members = np.flatnonzero(np.isin(homes[:, 0], visited))
        best = ops.top_k(X[query : query + 1], X[members], 12)
        assert members[best[1][0]].tolist() == rows[query].tolist()
        assert best[0][0].tolist() == scores[query].tolist()


def test_the_default_finds_most_and_looks_at_few() -> None:
    X = points(3000)
    retriever = build("retriever", {"name": "faiss_ivf"}).fit(X, np.zeros(3000, np.int64))
    right, found = ops.top_k(X[:200], X, 10)[1], retriever.kneighbors(X[:200], 10)[1]
    assert np.mean([np.isin(a, b).mean() for a, b in zip(right, found, strict=True)]) > 0.85
    assert 0.1 < retriever.scanned(X[:200], 10).mean() / 3000 < 0.25  # 8 of 55 lists


def test_the_same_seed_gives_the_same_lists_and_another_others() -> None:
    X = points(500)
    lists = [faiss_ivf(seed=seed).fit(X, np.zeros(500, np.int64))._directions for seed in (1, 1, 2)]
    assert np.array_equal(lists[0], lists[1])
    assert not np.array_equal(lists[0], lists[2])


def test_a_query_with_too_few_candidates_is_compared_with_all() -> None:
    X = points(50)
    scores, rows = _faiss.hits(lambda Q, w: np.array([[4, -1, -1], [7, 2, -1]]), X[:2], X, 1, 2)
    right = ops.top_k(X[:2], X, 50)
    assert rows[0].tolist() == right[1][0, :2].tolist()
    assert rows[1].tolist() == [row for row in right[1][1].tolist() if row in (2, 7)]
    assert scores[1].tolist() == [right[0][1, right[1][1] == row].item() for row in rows[1]]


def test_more_candidates_are_asked_for_while_the_last_of_them_is_as_good_as_a_hit() -> None:
    X = np.repeat(points(2), [5, 95], axis=0)
    asked = []

    def backwards(Q: np.ndarray, width: int) -> np.ndarray:
        """The best in value, of equal ones the higher rows."""
        asked.append((len(Q), width))
        return 99 - np.argsort(-np.round(Q @ X.T, 4)[:, ::-1], axis=1, kind="stable")[:, :width]

    rows = _faiss.hits(backwards, X[[0, 99]], X, 1, 2)[1]
    assert rows.tolist() == [[0, 1], [5, 6]]
    assert asked == [(2, 10), (1, 40), (1, 100)]


@pytest.mark.parametrize("name", ["faiss_ivf", "faiss_hnsw"])
def test_without_the_package_it_says_what_to_type_before_anything_is_computed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(UsageError, match=r'faiss-cpu\ntype pip install "imgret\[faiss\]"'):
        build("retriever", {"name": name})


@pytest.mark.parametrize(("name", "wrong"), [
    ("faiss_ivf", {"nlist": -1}), ("faiss_ivf", {"nprobe": 0}), ("faiss_hnsw", {"M": 1}), ("faiss_hnsw", {"ef": 0}),
    ("faiss_hnsw", {"build": 0}),
])  # fmt: skip
def test_impossible_settings_are_refused_at_once(name: str, wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        build("retriever", {"name": name, **wrong})
