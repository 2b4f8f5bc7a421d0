"""Sparse matrices over n rows, made and multiplied a block at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgret.plugin import Floats, Ints

ROWS = 1024  # of a sparse product at once: its result has some hundred numbers a row, its making some thousand


def pairs(lists: Ints, n: int, kept: NDArray[np.bool_] | None = None) -> Any:
    """(q, n) float64 with a one for each row in a query's list (q, p), or for those that are `kept` (q, p)."""
    import numpy as np
    from scipy.sparse import csr_array

    kept = np.ones(lists.shape, bool) if kept is None else kept
    ends = np.concatenate([[0], kept.sum(axis=1).cumsum()])
    found = csr_array((np.ones(ends[-1]), lists[kept], ends), shape=(len(lists), n))
    found.sort_indices()
    return found


def joined(near: Any, half: Any) -> Any:
    """R* (q, n), ones: R(p, k1), the ones of `near` (q, n), with each row of `half` (n, n) that lies by two thirds in
    it, for the members of it.
    """
    from scipy.sparse import csr_array, vstack

    from imgret.plugin import ops

    sizes, parts = half.sum(axis=1), [csr_array((0, near.shape[1]))]  # (n,)
    for part in ops.blocks(near.shape[0], ROWS):
        block = near[part]
        shared = (block @ half.T).multiply(block).tocsr()  # (b, n): how much of R(q, k1 / 2) lies in R(p, k1)
        shared.data = (3 * shared.data >= 2 * sizes[shared.indices]).astype(float)
        parts.append(block + shared @ half)
    found = vstack(parts, format="csr")
    found.eliminate_zeros()
    found.data[:] = 1
    return found


def weighted(Q: Floats, X: Floats, members: Any) -> Any:
    """exp(cosine - 1) of points (q, d) and their members among X (n, d), rows scaled to a sum of 1, if any."""
    import numpy as np
    from scipy.sparse import csr_array

    from imgret.plugin import ops

    members.sort_indices()
    counts = np.diff(members.indptr)
    queries, data = np.repeat(np.arange(len(Q)), counts), np.empty(members.nnz)
    for part in ops.blocks(members.nnz, ops.BLOCK // (16 * X.shape[1])):
        left, right = Q[queries[part]].astype(np.float64), X[members.indices[part]]
        data[part] = np.exp(np.einsum("pd,pd->p", left, right) - 1)
    data /= np.repeat(np.bincount(queries, data, len(Q)), counts)
    return csr_array((data, members.indices, members.indptr), shape=members.shape)


def overlaps(encoded: Any, by_column: Any) -> Iterator[NDArray[np.float64]]:
    """For each row v of `encoded` (q, n), sums 1 or 0, its sum of minima with each of n others w over the sum of
    maxima, (n,). `by_column` (n, n) has the w as its columns.
    """
    import numpy as np

    n = by_column.shape[1]
    for i in range(encoded.shape[0]):
        own = slice(encoded.indptr[i], encoded.indptr[i + 1])
        lists = [slice(by_column.indptr[c], by_column.indptr[c + 1]) for c in encoded.indices[own]]
        if not lists:
            yield np.zeros(n)
            continue
        rows = np.concatenate([by_column.indices[each] for each in lists])
        lengths = [each.stop - each.start for each in lists]
        values = np.concatenate([by_column.data[each] for each in lists])
        least = np.bincount(rows, np.minimum(values, np.repeat(encoded.data[own], lengths)), n)
        yield least / (2 - least)
