"""Which metrics are asked, what they are handed, and what becomes of a figure that is none."""

from typing import Any

import numpy as np
import pytest

from imgret import register
from imgret.contracts import Item
from imgret.evaluation.measure import measure
from imgret.reading.items import collect
from imgret.reading.record import Record

X = np.array([[1, 0], [0.6, 0.8], [0, 1], [0, -1]], np.float32)
LABELS = np.array([0, 0, 1, 1])


def measured(*metrics: str, labels: tuple[str, ...] = ("", "", "", ""), reranker: Any = None) -> dict[str, float]:
    items = [Item(f"{i}.png", label=label, columns={"price": "12"[i // 2]}) for i, label in enumerate(labels)]
    collection = collect(items, [Record(f"{i:064}", "ok") for i in range(4)])
    settings = {"metrics": metrics, "device": "cpu", "top": 5, "seed": 7}
    return measure(X, LABELS, collection, settings, "the retriever", reranker)


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
    assert caplog.messages == ["metric breaks failed: ZeroDivisionError: no such luck"]
