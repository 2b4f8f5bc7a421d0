"""What is demanded of a clusterer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imgret.checks import Check, Fault, Subject
from imgret.checks.data import GROUPS, blobs, same, unchanged
from imgret.demands import arrays

if TYPE_CHECKING:
    from imgret.contracts import Floats, Ints


def labelled(subject: Subject, X: Floats, k: int = 3) -> Ints:
    """The labels (n,) that a new one gives X (n, r). Raises Fault where they are no labels, or X was written to."""
    before = X.copy()
    given = subject.build(k=k).fit_predict(X)
    unchanged(before, X)
    return arrays.labels(given, len(X))


def gives_labels(subject: Subject) -> str:
    """60 float32 points get 60 whole numbers, -1 for noise, and are not written to"""
    labels = labelled(subject, blobs()[0])
    clusters, noise = len(np.unique(labels[labels >= 0])), np.count_nonzero(labels < 0)
    return f"of {GROUPS} groups it made {clusters}" + (f", and {noise} points noise" if noise else "")


def repeats_itself(subject: Subject) -> str:
    """The same points, arguments and seed give the same labels"""
    X = blobs()[0]
    return same(subject, labelled(subject, X), labelled(subject, X), "two runs on the same points")


def takes_few(subject: Subject) -> None:
    """Two points and three are clustered"""
    for n in (2, 3):
        labelled(subject, blobs(n)[0], k=2)


def takes_equal(subject: Subject) -> None:
    """Points that are all equal are clustered"""
    labelled(subject, np.repeat(blobs(1)[0], 20, axis=0), k=2)


def makes_k(subject: Subject) -> str:
    """It obeys k: k=4 finds four groups that are far apart, k=2 makes no more than two"""
    if not subject.takes("k"):
        return "it takes no k"
    X, truth = blobs()
    found = labelled(subject, X, k=GROUPS)
    pairs = len(np.unique(np.stack([found, truth]), axis=1).T)
    if len(np.unique(found)) != GROUPS or pairs != GROUPS:
        raise Fault(f"k={GROUPS} gave {len(np.unique(found))} labels, in {pairs} pairs with the {GROUPS} groups")
    two = labelled(subject, X, k=2)
    clusters = len(np.unique(two[two >= 0]))
    if clusters > 2:
        raise Fault(f"k=2 gave {clusters} clusters")
    return ""


CHECKS: list[Check] = [gives_labels, repeats_itself, takes_few, takes_equal, makes_k]
