"""FAISS's inverted file: lists of its own, whatever the clusters are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import UsageError, register

from . import _faiss, _lists

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints


@register("retriever")
class faiss_ivf:
    """FAISS's inverted file: the `nprobe` nearest of `nlist` lists, which spherical k-means finds, are ranked.

    IndexIVFFlat of M. Douze et al., The Faiss library, 2024. `nlist=0`: the square root of the number of images. The
    lists of a query are ranked in float64, and as many more are probed as hold `top` images. Scores are those of an
    exact scan. The same X, seed and threads give the same hits. Needs `pip install "imgret[faiss]"`; runs on the CPU.
    """

    def __init__(self, nlist: int = 0, nprobe: int = 8, seed: int = 0) -> None:
        if nlist < 0:
            raise UsageError(f"retriever.nlist={nlist}: it is a number of lists, or 0\nretriever.nlist=0")
        if nprobe < 1:
            raise UsageError(f"retriever.nprobe={nprobe}: it is a number of lists, at least 1\nretriever.nprobe=8")
        _faiss.demand()
        self.nlist, self.nprobe, self.seed = nlist, nprobe, seed

    def fit(self, X: Floats, labels: Ints) -> faiss_ivf:
        """Find the lists of the rows of X (n, d), and sort these into them; labels are not looked at."""
        import numpy as np

        faiss = _faiss.library()
        n, d = X.shape
        self._X = _faiss.contiguous(X)
        self._longest = _faiss.longest_row(self._X)
        nlist = min(n, self.nlist or round(n**0.5))
        self._index = faiss.IndexIVFFlat(faiss.IndexFlatIP(d), d, nlist, faiss.METRIC_INNER_PRODUCT)
        self._index.cp.seed, self._index.cp.spherical = self.seed, True
        self._index.cp.min_points_per_centroid = 1  # else it complains of few images on the screen
        self._index.train(self._X)
        self._index.add(self._X)
        self._index.nprobe = nlist  # of which a query fills as many as it probes
        self._probes = min(self.nprobe, nlist)
        # For lists ranked outside of FAISS, whose products depend on the other queries of the call.
        self._directions = self._index.quantizer.reconstruct_n(0, nlist).astype(np.float64)
        self._sizes = np.array([self._index.invlists.list_size(place) for place in range(nlist)], np.int64)
        return self

    def kneighbors(self, Q: Floats, top: int) -> tuple[Floats, Ints]:
        """For queries (q, d) the scores (q, m) and rows (q, m) of the m = min(top, n) best in the lists probed."""
        import numpy as np

        m = min(top, len(self._X))

        def find(Q: Floats, width: int) -> Ints:
            named = np.empty((len(Q), width), np.int64)
            for part, plan in _lists.plans(Q, self._directions, self._sizes, m, self._probes):
                visited = np.where(np.arange(plan.ranked.shape[1]) < plan.probed[:, None], plan.ranked, -1)
                unused = np.zeros(visited.shape, np.float32)  # distances to the lists, for quantizers of what is left
                named[part] = self._index.search_preassigned(Q[part], width, visited, unused)[1]
            return named

        return _faiss.hits(find, _faiss.contiguous(Q), self._X, self._longest, m)

    def scanned(self, Q: Floats, top: int) -> Ints:
        """The number of images (q,) with which each query (q, d) is compared."""
        return _lists.scanned(Q, self._directions, self._sizes, min(top, len(self._X)), self._probes)
