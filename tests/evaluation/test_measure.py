"""What metrics are handed: all that is offered, what there is, and a word where they ask for what no run has."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import ops, register
from imgret.__main__ import main
from imgret.checks import faults
from imgret.checks.metric import needs
from imgret.contracts import OFFERED

SAME: dict[str, Any] = {"backbone": "pixels", "view": "pca", "reports": [], "k": 3, "log": "quiet"}
HERE = [name for name in OFFERED if name not in ("junk", "plain")]  # of a run without junk and re-ranker


def test_a_metric_receives_all_that_is_offered(colours: Path) -> None:
    found: dict[str, Any] = {}

    def gathers(**handed: Any) -> dict[str, float]:
        found.update(handed)
        return {}

    exec(f"def asks({', '.join(HERE)}): return gathers(**locals())", {"gathers": gathers}, space := {})
    register("metric", "asks")(space["asks"])
    imgret.run(colours, **SAME, metrics=["asks"], baseline=None)
    assert list(found) == HERE
    assert (found["device"], found["top"], found["seed"]) == ("cpu", 20, 0)
    for own, alone in zip(found["knn"](found["X"], 3), ops.knn(found["X"], 3), strict=True):
        np.testing.assert_array_equal(own, alone)


def test_a_metric_is_checked_with_all_that_is_offered() -> None:
    X = np.eye(8, dtype=np.float32)
    assert list(needs(X, np.zeros(8, np.int64), np.zeros(8, np.int64))) == list(OFFERED)


def test_a_run_that_lacks_something_leaves_the_metric_out(colours: Path) -> None:
    @register("metric")
    def reranked(plain: Any) -> float:
        return 1.0

    @register("metric")
    def either(labels: Any, plain: Any = None) -> float:
        return 2.0 if plain is None else 3.0

    assert imgret.run(colours, **SAME, metrics=["reranked", "either"]).metrics == {"either": 2.0}


def test_a_parameter_that_no_run_has_is_said_before_anything_is_computed(colours: Path, capsys: Any) -> None:
    @register("metric")
    def counted(lables: Any) -> float:
        """Counted."""
        return 1.0

    says = f"it needs 'lables', which no run has; a metric may ask for {', '.join(OFFERED)}"
    assert main([str(colours), "metrics=[sizes,counted]", "backbone=pixels"]) == 2
    assert capsys.readouterr().err == f"imgret: metric counted: {says}\nmend it, or leave it out of metrics=[...]\n"
    assert not Path("runs").exists()
    with pytest.raises(imgret.UsageError, match="metric counted: it needs 'lables'"):
        imgret.run(colours, **SAME, metrics=["counted"])
    assert any(fault.endswith(says) for fault in faults("metric", "counted"))
