"""A clusterer's contract: what is wrong is found, and said."""

import logging

import numpy as np
import pytest

from imgret.checks import faults
from imgret.checks.data import GROUPS
from imgret.registry import register
from tests.checks.conftest import Labels, fails, overwrites

CLUSTERERS = {
    "gave float64 of shape": lambda X: np.zeros(len(X)),
    "not 60 whole numbers": lambda X: np.zeros(3, int),
    "the label -2": lambda X: np.full(len(X), -2),
    "two runs on the same points differ": lambda X: np.random.default_rng().integers(0, 9, len(X)),
    "k=4 gave 1 labels": lambda X: np.zeros(len(X), int),
    "k=2 gave 4 clusters": lambda X: np.arange(len(X)) % GROUPS,
    "RuntimeError: no idea": fails,
    "X was written to": overwrites,
    "IndexError": lambda X: X[5].astype(int),
}


@pytest.mark.parametrize("fault", CLUSTERERS)
def test_clusterers_with_a_fault(fault: str) -> None:
    @register("clusterer", "wrong")
    def wrong(k: int) -> Labels:
        """Wrong."""
        return Labels(CLUSTERERS[fault])

    assert fault in "\n".join(faults("clusterer", "wrong"))


def test_a_crash_hides_no_other_fault_and_says_where_when_asked(caplog: pytest.LogCaptureFixture) -> None:
    @register("clusterer", "fails_on_few")
    def fails_on_few(k: int) -> Labels:
        return Labels(lambda X: X[9].argsort() if len(X) < 9 else np.zeros(len(X), int))

    with caplog.at_level(logging.DEBUG, "imgret"):
        found = faults("clusterer", "fails_on_few")
    assert [line.partition(":")[0] for line in found] == [
        "It has a docstring, whose first line the lists show",
        "Two points and three are clustered",
        "It obeys k",
    ]
    assert "X[9]" in caplog.text


def test_one_that_draws_may_say_so() -> None:
    @register("clusterer", "dice")
    def dice() -> Labels:
        """A throw of dice."""
        return Labels(CLUSTERERS["two runs on the same points differ"])

    assert len(faults("clusterer", "dice")) == 1
    dice.deterministic = False  # type: ignore[attr-defined]
    assert faults("clusterer", "dice") == []
