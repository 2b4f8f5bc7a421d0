"""Why two runs differ: files, labels and settings by name, and what can explain which figure."""

from dataclasses import replace
from typing import Any

import numpy as np

from imgret.contracts import Item
from imgret.evaluation.why import Why
from imgret.reading.record import Record
from imgret.registry import load_plugins
from imgret.runs.differences import Change
from tests.evaluation.test_comparison import ONE, run

ROWS = np.array([[i, i] for i in range(7)])


def test_files_that_came_went_moved_changed_and_failed() -> None:
    first, second = run(ONE), run(ONE)
    first.collection.items.append(Item("old/z.jpg"))
    first.collection.records.append(Record("z", "duplicate"))
    second.collection.items[:] = [Item(f"{name}.jpg") for name in "abcde"] + [Item("new/z.jpg"), Item("y.jpg")]
    second.collection.records[:] = [
        Record("a", "duplicate"), Record("B", "ok"), Record("", "timeout"), *(Record(name, "ok") for name in "dezy"),
    ]  # fmt: skip
    kinds = Why(first, second, ROWS).kinds
    assert kinds["files"] == [
        Change("c.jpg", "ok", "timeout"),
        Change("f.jpg", "ok", ""),
        Change("g.jpg", "ok", ""),
        Change("y.jpg", "", "ok"),
        Change("moved", "old/z.jpg", "new/z.jpg"),
    ]
    assert kinds["content"] == [Change("b.jpg", "b", "B")]  # of a, that it is a duplicate now says nothing of the file


def test_labels_that_changed_explain_what_is_scored_by_them() -> None:
    load_plugins()
    first, second = run(ONE, truth="xyxyxyx", limit=9), run(ONE, truth="xyxyxyy", limit=9, rerank={"name": "dba"})
    first.info.config["rerank"] = None
    why = Why(first, second, ROWS)
    assert why.kinds == {"settings": [Change("rerank", "", "dba")], "labels": [Change("g.jpg", "x", "y")]}
    assert why.causes("map") == ["rerank", "labels"]
    assert why.causes("nmi") == ["labels"]
    assert why.causes("silhouette") == []


def test_settings_of_which_files_are_read_explain_nothing_where_these_are_the_same() -> None:
    load_plugins()

    def causes(other: dict[str, int], **changes: Any) -> list[str]:
        first, second = run(ONE, limit=5, reports=["a"]), run(other, limit=6, reports=["b"], **changes)
        why = Why(first, second, ROWS[: len(other)])
        assert why.aside == [Change("reports", "[a]", "[b]")]
        assert Change("limit", "5", "6") in why.told["settings"]
        return why.causes("silhouette")

    assert causes(ONE) == []
    assert causes(dict.fromkeys("abcdef", 0)) == ["limit", "images"]
    assert causes(ONE, k=9, metrics=["x"]) == ["k"]


def test_versions_and_threads_explain_every_figure() -> None:
    load_plugins()
    first, second = run(ONE), run(ONE)
    first.info.engine, second.info.engine = {"threads": 1}, {"threads": 2}
    second.info.versions = {"python": "4"}
    why = Why(first, second, ROWS)
    assert why.kinds == {"versions": [Change("python", "3", "4")], "engine": [Change("threads", "1", "2")]}
    assert why.causes("map") == ["versions", "engine"]
    first.info.engine = {}  # of an earlier version, which did not say
    assert "engine" not in Why(first, second, ROWS).kinds


def test_columns_are_told_by_the_run_that_has_them() -> None:
    load_plugins()
    first, second = run(ONE), run(ONE)
    for place, item in enumerate(first.collection.items):
        both = {"price": "3", "taken": "x", "none": ""}
        first.collection.items[place] = replace(item, columns={**both, "old": "a"})
        second.collection.items[place] = replace(item, columns={**both, "price": "3" if place else "4", "new": ""})
    second.collection.items[1] = replace(second.collection.items[1], columns={"price": "3", "taken": "x", "new": "b"})
    second.collection.records[2] = second.collection.records[2]._replace(taken="2021-06-01")
    there = {"new": "only in the second", "old": "only in the first", "price": "differs in 1"}
    assert Why(first, second, ROWS).lines() == [
        f"columns: {', '.join(f'{name} {what}' for name, what in there.items())}, taken only in the second"
    ]
    back = Why(second, first, ROWS)
    assert back.lines() == [
        "columns: new only in the first, old only in the second, price differs in 1, taken only in the first"
    ]
    assert back.kinds["columns"][:3] == [Change("new", "1", ""), Change("old", "", "7"), Change("price", "1", "1")]
    assert Why(first, first, ROWS).lines() == []
