"""The graph of nearest neighbours, connected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints


def neighbours(X: Floats, n_neighbors: int, device: str = "cpu", knn: Any = None) -> Any:
    """The `mutual` graph (n, n) of the `n_neighbors` nearest of points (n, r), by a run's `knn` or ops.knn, connected.

    As long as it has parts, each part but the largest is joined, by 1/2, to the point outside it that lies nearest to
    one of its own (O. Boruvka, 1926).
    """
    import numpy as np
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    from imgret.plugin import ops

    n = len(X)
    _, rows = knn(X, n_neighbors) if knn else ops.knn(X, n_neighbors, device)  # (n, m)
    graph = mutual(rows)
    while True:
        parts, part = connected_components(graph, directed=False)
        if parts <= 1:
            return graph
        start, end = bridges(X, part.astype(np.int64))
        joined = csr_array((np.full(len(start), 0.5), (start, end)), shape=(n, n))
        graph = graph.maximum(joined.maximum(joined.T)).tocsr()


def mutual(rows: Ints) -> Any:
    """The rows of each point's nearest (n, m) to a symmetric sparse matrix (n, n) float64: 1 for two points that are
    each among the other's, 1/2 where that holds one way.
    """
    import numpy as np
    from scipy.sparse import csr_array

    n, m = rows.shape
    ends = np.repeat(np.arange(n), m), rows.ravel()
    graph = csr_array((np.full(n * m, 0.5), ends), shape=(n, n))
    return (graph + graph.T).tocsr()


def bridges(X: Floats, part: Ints) -> tuple[Ints, Ints]:
    """For each part of the points (n, r) but the largest its point nearest to another part, and that point's nearest.

    Both are rows (parts - 1,); of equally near ones the lower row.
    """
    import numpy as np

    from imgret.plugin import ops

    rows = np.flatnonzero(part != np.bincount(part).argmax())
    norms = np.einsum("nr,nr->n", X, X)
    nearest, least = np.empty(len(rows), np.int64), np.empty(len(rows), np.float32)
    for block in ops.blocks(len(rows), ops.BLOCK // (8 * len(X))):
        squared = norms[rows[block], None] + norms - 2 * (X[rows[block]] @ X.T)  # (b, n)
        squared[part[rows[block], None] == part] = np.inf
        nearest[block], least[block] = squared.argmin(axis=1), squared.min(axis=1)
    order = np.lexsort((rows, least, part[rows]))
    first = order[np.unique(part[rows][order], return_index=True)[1]]
    return rows[first], nearest[first]
