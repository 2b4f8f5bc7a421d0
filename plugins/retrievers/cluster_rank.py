"""Cluster, then rank: an inverted file whose lists are the clusters, whatever clusterer found them."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from imgret import UsageError, register

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from imgret.contracts import Floats, Ints

SAMPLE = 1000  # queries that the calibration takes from the collection, one half of them to check it
LADDER = (1, 2, 3, 5)  # the numbers of probes, in each decade, that the table of the calibration shows


class Plan(NamedTuple):
    """Which of c lists some queries (b,) visit: the first `probed` of `ranked`."""

    ranked: Ints  # (b, c): the lists, nearest first
    held: Ints  # (b, c): the number of images in the first 1..c of them
    probed: Ints  # (b,)

    @property
    def scanned(self) -> Ints:
        """The number of images in the lists that are visited, (b,)."""
        import numpy as np

        return np.take_along_axis(self.held, self.probed[:, None] - 1, axis=1)[:, 0]


@register("retriever")
class cluster_rank:
    """Exact ranking within the `probes` clusters whose centroids are nearest to the query.

    The inverted file of H. Jegou, M. Douze and C. Schmid, Product quantization for nearest neighbor search, 2011,
    without the quantization. Clusters are ranked by the cosine of query and centroid, which reaches the same recall
    with less scanning than their distance does; noise lies in the list of its nearest centroid by the same measure;
    without any cluster there is one list of everything. Where the probed lists hold fewer than `top` images, the next
    lists are probed too. Probing all of them gives the exact result.

    `probes=0`: the fewest that find the share `recall` of the `top` exact neighbours of other images, for one half of
    a seeded sample of the collection. Learned: `probes_`; and `calibration_`, a row for each of some numbers of
    probes: the recall on that half and on the other one, the mean share of the images scanned, and queries per
    second in one batch of the other half. Raises UsageError for a recall or a number of probes that cannot be.
    """

    def __init__(
        self, recall: float = 0.99, probes: int = 0, top: int = 20, seed: int = 0, device: str = "cpu"
    ) -> None:
        if not 0 < recall <= 1:
            raise UsageError(f"retriever.recall={recall}: it is a share, above 0 and up to 1\nretriever.recall=0.99")
        if probes < 0:
            raise UsageError(f"retriever.probes={probes}: it is a number of clusters, or 0\nretriever.probes=0")
        self.recall, self.probes, self.top, self.seed, self.device = recall, probes, top, seed, device

    def fit(self, X: Floats, labels: Ints) -> cluster_rank:
        """Sort the rows of X (n, d) into lists by their labels (n,); find the number of probes if none was given."""
        import numpy as np

        from imgret import ops

        centroids = ops.centroids(X, labels)  # (c, d)
        if not len(centroids):
            centroids, labels = np.zeros((1, X.shape[1]), np.float32), np.zeros(len(X), np.int64)
        self._directions = ops.normalise(centroids, "l2")[0].astype(np.float64)
        self._homes = labels.copy()  # (n,): the list that each row lies in
        noise = np.flatnonzero(labels < 0)
        for part in ops.blocks(len(noise), self._batch):
            self._homes[noise[part]] = self._ranked(X[noise[part]])[:, 0]
        self._sizes = np.bincount(self._homes, minlength=len(centroids))
        members = np.argsort(self._homes, kind="stable")
        self._rows = ops.tensor(members, self.device)  # (n,): list by list
        self._packed = ops.tensor(X[members], self.device)  # a list is a slice: scanned without gathering
        self._X = ops.tensor(X, self.device)
        self._longest = self._packed.norm(dim=1).max()
        self.calibration_: list[dict[str, float]] = []
        self.probes_ = min(self.probes, len(centroids)) or self._calibrate(X)
        return self

    def kneighbors(self, Q: Floats, top: int) -> tuple[Floats, Ints]:
        """For queries (q, d) the scores (q, m) and rows (q, m) of the m = min(top, n) best in the lists probed."""
        import numpy as np

        from imgret import ops

        m = min(top, len(self._homes))
        scores, rows = np.empty((len(Q), m), np.float32), np.empty((len(Q), m), np.int64)
        for part, plan in self._plans(Q, m):
            for some in ops.blocks(len(plan.probed), ops.BLOCK // (12 * int(plan.scanned.max()))):
                queries = ops.tensor(Q[part][some], self.device)
                rough, named = self._scan(queries, Plan(*(each[some] for each in plan)))
                best, found = ops.settle(rough, queries, self._X, m, queries.norm(dim=1) * self._longest, named)
                scores[part][some], rows[part][some] = best.cpu().numpy(), found.cpu().numpy()
        return scores, rows

    def scanned(self, Q: Floats, top: int) -> Ints:
        """The number of images (q,) with which each query (q, d) is compared."""
        import numpy as np

        return np.concatenate([plan.scanned for _, plan in self._plans(Q, min(top, len(self._homes)))])

    @property
    def _batch(self) -> int:
        """Queries whose distances to all centroids fit a block."""
        from imgret.ops import BLOCK

        return int(BLOCK // (8 * max(self._directions.shape)))

    def _ranked(self, Q: Floats) -> Ints:
        """The lists (q, c), nearest to the query first."""
        import numpy as np

        return np.argsort(-(Q @ self._directions.T), axis=1, kind="stable")

    def _plans(self, Q: Floats, m: int) -> Iterator[tuple[slice, Plan]]:
        """Blocks of the queries, and the lists that each of them visits to find m images."""
        import numpy as np

        from imgret import ops

        for part in ops.blocks(len(Q), self._batch):
            ranked = self._ranked(Q[part])
            held = self._sizes[ranked].cumsum(axis=1)
            yield part, Plan(ranked, held, np.maximum(self.probes_, 1 + (held < m).sum(axis=1)))

    def _scan(self, Q: torch.Tensor, plan: Plan) -> tuple[torch.Tensor, torch.Tensor]:
        """Approximate scores (b, w) and rows (b, w): the lists of a query side by side, -inf to the right of them."""
        import numpy as np
        import torch

        shape = len(Q), int(plan.scanned.max())
        scores = torch.full(shape, -torch.inf, device=Q.device)
        rows = torch.zeros(shape, dtype=torch.int64, device=Q.device)
        ends = self._sizes.cumsum()
        query, place = np.nonzero(np.arange(plan.probed.max()) < plan.probed[:, None])  # of each visit
        visited = plan.ranked[query, place]
        column = plan.held[query, place] - self._sizes[visited]  # where its list begins among the query's scores
        by_list = np.argsort(visited, kind="stable")
        for visits in np.split(by_list, np.flatnonzero(np.diff(visited[by_list])) + 1):
            which = visited[visits[0]]
            span = slice(ends[which] - self._sizes[which], ends[which])
            at = torch.from_numpy(query[visits]).to(Q.device)[:, None]
            columns = torch.from_numpy(column[visits][:, None] + np.arange(self._sizes[which])).to(Q.device)
            scores[at, columns] = Q[at[:, 0]] @ self._packed[span].T
            rows[at, columns] = self._rows[span]
        return scores, rows

    def _calibrate(self, X: Floats) -> int:
        """The number of probes for the target: the lists of the exact neighbours give the recall for all numbers."""
        import numpy as np

        from imgret import ops

        n, c = len(X), len(self._directions)
        sample = np.random.default_rng(self.seed).choice(n, min(n, SAMPLE), replace=False)
        exact = ops.top_k(X[sample], X, self.top, exclude=sample, device=self.device)[1]  # (s, m)
        if not exact.size:
            return 1
        m, half = exact.shape[1], (len(sample) + 1) // 2
        ranked = self._ranked(X[sample])
        held = self._sizes[ranked].cumsum(axis=1)
        least = 1 + (held <= m).sum(axis=1, keepdims=True)  # (s, 1) lists hold m others and the query itself
        depth = np.argsort(ranked, axis=1)[np.arange(len(sample))[:, None], self._homes[exact]]  # (s, m), from 0
        depth[depth < least] = 0

        def recall(depth: Ints) -> NDArray[np.float64]:  # (c,), for 1..c probes
            return np.bincount(depth.ravel(), minlength=c).cumsum() / depth.size

        reached, checked = recall(depth[:half]), recall(depth[half:])
        probes = int(np.argmax(reached >= self.recall)) + 1
        shown = {p * 10**e for p in LADDER for e in range(len(str(c)))} | {probes, c}
        self.probes_ = 1
        self.kneighbors(X[sample[half:]], m + 1)  # once to warm up, before anything is timed
        for p in sorted(p for p in shown if p <= c):
            self.probes_ = p
            start = perf_counter()
            self.kneighbors(X[sample[half:]], m + 1)
            seconds = perf_counter() - start
            self.calibration_.append(
                {
                    "probes": p,
                    "recall_calibration": float(reached[p - 1]),
                    "recall_check": float(checked[p - 1]),
                    "scanned_share": float(np.take_along_axis(held, np.maximum(least, p) - 1, axis=1).mean() / n),
                    "queries_per_second": (len(sample) - half) / seconds,
                }
            )
        return probes
