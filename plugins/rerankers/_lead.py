"""What re-rankers share: exact scores of a few rows, and the hits that stay first whatever is made of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def ordered(scores: Floats, rows: Ints, own: Floats, first: Ints, top: int) -> tuple[Floats, Ints]:
    """`lead` for one query, whose rows (w,) come in any order: the scores (m,) and rows (m,) of the m = min(top, w)
    best, ties by row, where `first` (p,) stay first.
    """
    import numpy as np

    best = np.lexsort((rows, -scores))[: top + len(first)]
    scores, rows = lead(scores[best][None], rows[best][None], own[None], first[None], top)
    return scores[0], rows[0]
