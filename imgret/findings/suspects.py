"""Labels that may be wrong: of images whose neighbours have another."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from imgret.contracts import Floats, Ints

OWN, OTHER = 0.1, 0.7  # a suspect's own label has less of its neighbours' weight than OWN, another more than OTHER


class Suspects(NamedTuple):
    """Of m images, the most suspicious first: their rows (m,), the label that each looks like (m,), its margin (m,).

    The margin is the share of the neighbours' weight that the other label has, less that of its own: up to 1.
    """

    rows: Ints
    labels: Ints
    margins: Floats


def suspects(truth: Ints, rows: Ints, scores: Floats) -> Suspects:
    """Images that sit among others of another label, from labels (n,), -1 for none, and neighbours (n, m) of X.

    Every image is judged by its neighbours alone, so out of sample, each weighted by its cosine cubed, 0 below 0
    (D. L. Wilson, Asymptotic properties of nearest neighbor rules using edited data, 1972: its majority of votes, with
    weights and a margin). Ties by row, equal labels by code.
    """
    theirs = truth[rows]  # (n, m)
    weights = np.where(theirs >= 0, np.maximum(scores, 0.0).astype(np.float64) ** 3, 0.0)
    judged = np.flatnonzero((truth >= 0) & (weights.sum(axis=1) > 0))
    if not len(judged):
        return Suspects(judged, judged, np.zeros(0, np.float32))
    theirs, weights, here = theirs[judged], weights[judged], truth[judged]
    shares = np.zeros(weights.shape)  # of the label of each neighbour
    own, total = np.zeros(len(judged)), np.zeros(len(judged))
    for label, weight in zip(theirs.T, weights.T, strict=True):  # a neighbour at a time: there may be many labels
        shares += np.where(theirs == label[:, None], weight[:, None], 0.0)
        own += np.where(label == here, weight, 0.0)
        total += weight  # in the same order: a label that has all of it has a share of 1
    shares, own = shares / total[:, None], own / total
    shares[(theirs < 0) | (theirs == here[:, None])] = -1
    place = np.lexsort((theirs, -shares), axis=1)[:, :1]  # of equal shares the label of the lower code
    other = np.take_along_axis(theirs, place, axis=1)[:, 0]
    margin = np.take_along_axis(shares, place, axis=1)[:, 0] - own
    found = np.flatnonzero((own < OWN) & (margin + own > OTHER))
    found = found[np.argsort(-margin[found], kind="stable")]
    return Suspects(judged[found], other[found], margin[found].astype(np.float32))
