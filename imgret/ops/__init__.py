"""Array functions that components share, public to plug-ins: NumPy in, NumPy out."""

from imgret.ops.arrays import Principal, centroids, distances, medoids, normalise, pca, renumber
from imgret.ops.contingency import Contingency
from imgret.ops.ranking import BLOCK, CACHE, Ranking, blocks, knn, ranks, settle, tensor, top_k
from imgret.ops.relevance import Known, Trial, judge
from imgret.ops.samepicture import agreement, laid_over, register, sampled, share

__all__ = [
    "BLOCK",
    "CACHE",
    "Contingency",
    "Known",
    "Principal",
    "Ranking",
    "Trial",
    "agreement",
    "blocks",
    "centroids",
    "distances",
    "judge",
    "knn",
    "laid_over",
    "medoids",
    "normalise",
    "pca",
    "ranks",
    "register",
    "renumber",
    "sampled",
    "settle",
    "share",
    "tensor",
    "top_k",
]
