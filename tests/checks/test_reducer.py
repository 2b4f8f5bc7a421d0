"""A reducer's contract: what is wrong is found, and said."""

from typing import Any

import numpy as np
import pytest

from imgret.checks import faults
from imgret.registry import register
from tests.checks.conftest import fails, overwrites


class Columns:
    def __init__(self, give: Any) -> None:
        self.give = give

    def fit_transform(self, X: Any) -> Any:
        return self.give(X)


REDUCERS = {
    "became float32 of shape (60,), not numbers (60, r)": lambda X: X[:, 0],
    "are not all finite": lambda X: X / 0,
    "two runs on the same X differ": lambda X: np.random.default_rng().normal(size=(len(X), 2)),
    "X (60, 8) became float32 of shape (60, 3), not numbers (60, 2)": lambda X: X[:, :3],
    "X was written to": overwrites,
    "Rows that are all equal are reduced: RuntimeError": lambda X: fails(X) if (X[0] == X).all() else X[:, :2],
}


@pytest.mark.parametrize("fault", REDUCERS)
def test_reducers_with_a_fault(fault: str) -> None:
    @register("reducer", "wrong")
    def wrong(n_components: int = 2) -> Columns:
        """Wrong."""
        return Columns(REDUCERS[fault])

    assert fault in "\n".join(faults("reducer", "wrong"))
