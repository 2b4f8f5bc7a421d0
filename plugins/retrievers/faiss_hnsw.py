"""FAISS's graph: a walk from image to nearer image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import UsageError, register

from . import _faiss

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints

MOST = 1024  # links of an image, for each of which memory is taken before it is known how many images there are


@register("retriever")
class faiss_hnsw:
    """FAISS's graph (HNSW): a walk over images that are linked with `M` near ones, `ef` of them held in view.

    Y. Malkov and D. Yashunin, Efficient and robust approximate nearest neighbor search using Hierarchical Navigable
    Small World graphs, 2016; IndexHNSWFlat of M. Douze et al., The Faiss library, 2024. `build` is the `ef` while the
    graph is made, in one thread, so that the same X and seed give the same graph: that takes a while with more than
    some ten thousand images. Where the walk ends with fewer than `top` images, all are compared. Scores are those of
    an exact scan. Needs `pip install "imgret[faiss]"`; runs on the CPU.
    """

    def __init__(self, M: int = 32, ef: int = 128, build: int = 100, seed: int = 0) -> None:
        if not 2 <= M <= MOST:
            raise UsageError(
                f"retriever.M={M}: it is the number of links of an image, from 2 to {MOST:,}\nretriever.M=32"
            )
        for name, value in (("ef", ef), ("build", build)):
            if value < 1:
                raise UsageError(
                    f"retriever.{name}={value}: it is a number of images, at least 1\nretriever.{name}=100"
                )
        _faiss.demand()
        self.M, self.ef, self.build, self.seed = M, ef, build, seed

    def fit(self, X: Floats, labels: Ints) -> faiss_hnsw:
        """Link the rows of X (n, d); labels are not looked at."""
        faiss = _faiss.library()
        self._X = _faiss.contiguous(X)
        self._longest = _faiss.longest_row(self._X)
        self._index = faiss.IndexHNSWFlat(X.shape[1], self.M, faiss.METRIC_INNER_PRODUCT)
        self._index.hnsw.efConstruction = self.build
        self._index.hnsw.rng = faiss.RandomGenerator(self.seed)  # of the levels that an image is linked on
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        try:
            self._index.add(self._X)
        finally:
            faiss.omp_set_num_threads(threads)
        return self

    def kneighbors(self, Q: Floats, top: int) -> tuple[Floats, Ints]:
        """For queries (q, d) the scores (q, m) and rows (q, m) of the m = min(top, n) best that the walk meets."""
        faiss = _faiss.library()

        def find(Q: Floats, width: int) -> Ints:
            view = faiss.SearchParametersHNSW(efSearch=max(self.ef, width))
            named: Ints = self._index.search(Q, width, params=view)[1]
            return named

        return _faiss.hits(find, _faiss.contiguous(Q), self._X, self._longest, min(top, len(self._X)))
