"""Inverted lists: the rows of a collection by cluster, and the search of some of the lists for each query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from imgret.plugin import Floats, Ints

    Floats64 = NDArray[np.float64]

MOST = 0.5  # of the images; to search a larger share list by list takes longer than to search all at once


class Plan(NamedTuple):
    """Which of c lists some queries (b,) visit: the first `probed` of `ranked`."""

    ranked: Ints  # (b, c): the lists, nearest first
    held: Ints  # (b, c): the number of images in the first 1..c of them
    probed: Ints  # (b,), at least 1

    @property
    def scanned(self) -> Ints:
        """The number of images in the lists that are visited, (b,)."""
        import numpy as np

        return np.take_along_axis(self.held, self.probed[:, None] - 1, axis=1)[:, 0]


def nearest(Q: Floats, directions: Floats64) -> Ints:
    """The lists (q, c) by the cosine of queries (q, d) to their directions (c, d), nearest first, ties by number.

    In float64, so that a query's order depends on no other query.
    """
    import numpy as np

    return np.argsort(-(Q @ directions.T), axis=1, kind="stable")


def plans(Q: Floats, directions: Floats64, sizes: Ints, m: int, probes: int) -> Iterator[tuple[slice, Plan]]:
    """Blocks of the queries (q, d): the `probes` nearest of lists with `sizes` (c,), or as many as hold m images."""
    import numpy as np

    for part in _parts(len(Q), directions):
        ranked = nearest(Q[part], directions)
        held = sizes[ranked].cumsum(axis=1)
        yield part, Plan(ranked, held, np.maximum(probes, 1 + (held < m).sum(axis=1)))


def scanned(Q: Floats, directions: Floats64, sizes: Ints, m: int, probes: int) -> Ints:
    """The number of images (q,) in the lists that each query visits."""
    import numpy as np

    found = [plan.scanned for _, plan in plans(Q, directions, sizes, m, probes)]
    return np.concatenate([np.empty(0, np.int64), *found])


def _parts(n: int, directions: Floats64) -> Iterator[slice]:
    """Blocks of n queries whose products with all directions fit."""
    from imgret.plugin import ops

    return ops.blocks(n, ops.BLOCK // (8 * max(directions.shape)))


class Lists:
    """The rows of X (n, d) by their labels (n,): a list a cluster, in each of which noise lies that is nearest to it.

    `homes` (n,) is the list that each row lies in, `sizes` (c,) the images of each. Where `bounded`, what the members
    of a list can score at the most is known, which `complete` takes.
    """

    def __init__(self, X: Floats, labels: Ints, device: str, bounded: bool) -> None:
        import numpy as np

        from imgret.plugin import ops

        labels = ops.renumber(labels)  # without holes
        centroids = ops.centroids(X, labels)  # (c, d)
        if not len(centroids):
            centroids, labels = np.zeros((1, X.shape[1]), np.float32), np.zeros(len(X), np.int64)
        self._directions = ops.normalise(centroids, "l2")[0].astype(np.float64)
        self.homes = labels
        noise = np.flatnonzero(labels < 0)
        for part in _parts(len(noise), self._directions):
            self.homes[noise[part]] = self.ranked(X[noise[part]])[:, 0]
        self.sizes = np.bincount(self.homes, minlength=len(centroids))
        members = np.argsort(self.homes, kind="stable")
        self._device = device
        self._rows = ops.tensor(members, device)  # (n,): list by list
        self._packed = ops.tensor(X[members], device)  # a list is a slice: scanned without gathering
        self._X = ops.tensor(X, device)
        self._longest = self._packed.norm(dim=1).max()
        if bounded:
            from ._bounds import extents

            self._extents = extents(X, self.homes, self._directions)

    def ranked(self, Q: Floats) -> Ints:
        """The lists (q, c), nearest to the query first."""
        return nearest(Q, self._directions)

    def search(self, Q: Floats, m: int, probes: int, complete: bool = False) -> tuple[Floats, Ints, Ints]:
        """The scores (q, m) and rows (q, m) of the m best in the lists probed, and how many images are in these (q,).

        Where `complete`, further lists are visited until none is left that can hold a better hit than the last of the
        m found: these are the best of all.
        """
        import numpy as np

        if probes >= len(self.sizes):
            return *self._everything(Q, m), np.full(len(Q), len(self.homes))
        scores, rows = np.empty((len(Q), m), np.float32), np.empty((len(Q), m), np.int64)
        scanned = np.empty(len(Q), np.int64)
        for part, plan in plans(Q, self._directions, self.sizes, m, probes):
            scores[part], rows[part] = self._visit(Q[part], plan, m)
            scanned[part] = plan.scanned
            if complete:
                scanned[part] += self._complete(Q[part], plan, scores[part], rows[part])
        return scores, rows, scanned

    def scanned(self, Q: Floats, m: int, probes: int) -> Ints:
        """The number of images (q,) in the lists that `search` visits, where it is not to be complete."""
        return scanned(Q, self._directions, self.sizes, m, probes)

    def _complete(self, Q: Floats, plan: Plan, scores: Floats, rows: Ints) -> Ints:
        """Better the scores and rows (b, m) of a plan, in place, to the best of all; how many more images (b,) it took.

        A list is left alone where its bound is below the last score: where it is equal, a lower row may be in it.
        """
        import numpy as np

        from ._bounds import bounds

        n, m = len(self.homes), scores.shape[1]
        left = bounds(Q, self._extents) >= scores[:, -1:]  # (b, c)
        query, place = np.nonzero(np.arange(left.shape[1]) < plan.probed[:, None])
        left[query, plan.ranked[query, place]] = False
        more: Ints = left @ self.sizes
        most = plan.scanned + more > MOST * n
        some, others = np.flatnonzero(~most & (more > 0)), np.flatnonzero(most & (more > 0))
        if len(some):
            ranked = np.argsort(~left[some], axis=1, kind="stable")
            further = Plan(ranked, self.sizes[ranked].cumsum(axis=1), left[some].sum(axis=1))
            scores[some], rows[some] = self._visit(Q[some], further, m, (scores[some], rows[some]))
        if len(others):
            scores[others], rows[others] = self._everything(Q[others], m)
            more[others] = n - plan.scanned[others]
        return more

    def _everything(self, Q: Floats, m: int) -> tuple[Floats, Ints]:
        """The m best scores and rows (b, m) of all images."""
        import numpy as np

        from imgret.plugin import ops

        scores, rows = np.empty((len(Q), m), np.float32), np.empty((len(Q), m), np.int64)
        for part in ops.blocks(len(Q), ops.BLOCK // (4 * len(self.homes))):
            queries = ops.tensor(Q[part], self._device)
            scale = queries.norm(dim=1) * self._longest
            best, found = ops.settle(queries @ self._X.T, queries, self._X, m, scale)
            scores[part], rows[part] = best.cpu().numpy(), found.cpu().numpy()
        return scores, rows

    def _visit(self, Q: Floats, plan: Plan, m: int, known: tuple[Floats, Ints] | None = None) -> tuple[Floats, Ints]:
        """The m best scores and rows (b, m) of the lists of a plan and of those `known`, which lie in other lists."""
        import numpy as np
        import torch

        from imgret.plugin import ops

        scores, rows = np.empty((len(Q), m), np.float32), np.empty((len(Q), m), np.int64)
        for some in ops.blocks(len(Q), ops.BLOCK // (12 * int(plan.scanned.max()))):
            queries = ops.tensor(Q[some], self._device)
            rough, named = self._scan(queries, Plan(*(each[some] for each in plan)))
            if known is not None:
                rough = torch.cat([ops.tensor(known[0][some], self._device), rough], dim=1)
                named = torch.cat([ops.tensor(known[1][some], self._device), named], dim=1)
            best, found = ops.settle(rough, queries, self._X, m, queries.norm(dim=1) * self._longest, named)
            scores[some], rows[some] = best.cpu().numpy(), found.cpu().numpy()
        return scores, rows

    def _scan(self, Q: torch.Tensor, plan: Plan) -> tuple[torch.Tensor, torch.Tensor]:
        """Approximate scores (b, w) and rows (b, w): the lists of a query side by side, -inf to the right of them."""
        import numpy as np
        import torch

        shape = len(Q), int(plan.scanned.max())
        scores = torch.full(shape, -torch.inf, device=Q.device)
        rows = torch.zeros(shape, dtype=torch.int64, device=Q.device)
        ends = self.sizes.cumsum()
        query, place = np.nonzero(np.arange(plan.probed.max()) < plan.probed[:, None])  # of each visit
        visited = plan.ranked[query, place]
        column = plan.held[query, place] - self.sizes[visited]  # where its list begins among the query's scores
        by_list = np.argsort(visited, kind="stable")
        for visits in np.split(by_list, np.flatnonzero(np.diff(visited[by_list])) + 1):
            which = visited[visits[0]]
            span = slice(ends[which] - self.sizes[which], ends[which])
            at = torch.from_numpy(query[visits]).to(Q.device)[:, None]
            columns = torch.from_numpy(column[visits][:, None] + np.arange(self.sizes[which])).to(Q.device)
            scores[at, columns] = Q[at[:, 0]] @ self._packed[span].T
            rows[at, columns] = self._rows[span]
        return scores, rows
