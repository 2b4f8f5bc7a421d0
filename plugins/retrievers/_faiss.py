"""What the retrievers on FAISS share: the package, and exact scores of the candidates that it finds."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from imgret import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgret.plugin import Floats, Ints

    Find = Callable[[Floats, int], Ints]

SPARE = 8  # candidates beyond those asked for


def demand() -> None:
    """Raises UsageError where the package is not installed."""
    if find_spec("faiss") is None:
        raise UsageError('faiss_ivf and faiss_hnsw need the package faiss-cpu\ntype pip install "imgret[faiss]"')


def library() -> Any:
    """The module `faiss`. Raises UsageError where it is not installed."""
    demand()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # of SWIG's types, by newer Pythons
        return import_module("faiss")


def hits(find: Find, Q: Floats, X: Floats, longest: float, m: int) -> tuple[Floats, Ints]:
    """The scores (q, m) and rows (q, m) of the m best rows of X (n, d) among those that FAISS finds, ties by row.

    `find(Q, w)` names for each query (b, d) the w best rows (b, w) by a float32 product, -1 behind the last. Scores
    are those of an exact scan; `longest` is the length of the longest row. More are asked for as long as the last of
    them could, within that product's rounding, belong to the m best; a query for which fewer than m are found is
    compared with all of X.
    """
    import numpy as np

    from imgret.plugin import ops

    scores, rows = np.empty((len(Q), m), np.float32), np.empty((len(Q), m), np.int64)
    scale = np.linalg.norm(Q.astype(np.float64), axis=1) * longest
    slack = 2 * np.finfo(np.float32).eps * X.shape[1] ** 0.5 * scale  # as ops.settle has it
    undecided, width = np.arange(len(Q)), m + SPARE
    while len(undecided):
        width = min(width, len(X))
        left = []
        for part in ops.blocks(len(undecided), ops.BLOCK // (24 * width)):
            at = undecided[part]
            named = find(Q[at], width)
            best, found = _ranked(Q[at], X, named)
            scores[at], rows[at] = best[:, :m], found[:, :m]
            enough = (named >= 0).sum(axis=1) >= m
            left.append(at[enough & (width < len(X)) & (best[:, -1] + slack[at] >= best[:, m - 1])])
            if not enough.all():
                scores[at[~enough]], rows[at[~enough]] = ops.top_k(Q[at[~enough]], X, m)
        undecided, width = np.concatenate(left), 4 * width
    return scores, rows


def longest_row(X: Floats) -> float:
    """The length of the longest row of X (n, d)."""
    import numpy as np

    return float(np.sqrt(np.einsum("nd,nd->n", X, X).max()))


def _ranked(Q: Floats, X: Floats, named: Ints) -> tuple[Floats, Ints]:
    """Exact scores (b, w) and rows (b, w) of the candidates (b, w) of queries (b, d), best first; -inf for none."""
    import torch

    from imgret.plugin import ops

    gone = torch.from_numpy(named < 0)
    rough = torch.zeros(gone.shape).masked_fill_(gone, -torch.inf)
    rows, queries = torch.from_numpy(named.clip(0)), ops.tensor(Q)
    best, found = ops.settle(rough, queries, ops.tensor(X), rough.shape[1], torch.zeros(len(Q)), rows)
    return best.numpy(), found.numpy()


def contiguous(array: NDArray[np.float32]) -> Floats:
    """The array as FAISS takes it."""
    import numpy as np

    return np.ascontiguousarray(array, np.float32)
