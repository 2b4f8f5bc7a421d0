"""What is demanded of a reducer, and of a view, which is a reducer that takes `n_components`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.checks import Check, Subject
from imgret.checks.data import blobs, same, unchanged
from imgret.demands import arrays

if TYPE_CHECKING:
    from imgret.contracts import Floats


def reduced(subject: Subject, X: Floats, **changes: Any) -> Floats:
    """What a new one makes of X (n, d). Raises Fault where that is not (n, r), finite, or X was written to."""
    before = X.copy()
    made = subject.build(**changes).fit_transform(X)
    unchanged(before, X)
    return arrays.reduced(made, X, changes.get("n_components"))


def reduces(subject: Subject) -> str:
    """X (60, 8) becomes (60, r) finite numbers, and is not written to"""
    return f"r = {reduced(subject, blobs()[0]).shape[1]}"


def repeats_itself(subject: Subject) -> str:
    """The same X, arguments and seed give the same columns"""
    X = blobs()[0]
    return same(subject, reduced(subject, X), reduced(subject, X), "two runs on the same X")


def takes_few(subject: Subject) -> None:
    """Two rows and three are reduced"""
    for n in (2, 3):
        reduced(subject, blobs(n)[0])


def takes_equal(subject: Subject) -> None:
    """Rows that are all equal are reduced"""
    reduced(subject, np.repeat(blobs(1)[0], 20, axis=0))


def is_a_view(subject: Subject) -> str:
    """With n_components=2 it is a view: (n, 2), however few the rows"""
    if not subject.takes("n_components"):
        return "it takes no n_components, so it is no view"
    for n in (60, 3, 2):
        reduced(subject, blobs(n)[0], n_components=2)
    return ""


CHECKS: list[Check] = [reduces, repeats_itself, takes_few, takes_equal, is_a_view]
