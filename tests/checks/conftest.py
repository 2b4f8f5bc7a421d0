"""Components to put a fault into: a clusterer that gives anything, and a plain scan whose hits can be changed."""

from typing import Any

import numpy as np


class Labels:
    """A clusterer that gives what `give(X)` gives."""

    def __init__(self, give: Any) -> None:
        self.give = give

    def fit_predict(self, X: Any) -> Any:
        return self.give(X)


def fails(X: Any) -> Any:
    raise RuntimeError("no\nidea")


def overwrites(X: Any) -> Any:
    X[0] = 0
    return X


class Hits:
    """A plain scan, whose scores and rows `change` changes."""

    def __init__(self, change: Any) -> None:
        self.change = change

    def fit(self, X: Any, labels: Any) -> None:
        self.X = X

    def kneighbors(self, Q: Any, top: int) -> Any:
        scores = Q @ self.X.T
        rows = np.argsort(-scores, axis=1, kind="stable")[:, :top]
        return self.change(np.take_along_axis(scores, rows, axis=1), rows)
