"""What runs have otherwise, told as it is typed."""

from types import SimpleNamespace
from typing import Any

from imgret.registry import SHARED, SLOTS, load_plugins
from imgret.runs.differences import Change, as_text, both, changes, plain, settings_apart, settings_of, told_apart
from imgret.settings.options import nodes, root_node

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
    """`clusterer.k` is the run's k; arguments of another option say nothing, unless they were typed."""
    rest = {"seed": 0, "out": "runs", "log": "info"}
    assert settings_of(CONFIG, [CONFIG]) == rest | {"k": 2, "clusterer": "kmeans", "clusterer.n_init": 3}
    own = CONFIG | {"clusterer": {**KMEANS, "k": 5}}
    assert settings_of(own, [own, CONFIG])["clusterer.k"] == 5
    dbscan = CONFIG | {"clusterer": {"name": "dbscan", "eps": 1.0}}
    assert settings_of(dbscan, [dbscan, CONFIG]) == rest | {"k": None, "clusterer": "dbscan"}
    typed = CONFIG | {"typed": ["clusterer.n_init"]}
    assert settings_apart(typed, dbscan) == [
        Change("clusterer", "kmeans", "dbscan"), Change("clusterer.n_init", "3", ""), Change("k", "2", ""),
    ]  # fmt: skip


def test_names_of_one_option_are_no_difference_and_values_are_told_as_typed() -> None:
    alias = CONFIG | {"chosen": {"clusterer": "means"}, "typed": ["clusterer"]}
    assert settings_apart(CONFIG, alias) == []
    assert settings_apart(CONFIG, alias | {"clusterer": {**KMEANS, "n_init": None}}) == [
        Change("clusterer", "kmeans", "means"), Change("clusterer.n_init", "3", ""),
    ]  # fmt: skip
    assert settings_apart(CONFIG, CONFIG | {"k_asked": "auto"}) == [Change("k=auto", "false", "true")]
    assert [as_text(each) for each in (True, None, ["a", 1], 0)] == ["true", "", "[a,1]", "0"]


def _otherwise(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else [*value, "x"] if isinstance(value, list) else f"{value}x"


def test_every_setting_that_can_be_typed_is_told_by_its_name() -> None:
    """Of each slot every option with every argument, and every root setting: two runs that differ in it alone."""
    load_plugins()
    roots = {key: value for key, value in root_node().items() if key not in ("defaults", "hydra")}
    slots = {slot: {"name": "x"} for slot in SLOTS}
    plain_config: dict[str, Any] = {**roots, **slots, "chosen": {}, "typed": [], "preset": None}
    plain_config["clusterer"] = {"name": "x", "k": roots["k"]}  # else k is of no use
    for key, value in {**roots, "preset": None}.items():
        if key == "images":  # of use to a source that asks for it
            plain_config["source"] = {"name": "x", "images": value}
        other = plain_config | {key: _otherwise(value)}
        if key == "baseline":
            other[key] = {"name": "pixels"}
        assert key in {each.what for each in settings_apart(plain_config, other)}, key
    for slot, choices in nodes().items():
        for name, node in choices.items() if slot in SLOTS else ():
            node = {
                **{key: value for key, value in node.items() if key not in SHARED and key != "defaults"},
                "name": name,
            }
            told = settings_apart(plain_config, plain_config | {slot: node})
            assert Change(slot, "x", name) in told
            for one, other in ((None, node), (node, None)):  # a slot that is empty in one of the runs
                told = settings_apart(plain_config | {slot: one}, plain_config | {slot: other})
                assert Change(slot, "" if one is None else name, "" if other is None else name) in told
            for argument in node.keys() - {"name"}:
                other = plain_config | {slot: {**node, argument: _otherwise(node[argument])}}
                (change,) = settings_apart(plain_config | {slot: node}, other)
                assert change.what == f"{slot}.{argument}"
            for argument in {"k", "seed", "top"} & set(choices[name]):  # of the run, typed for one option alone
                typed = plain_config | {slot: {**node, argument: 77}}
                of_run = plain_config | {slot: {**node, argument: roots[SHARED[argument]]}}
                assert f"{slot}.{argument}" in {each.what for each in settings_apart(of_run, typed)}


def test_several_runs_are_told_apart_by_what_all_have() -> None:
    def run(**more: Any) -> Any:
        return SimpleNamespace(info=SimpleNamespace(config=CONFIG | more))

    runs = [run(), run(seed=3, only="here"), run(clusterer={**KMEANS, "n_init": 9}, out="elsewhere")]
    assert told_apart(runs) == {"clusterer.n_init": ["3", "3", "9"], "seed": ["0", "3", "0"]}
