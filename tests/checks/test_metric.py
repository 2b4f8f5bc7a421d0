"""A metric's contract: what is wrong is found, and said."""

from typing import Any

import numpy as np

from imgret.checks import check, faults
from imgret.registry import register


def test_metrics_with_a_fault() -> None:
    def needs_much(labels: Any, weather: Any) -> Any:
        """Needs the weather."""
        return {"a": 1.0}

    def undefined(labels: Any) -> Any:
        """Undefined without a cluster."""
        return np.mean(labels[labels >= 0])

    def writes(labels: Any) -> Any:
        """Writes."""
        labels[labels < 0] = 0
        return 1.0

    def draws(labels: Any) -> Any:
        """Draws."""
        return {"drawn": float(np.random.default_rng().random())}

    def empty(labels: Any) -> Any:
        """Empty."""
        return {}

    expected = {
        needs_much: "it needs 'weather'",
        undefined: "'undefined' is np.float64(nan)",
        writes: "labels was written to",
        draws: "they differ",
        empty: "there is none",
    }
    for metric, fault in expected.items():
        register("metric")(metric)
        assert fault in "\n".join(faults("metric", metric.__name__))


def test_a_metric_that_goes_by_the_order_of_rows_is_told_so() -> None:
    @register("metric")
    def first(labels: Any) -> dict[str, float]:
        """Where the first cluster is."""
        return {"first": float(np.flatnonzero(labels == 0).sum())}

    assert faults("metric", "first") == []
    assert any("first depends on the order" in finding.remark for finding in check("metric", "first"))
