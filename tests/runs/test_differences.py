"""What runs have otherwise, told as it is typed."""

from types import SimpleNamespace
from typing import Any

from imgret.runs.differences import Change, both, changes, plain, settings_of, told_apart

KMEANS = {"name": "kmeans", "k": 2, "n_init": 3}
CONFIG = {"k": 2, "seed": 0, "out": "runs", "log": "info", "clusterer": KMEANS}


def test_changes_are_by_name_and_what_one_lacks_is_empty() -> None:
    assert changes({"b": 1, "a": None, "c": 2}, {"b": "1", "c": 3, "d": 4}) == [
        Change("c", "2", "3"),
        Change("d", "", "4"),
    ]
    assert both({"b": 1, "c": 2}, {"c": 3, "d": 4}) == [Change("c", "2", "3")]


def test_what_is_nested_lies_beside() -> None:
    assert plain({"a": 1, "preprocess": {"size": 32, "fit": "crop"}}) == {
        "a": 1, "preprocess.size": 32, "preprocess.fit": "crop",
    }  # fmt: skip


def test_settings_as_they_are_typed() -> None:
    """`clusterer.k` is the run's k; `out` and `log` say nothing of a result; arguments of another option neither."""
    assert settings_of(CONFIG, [CONFIG]) == {"k": 2, "seed": 0, "clusterer": "kmeans", "clusterer.n_init": 3}
    own = CONFIG | {"clusterer": {**KMEANS, "k": 5}}
    assert settings_of(own, [own, CONFIG])["clusterer.k"] == 5
    dbscan = CONFIG | {"clusterer": {"name": "dbscan", "eps": 1.0}}
    assert settings_of(dbscan, [dbscan, CONFIG]) == {"k": None, "seed": 0, "clusterer": "dbscan"}


def test_several_runs_are_told_apart_by_what_all_have() -> None:
    def run(**more: Any) -> Any:
        return SimpleNamespace(info=SimpleNamespace(config=CONFIG | more))

    runs = [run(), run(seed=3, only="here"), run(clusterer={**KMEANS, "n_init": 9}, out="elsewhere")]
    assert told_apart(runs) == {"clusterer.n_init": ["3", "3", "9"], "seed": ["0", "3", "0"]}
