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
    n, kinds = len(truth), int(truth.max(initial=-1)) + 1
    weights = np.where(truth[rows] >= 0, np.maximum(scores, 0.0).astype(np.float64) ** 3, 0.0)  # (n, m)
    shares = np.zeros((n, kinds))
    for place in range(rows.shape[1]):  # a row of an image at a time, so that none is added to twice at once
        known = np.flatnonzero(weights[:, place] > 0)
        shares[known, truth[rows[known, place]]] += weights[known, place]
    judged = np.flatnonzero((truth >= 0) & (shares.sum(axis=1) > 0))
    shares = shares[judged] / shares[judged].sum(axis=1, keepdims=True)
    here, all_of = truth[judged], np.arange(len(judged))
    own = shares[all_of, here]
    shares[all_of, here] = -1
    other = shares.argmax(axis=1) if kinds else here
    margin = shares[all_of, other] - own
    found = np.flatnonzero((own < OWN) & (margin + own > OTHER))
    found = found[np.argsort(-margin[found], kind="stable")]
    return Suspects(judged[found], other[found], margin[found].astype(np.float32))
