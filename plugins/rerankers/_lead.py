"""What re-rankers share: exact scores of a few rows, expanded rows, and the hits that stay first whatever is made of
the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgret.plugin import Floats, Ints


def inner(Q: Floats, X: Floats, rows: Ints) -> Floats:
    """Inner products (q, p) float32 of queries (q, d) with some rows (q, p) of X (n, d) each.

    Sums in float64, as `ops.top_k` has them: equal rows have equal scores, and a query's depend on no other query.
    """
    import numpy as np

    from imgret.plugin import ops

    found = np.empty(rows.shape, np.float32)
    for part in ops.blocks(len(Q), ops.BLOCK // (8 * max(1, rows.shape[1] * X.shape[1]))):
        near = X[rows[part]].astype(np.float64)  # (b, p, d)
        found[part] = (near @ Q[part].astype(np.float64)[:, :, None])[:, :, 0]
    return found


def expanded(Q: Floats, X: Floats, rows: Ints, alpha: float) -> Floats:
    """Q (q, d) float32, each plus its `rows` (q, p) of X (n, d) by weight, scaled to unit length; zeros stay zeros.

    The weight of a row is its cosine to the query to the power of `alpha`; 0 where the cosine is not above 0.
    """
    import numpy as np

    from imgret.plugin import ops

    lengths = np.linalg.norm(X, axis=1).astype(np.float64)  # (n,)
    found = np.empty(Q.shape, np.float32)
    for part in ops.blocks(len(Q), ops.BLOCK // (8 * max(1, rows.shape[1] * X.shape[1]))):
        queries, near = Q[part].astype(np.float64), X[rows[part]].astype(np.float64)  # (b, d), (b, p, d)
        scale = np.linalg.norm(queries, axis=1)[:, None] * lengths[rows[part]]
        products = (near @ queries[:, :, None])[:, :, 0]
        cosines = np.divide(products, scale, out=np.zeros_like(products), where=scale > 0)
        weights = np.where(cosines > 0, np.maximum(cosines, 0) ** alpha, 0)
        total = queries + (weights[:, None, :] @ near)[:, 0]
        length = np.linalg.norm(total, axis=1, keepdims=True)
        found[part] = np.divide(total, length, out=total, where=length > 0)
    return found


def raised(own: Floats, best: Floats) -> Floats:
    """Scores (q, p) of hits that stay first, in their order: their own (q, p), or just above what follows them.

    `best` (q,) is the best score of all other rows.
    """
    import numpy as np

    found = own.copy()
    for place in reversed(range(own.shape[1])):
        best = found[:, place] = np.maximum(found[:, place], np.nextafter(best, np.float32(np.inf)))
    return found


def lead(scores: Floats, rows: Ints, own: Floats, first: Ints, top: int) -> tuple[Floats, Ints]:
    """The hits (q, top) where the rows `first` (q, p) stay first, in their order, before `rows` (q, w).

    Their own scores (q, p) are raised as far as that takes. w = min(top + p, n) hits at least, best first.
    """
    import numpy as np

    q, p = first.shape
    other = ~(rows[:, :, None] == first[:, None, :]).any(axis=2)  # (q, w)
    order = np.argsort(~other, axis=1, kind="stable")[:, : rows.shape[1] - p]
    scores, rows = np.take_along_axis(scores, order, axis=1), np.take_along_axis(rows, order, axis=1)
    best = scores[:, 0] if scores.shape[1] else np.full(q, -np.inf, np.float32)
    scores = np.concatenate([raised(own, best), scores], axis=1)
    return scores[:, :top], np.concatenate([first, rows], axis=1)[:, :top]


def lead_all(scores: Floats, first: Ints) -> Floats:
    """Scores of every row (q, n), which are written to, where the rows `first` (q, p) stay first in their order."""
    import numpy as np

    own = np.take_along_axis(scores, first, axis=1)
    np.put_along_axis(scores, first, np.float32(-np.inf), axis=1)
    np.put_along_axis(scores, first, raised(own, scores.max(axis=1, initial=-np.inf)), axis=1)
    return scores


def ordered(scores: NDArray[np.float32], rows: Ints, top: int) -> Ints:
    """The places (top,) of the best of some rows (w,) by their scores (w,), best first, ties by row."""
    import numpy as np

    return np.lexsort((rows, -scores))[:top]
