"""Array functions that components share, public to plug-ins: NumPy in, NumPy out."""

from imgret.ops.arrays import Principal, centroids, distances, medoids, normalise, pca, renumber
from imgret.ops.contingency import Contingency
from imgret.ops.ranking import BLOCK, CACHE, Ranking, blocks, knn, ranks, settle, tensor, top_k
from imgret.ops.relevance import Known, Trial, judge

__all__ = [
    "BLOCK",
    "CACHE",
    "Contingency",
    "Known",
    "Principal",
    "Ranking",
    "Trial",
    "blocks",
    "centroids",
    "distances",
    "judge",
    "knn",
    "medoids",
    "normalise",
    "pca",
    "ranks",
    "renumber",
    "settle",
    "tensor",
    "top_k",
]
