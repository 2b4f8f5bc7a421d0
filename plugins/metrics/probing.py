"""What the retriever's shortcuts lose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import register
from imgret.plugin import Figure

if TYPE_CHECKING:
    from imgret.plugin import Floats, Retriever

MOST = 1000  # queries


FIGURES = [
    Figure("recall_at_top", "recall@top", "The share of the exactly nearest images that the quick search finds as "
           "well.", 1, role="search", where=("told", "table")),
    Figure("scanned_share", "scanned", "The share of the collection that a search looks at.", -1, ".0%", role="search",
           where=()),
]  # fmt: skip


@register("metric", figures=FIGURES)
def probing(X: Floats, retriever: Retriever, top: int = 20, seed: int = 0, device: str = "cpu") -> dict[str, float]:
    """recall_at_top: the share of the `top` exact neighbours that the retriever finds too.

    For a seeded sample of up to 1,000 items as queries, each left out of its own hits. scanned_share: the mean share
    of the items that were compared with a query, for a retriever whose `scanned(Q, top)` tells their number (q,).
    Left out with fewer than two items.
    """
    import numpy as np

    from imgret.plugin import ops

    n = len(X)
    if n < 2:
        return {}
    rows = np.sort(np.random.default_rng(seed).choice(n, min(n, MOST), replace=False))
    exact = ops.top_k(X[rows], X, top, exclude=rows, device=device)[1]  # (q, m)
    m = exact.shape[1]
    found = retriever.kneighbors(X[rows], m + 1)[1]  # (q, m + 1), with the query itself where it was found
    shares = [
        len(np.intersect1d(hits[hits != row][:m], right)) / m
        for row, hits, right in zip(rows, found, exact, strict=True)
    ]
    figures = {"recall_at_top": float(np.mean(shares))}
    if scanned := getattr(retriever, "scanned", None):
        figures["scanned_share"] = float(np.mean(scanned(X[rows], m + 1)) / n)
    return figures
