"""The nearest rows of a matrix, exactly: a block of queries at a time, on any device, in bounded memory.

A matrix product rounds equal rows differently by where they lie in it, and otherwise on every device. So a product
in float32 only finds the candidates, and their scores are computed again in float64. What plug-ins need of this is
in `imgret.ops`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.errors import UsageError

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from imgret.contracts import Floats, Ints

    Score = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]

BLOCK = 64 << 20  # bytes that the largest array of one block may take
CACHE = 4 << 20  # the same for an array that is read more than once, so that it stays in the processor's cache
SPARE = 8  # candidates scored again beyond those asked for


def blocks(n: int, size: int) -> Iterator[slice]:
    """Slices that cut 0..n into runs of `size` (at least 1), the last one shorter."""
    size = max(1, size)
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def tensor(array: NDArray[Any], device: str = "cpu") -> torch.Tensor:
    """The array on a device; on the CPU its own memory, which may be a read-only map and is not to be written.

    For mps it is the CPU too: Apple's devices know no float64.
    """
    import torch

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*not writable")
        return torch.from_numpy(np.ascontiguousarray(array)).to("cpu" if device == "mps" else device)


def top_k(Q: Floats, X: Floats, k: int, exclude: Ints | None = None, device: str = "cpu") -> tuple[Floats, Ints]:
    """For queries (q, d) the scores (q, m) float32 and rows (q, m) int64 of the k highest inner products with X (n, d).

    Best first; equal scores: lower row first. `exclude` (q,) names a row to leave out per query, -1 for none.
    m = min(k, n), or min(k, n - 1) if any row is left out. Scores are float64 sums rounded to float32: they depend
    neither on the device nor on the other queries of the call.
    """
    return _search(Q, X, k, exclude, device, inner)


def knn(X: Floats, k: int, device: str = "cpu") -> tuple[Floats, Ints]:
    """The k nearest others of each row of X (n, d): Euclidean distances (n, m) float32 and rows (n, m) int64.

    m = min(k, n - 1), nearest first; equal distances: lower row first. Distances are accurate to float32 even
    between rows that are much nearer to each other than to the origin.
    """
    scores, rows = _search(X, X, k, np.arange(len(X)), device, closeness)
    return np.sqrt(-scores), rows


def inner(Q: torch.Tensor, X: torch.Tensor) -> torch.Tensor:
    """Inner products (b, n) of queries (b, d) with X (n, d), or (b, c) of each with its own candidates (b, c, d)."""
    return Q @ X.T if X.dim() == 2 else (X @ Q.unsqueeze(2)).squeeze(2)


def closeness(Q: torch.Tensor, X: torch.Tensor) -> torch.Tensor:
    """Squared Euclidean distances, negative, of the same shapes."""
    if X.dim() == 2:
        return (Q @ X.T).mul_(2).sub_((X * X).sum(dim=1)).sub_((Q * Q).sum(dim=1, keepdim=True))
    return (X - Q.unsqueeze(1)).square_().sum(dim=2).neg_()


def settle(
    rough: torch.Tensor,
    Q: torch.Tensor,
    X: torch.Tensor,
    m: int,
    scale: torch.Tensor,
    rows: torch.Tensor | None = None,
    score: Score = inner,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The m best of approximate scores (b, w) of queries (b, d): exact scores (b, m) float32, rows of X; ties by row.

    Column j of query i stands for row `rows[i, j]` of X, or for row j. -inf marks what is not to be found; at least m
    columns of a query are not. `scale` (b,) is the largest |q||x|, to which the product's rounding is proportional.
    More candidates are scored again for as long as the last of them could, within that rounding, belong to the m best.
    """
    import torch

    slack = 2 * torch.finfo(torch.float32).eps * X.shape[1] ** 0.5 * scale  # some 4 standard deviations of the rounding
    scores = rough.new_empty((len(rough), m))
    found = torch.empty((len(rough), m), dtype=torch.int64, device=rough.device)
    undecided, width = torch.arange(len(rough), device=rough.device), m + SPARE
    while len(undecided):
        width = min(width, rough.shape[1])
        left = []
        for part in blocks(len(undecided), CACHE // (8 * width * X.shape[1])):
            at = undecided[part]
            near, columns = rough[at].topk(width)
            named, by_row = (columns if rows is None else rows[at].gather(1, columns)).sort(dim=1)
            exact = score(Q[at].double(), X[named].double()).float()
            exact[near.gather(1, by_row) == -torch.inf] = -torch.inf
            exact, best = exact.sort(dim=1, descending=True, stable=True)
            scores[at], found[at] = exact[:, :m], named.gather(1, best[:, :m])
            if width < rough.shape[1]:
                left.append(at[near[:, -1] + slack[at] >= exact[:, m - 1]])
        undecided, width = torch.cat(left) if left else undecided[:0], 4 * width
    return scores, found


def _search(Q: Floats, X: Floats, k: int, exclude: Ints | None, device: str, score: Score) -> tuple[Floats, Ints]:
    import torch

    exclude = np.full(len(Q), -1) if exclude is None else np.asarray(exclude)
    m = max(0, min(k, len(X) - bool((exclude >= 0).any())))
    scores, found = np.empty((len(Q), m), np.float32), np.empty((len(Q), m), np.int64)
    if not scores.size:
        return scores, found
    queries, base = tensor(Q, device), tensor(X, device)
    lengths, longest = torch.linalg.vector_norm(queries, dim=1), torch.linalg.vector_norm(base, dim=1).max()
    scale = lengths * longest if score is inner else (lengths + longest) ** 2
    if not bool(torch.isfinite(scale).all()):
        raise UsageError("features are too large for their products, or not finite\nnormalize=centre scales them")
    for part in blocks(len(Q), BLOCK // (4 * len(X))):
        rough = score(queries[part], base)
        without = np.flatnonzero(exclude[part] >= 0)
        rough[torch.from_numpy(without), torch.from_numpy(exclude[part][without])] = -torch.inf
        best, rows = settle(rough, queries[part], base, m, scale[part], score=score)
        scores[part], found[part] = best.cpu().numpy(), rows.cpu().numpy()
    return scores, found


class Ranking:
    """The exact ranking of X (n, d) for query rows (q,), by default all of them; never n x n at once.

    Iterating yields, block by block, query rows (b,) and their inner products with X, (b, n) float32, the caller's
    to change; a query's own score is -inf. These are scores of the float32 product: equal rows may differ in its last
    digit. With `Q`, queries are rows of that in place of X, and none is itself in X.
    """

    def __init__(self, X: Floats, rows: Ints | None = None, device: str = "cpu", Q: Floats | None = None) -> None:
        self.X, self.device, self.Q = X, device, Q
        self.rows = np.arange(len(X if Q is None else Q)) if rows is None else np.asarray(rows, np.int64)

    def of(self, rows: Ints) -> Ranking:
        """The same ranking for these query rows."""
        return Ranking(self.X, rows, self.device, self.Q)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[Ints, Floats]]:
        base = tensor(self.X, self.device)
        for part in blocks(len(self.rows), BLOCK // (4 * max(1, len(self.X)))):
            rows = self.rows[part]
            scores = inner(tensor((self.X if self.Q is None else self.Q)[rows], self.device), base).cpu().numpy()
            if self.Q is None:
                scores[np.arange(len(rows)), rows] = -np.inf
            yield rows, scores


def ranks(scores: Floats, rows: Ints) -> Ints:
    """The ranks (r,), from 1, of some rows (r,) among one query's scores (n,): best first, ties by row.

    Sorting the values and looking the few up costs a quarter of an argsort, a twentieth of a stable one.
    """
    ascending, wanted = np.sort(scores), scores[rows]
    end = np.searchsorted(ascending, wanted, side="right")
    found = len(scores) - end + 1
    for i in np.flatnonzero(end - np.searchsorted(ascending, wanted) > 1):
        found[i] += np.count_nonzero(scores[: rows[i]] == wanted[i])
    return found
