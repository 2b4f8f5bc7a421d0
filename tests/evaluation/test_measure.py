"""What metrics are handed, by hand and in a run, and what becomes of a figure that is none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import ops, register
from imgret.__main__ import main
from imgret.checks import faults
from imgret.checks.metric import needs
from imgret.contracts import OFFERED, Item
from imgret.evaluation.measure import measure
from imgret.reading.items import collect
from imgret.reading.record import Record

SAME: dict[str, Any] = {"backbone": "pixels", "view": "pca", "reports": [], "k": 3, "log": "quiet"}
HERE = [name for name in OFFERED if name not in ("junk", "plain")]  # of a run without junk and re-ranker


def test_a_metric_receives_all_that_is_offered(colours: Path) -> None:
    found: dict[str, Any] = {}

    def gathers(**handed: Any) -> dict[str, float]:
        found.clear()  # of its trial before the run, which has all that there is
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

    says = f"it needs 'lables', which no run has, did you mean labels?; a metric may ask for {', '.join(OFFERED)}"
    assert main([str(colours), "metrics=[sizes,counted]", "backbone=pixels"]) == 2
    assert capsys.readouterr().err.startswith(f"imgret: metric/counted: {says}\nit lies in ")
    assert not Path("runs").exists()
    with pytest.raises(imgret.UsageError, match="metric/counted: it needs 'lables'"):
        imgret.run(colours, **SAME, metrics=["counted"])
    assert any(fault.endswith(says) for fault in faults("metric", "counted"))


X = np.array([[1, 0], [0.6, 0.8], [0, 1], [0, -1]], np.float32)
LABELS = np.array([0, 0, 1, 1])


def measured(*metrics: str, labels: tuple[str, ...] = ("", "", "", ""), reranker: Any = None) -> dict[str, float]:
    items = [Item(f"{i}.png", label=label, columns={"price": "12"[i // 2]}) for i, label in enumerate(labels)]
    collection = collect(items, [Record(f"{i:064}", "ok") for i in range(4)])
    settings = {"metrics": metrics, "device": "cpu", "top": 5, "seed": 7}
    return measure(X, LABELS, collection, settings, None, "the retriever", reranker)


def test_a_metric_is_handed_what_it_names_and_left_out_where_that_is_not_known() -> None:
    handed: list[tuple[Any, ...]] = []

    @register("metric")
    def second(labels: Any, top: int, seed: int, retriever: Any, columns: Any) -> dict[str, float]:
        handed.append((labels.tolist(), top, seed, retriever, list(columns)))
        return {"b": 2, "a": 1}

    @register("metric")
    def by_truth(truth: Any) -> float:
        return float(truth.sum())

    @register("metric")
    def first(truth: Any = None, junk: Any = None, plain: Any = None) -> float:
        return float(sum(each is not None for each in (truth, junk, plain)))

    assert list(measured("second", "by_truth", "first").items()) == [("b", 2.0), ("a", 1.0), ("first", 0.0)]
    assert handed == [([0, 0, 1, 1], 5, 7, "the retriever", ["price"])]
    assert measured("by_truth", "first", labels=("cat", "dog", "dog", "")) == {"by_truth": 1.0, "first": 1.0}


def test_the_ranking_is_that_of_the_inner_products() -> None:
    @register("metric")
    def nearest(ranking: Any) -> float:
        (_, scores), *_ = ranking.of(np.array([0]))
        return float(scores[0, 1])

    assert measured("nearest")["nearest"] == pytest.approx(0.6)


def test_a_figure_that_is_none_is_left_out_and_a_metric_that_fails_loses_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @register("metric")
    def undefined(X: Any) -> dict[str, float]:
        return {"nan": float("nan"), "inf": float("inf"), "one": 1}

    @register("metric")
    def breaks(X: Any) -> float:
        raise ZeroDivisionError("no such luck")

    assert measured("breaks", "undefined") == {"one": 1.0}
    assert [message.splitlines()[0] for message in caplog.messages] == [
        "metric/breaks: ZeroDivisionError: no such luck",
        "metric/undefined: 'nan' is nan; a figure is a finite number, and one that is undefined is left out",
    ]
