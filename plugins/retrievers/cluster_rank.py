"""Cluster, then rank: an inverted file whose lists are the clusters, whatever clusterer found them."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from imgret import UsageError, register

from ._lists import MOST, Lists

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from imgret.plugin import Floats, Ints

SAMPLE = 1000  # queries that the calibration takes from the collection, one half of them to check it
LADDER = (1, 2, 3, 5)  # the numbers of probes, in each decade, that the table of the calibration shows


@register("retriever")
class cluster_rank:
    """Exact ranking within the `probes` clusters whose centroids are nearest to the query.

    The inverted file of H. Jegou, M. Douze and C. Schmid, Product quantization for nearest neighbor search, 2011,
    without the quantization. Clusters are ranked by the cosine of query and centroid, which reaches the same recall
    with less scanning than their distance does; noise lies in the list of its nearest centroid by the same measure;
    without any cluster there is one list of everything. Where the probed lists hold fewer than `top` images, the next
    lists are probed too. Probing all of them gives the exact result.

    `probes=0`: the fewest that find the share `recall` of the `top` exact neighbours of other images, for one half of
    a seeded sample of the collection. `recall=1` is no target but a promise: a search goes on past its `probes` for
    as long as another cluster can, by the triangle inequality, hold a better hit than the last of those found. Its
    result is that of an exact scan, bit for bit. `probes=0` is then the number that leaves the fewest images to scan,
    or all clusters, where that is more than half of the images.

    Learned: `probes_`; and, where they had to be found, `calibration_`, a row for each of some numbers of probes: the
    recall on that half and on the other one, the mean share of the images scanned, and queries per second in one
    batch of the other half; `queries_per_second_`, that of `probes_`, and `exact_queries_per_second_`, that of a scan
    of everything, each the better of two. Raises UsageError for a recall or a number of probes that cannot be.
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
        self._lists = Lists(X, labels, self.device, bounded=self.recall == 1)
        self.calibration_: list[dict[str, float]] = []
        self.queries_per_second_: float | None = None
        self.exact_queries_per_second_: float | None = None
        self.probes_ = min(self.probes, len(self._lists.sizes)) or self._calibrate(X)
        return self

    def kneighbors(self, Q: Floats, top: int) -> tuple[Floats, Ints]:
        """For queries (q, d) the scores (q, m) and rows (q, m) of the m = min(top, n) best in the lists probed."""
        return self._lists.search(Q, self._hits(top), self.probes_, self.recall == 1)[:2]

    def scanned(self, Q: Floats, top: int) -> Ints:
        """The number of images (q,) with which each query (q, d) is compared."""
        if self.recall == 1:
            return self._lists.search(Q, self._hits(top), self.probes_, True)[2]
        return self._lists.scanned(Q, self._hits(top), self.probes_)

    def _hits(self, top: int) -> int:
        return min(top, len(self._lists.homes))

    def _calibrate(self, X: Floats) -> int:
        """The number of probes for the target: the lists of the exact neighbours give the recall for all numbers."""
        import numpy as np

        from imgret.plugin import ops

        n, c, lists, complete = len(X), len(self._lists.sizes), self._lists, self.recall == 1
        sample = np.random.default_rng(self.seed).choice(n, min(n, SAMPLE), replace=False)
        half = (len(sample) + 1) // 2
        queries = X[sample[half:]]

        def exact(rows: Ints) -> Ints:
            return ops.top_k(X[rows], X, self.top, exclude=rows, device=self.device)[1]

        def pace(work: Callable[[], Any]) -> tuple[float, Any]:
            start = perf_counter()
            done = work()
            return len(queries) / (perf_counter() - start), done

        first = exact(sample[:half])  # (s/2, m)
        if not first.size:
            return 1
        self.exact_queries_per_second_, second = pace(lambda: exact(sample[half:]))
        right, m = np.concatenate([first, second]), first.shape[1]  # (s, m)
        ranked = lists.ranked(X[sample])
        held = lists.sizes[ranked].cumsum(axis=1)
        least = 1 + (held <= m).sum(axis=1, keepdims=True)  # (s, 1) lists hold m others and the query itself
        depth = np.argsort(ranked, axis=1)[np.arange(len(sample))[:, None], lists.homes[right]]  # (s, m), from 0
        depth[(depth < least) | complete] = 0

        def recall(depth: Ints) -> NDArray[np.float64]:  # (c,), for 1..c probes
            return np.bincount(depth.ravel(), minlength=c).cumsum() / depth.size

        reached, checked = recall(depth[:half]), recall(depth[half:])
        probes = int(np.argmax(reached >= self.recall)) + 1
        shown = {p * 10**e for p in LADDER for e in range(len(str(c)))} | {probes, c}
        lists.search(queries, m + 1, 1)  # once to warm up, before anything is timed
        for p in sorted(p for p in shown if p <= c):
            speed, (_, _, scanned) = pace(lambda p=p: lists.search(queries, m + 1, p, complete))  # type: ignore[misc]
            if not complete:  # where more is known
                scanned = np.take_along_axis(held, np.maximum(least, p) - 1, axis=1)
            self.calibration_.append(
                {
                    "probes": p,
                    "recall_calibration": float(reached[p - 1]),
                    "recall_check": float(checked[p - 1]),
                    "scanned_share": float(scanned.mean() / n),
                    "queries_per_second": speed,
                }
            )
        rows = {int(row["probes"]): row for row in self.calibration_}
        if complete:
            probes = min(rows, key=lambda p: (rows[p]["scanned_share"], p))
            probes = c if rows[probes]["scanned_share"] > MOST else probes
        again = pace(lambda: lists.search(queries, m + 1, probes, complete))[0]
        self.queries_per_second_ = max(rows[probes]["queries_per_second"], again)
        self.exact_queries_per_second_ = max(self.exact_queries_per_second_, pace(lambda: exact(sample[half:]))[0])
        return probes
