"""The nearest neighbours of the rows of an array, found once for all who ask: components, reports, later searches."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgret import ops
from imgret.registry import SLOTS, find, parameters
from imgret.store.store import digest

if TYPE_CHECKING:
    from imgret.contracts import Floats, Ints
    from imgret.store.store import Store

MOST = 50_000  # images whose neighbours are kept with a run
SPARE = 8  # nearest that are scored beyond those asked for
WIDTH = 100  # neighbours of each row that are found at once: t-SNE at a perplexity of 30 asks for the most, 90


class Graph(NamedTuple):
    """The m nearest others of each of n rows by Euclidean distance, nearest first; equal distances: lower row first."""

    distances: Floats  # (n, m)
    rows: Ints  # (n, m)


class Neighbours:
    """What components get as `knn`: a function `knn(X, k)` with the contract and, bit for bit, the results of ops.knn.

    The `WIDTH` nearest are found the first time, and fewer are a part of them. They are kept for as long as this lives,
    and in the `store` where finding them took a while. `held` are graphs of X that are known already.
    """

    def __init__(self, store: Store | None = None, device: str = "cpu", held: tuple[Floats, Graph] | None = None):
        self.store, self.device = store, device
        self._digests: list[tuple[weakref.ref[Any], str]] = []  # of the arrays that were asked about: hashed once
        self._graphs: dict[str, Graph] = {}
        if held:
            self._graphs[self._digest(held[0])] = held[1]

    def __call__(self, X: Floats, k: int) -> tuple[Floats, Ints]:
        """The k nearest others of each row of X (n, d): distances (n, m) float32 and rows (n, m) int64.

        m = min(k, n - 1), nearest first; equal distances: lower row first.
        """
        m = max(0, min(k, len(X) - 1))
        graph = self.graph(X, m)
        return graph.distances[:, :m], graph.rows[:, :m]

    def graph(self, X: Floats, k: int = WIDTH) -> Graph:
        """The graph of X, of at least the k nearest."""
        key = self._digest(X)
        if key not in self._graphs or self._graphs[key].rows.shape[1] < min(k, len(X) - 1):
            self._graphs[key] = self._find(X, max(k, WIDTH), key)
        return self._graphs[key]

    def _find(self, X: Floats, width: int, key: str) -> Graph:
        import torch

        def find() -> Floats:
            return packed(Graph(*ops.knn(X, width, self.device)))

        return unpacked(self.store.derived(find, "neighbours", width, torch.__version__, key) if self.store else find())

    def _digest(self, X: Floats) -> str:
        for known, key in self._digests:
            if known() is X:
                return key
        self._digests = [pair for pair in self._digests if pair[0]() is not None]
        self._digests.append((weakref.ref(X), digest(X)))
        return self._digests[-1][1]


def wanted(settings: Mapping[str, Any], n: int) -> bool:
    """Whether the graph of X (n, d) is kept with a run: where a component works on it, and in minutes at the most.

    That follows from the settings and n alone, not from what the store has, so that a run has the same files again.
    """
    chosen = [(SLOTS[slot], settings[slot]["name"]) for slot in ("reducer", "view", "rerank") if settings.get(slot)]
    return 1 < n <= MOST and any("knn" in parameters(find(*each)) for each in chosen)


def likest(X: Floats, k: int, graph: Graph | None, device: str) -> tuple[Ints, Floats]:
    """The k others of the largest inner product with each row of X (n, d), best first, ties by row: rows, scores."""
    if graph and is_unit(X):  # then they are the nearest, but for rounding
        rows, scores = by_product(X, graph.rows[:, : k + SPARE])
        return rows[:, :k], scores[:, :k]
    scores, rows = ops.top_k(X, X, k, exclude=np.arange(len(X)), device=device)
    return rows, scores


def is_unit(X: Floats) -> bool:
    """Whether each row (n, d) has the length 1, but for rounding."""
    parts = ops.blocks(len(X), ops.BLOCK // (8 * X.shape[1]))
    return all(np.allclose(np.linalg.norm(X[part], axis=1), 1, rtol=0, atol=1e-5) for part in parts)


def by_product(X: Floats, rows: Ints) -> tuple[Ints, Floats]:
    """Some rows (n, m) for each row of X (n, d), and their inner products with it (n, m): largest first, ties by row.

    Products are float64 sums rounded to float32, as those of ops.top_k.
    """
    scores = np.empty(rows.shape, np.float32)
    for part in ops.blocks(len(X), ops.CACHE // (8 * max(1, rows.shape[1]) * X.shape[1])):
        scores[part] = np.einsum("nd,nmd->nm", X[part].astype(np.float64), X[rows[part]].astype(np.float64))
    order = np.lexsort((rows, -scores), axis=1)
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(scores, order, axis=1)


def packed(graph: Graph) -> Floats:
    """One array (n, 2 m) float32 of both, as it is kept: the distances, then the rows as int32 in the same bits."""
    return np.hstack([graph.distances, graph.rows.astype(np.int32).view(np.float32)])


def unpacked(array: Floats) -> Graph:
    """The graph of an array (n, 2 m). Raises ValueError for what is none: each row n - 1 others at the most, that are
    there, by distances that ascend.
    """
    n, m = len(array), array.shape[1] // 2
    if array.dtype != np.float32 or array.shape != (n, 2 * m) or m > max(0, n - 1):
        raise ValueError(f"{array.dtype} {array.shape} are no neighbours of {n} rows")
    distances, rows = array[:, :m], np.ascontiguousarray(array[:, m:]).view(np.int32).astype(np.int64)
    for part in ops.blocks(n, ops.BLOCK // (16 * max(1, m))):
        here = rows[part]
        if not ((here >= 0) & (here < n)).all() or (here == np.arange(n)[part, None]).any():
            raise ValueError("it names rows that there are not, or a row as its own neighbour")
        if not (np.isfinite(distances[part]).all() and (distances[part] >= 0).all()
                and (np.diff(distances[part], axis=1) >= 0).all()):  # fmt: skip
            raise ValueError("its distances do not ascend")
    distances.flags.writeable = rows.flags.writeable = False  # they are everyone's
    return Graph(distances, rows)
