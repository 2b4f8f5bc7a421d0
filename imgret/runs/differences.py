"""What runs have otherwise: settings as they are typed, versions, and whatever else is told by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from imgret.registry import SHARED, SLOTS, called

if TYPE_CHECKING:
    from imgret.runs.run import Run

BESIDE = ("chosen", "typed", "preset", "otherwise", "log", "out", "k_asked")  # settings that say nothing of the result
WHOLE_RUN = ("device", "offline", "images")  # settings that no option can have otherwise
MAYBE = ("k", "images")  # settings that an option may have no use for


class Change(NamedTuple):
    """A setting, version or the like of one run, and of the other; empty where it has none."""

    what: str
    first: str
    second: str


def both(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Change]:
    """Of the `changes` those of what both have: a run of an earlier version says nothing of what came later."""
    return changes(*({name: each[name] for name in first.keys() & second.keys()} for each in (first, second)))


def changes(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Change]:
    """What two mappings have otherwise, by name."""
    names = sorted(first.keys() | second.keys())
    both = [Change(name, _text(first.get(name)), _text(second.get(name))) for name in names]
    return [change for change in both if change.first != change.second]


def told_apart(runs: Sequence[Run]) -> dict[str, list[str]]:
    """The settings that several runs all have, and have otherwise, by name; a value a run."""
    configs = [run.info.config for run in runs]
    flat = [settings_of(config, configs) for config in configs]
    names = sorted(set.intersection(*(set(each) for each in flat)))
    table = {name: [_text(each[name]) for each in flat] for name in names}
    return {name: values for name, values in table.items() if len(set(values)) > 1}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def plain(node: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping with what it nests beside it, `preprocess.size`."""
    found: dict[str, Any] = {}
    for key, value in node.items():
        found |= {f"{key}.{inner}": each for inner, each in value.items()} if isinstance(value, dict) else {key: value}
    return found


def settings_of(config: Mapping[str, Any], configs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Settings as they are typed; of an option that all runs have its arguments as well, `clusterer.n_init`.

    An argument that all have from their run is told as the run's; a setting that no option of this run uses is None.
    """
    found: dict[str, Any] = {}
    nodes = [value for key, value in config.items() if key in SLOTS and isinstance(value, dict)]
    used = {SHARED[argument] for node in nodes for argument in node if argument in SHARED}
    for key, value in config.items():
        if key in SLOTS and isinstance(value, dict):
            found[key] = called(config, key)
            if all(other.get(key) and called(other, key) == found[key] for other in configs):
                own = {argument: each for argument, each in value.items() if argument != "name"}
                own = {argument: own[argument] for argument in own if not _of_run(key, argument, configs)}
                found |= {f"{key}.{argument}": each for argument, each in own.items()}
        elif key not in BESIDE and key not in SLOTS:
            found[key] = value if key not in MAYBE or key in used else None
    return found


def _of_run(slot: str, argument: str, configs: Sequence[Mapping[str, Any]]) -> bool:
    """Whether an argument is the run's own setting in all of these, as `clusterer.k` is `k` unless it was typed."""
    setting = SHARED.get(argument, "")
    return setting in WHOLE_RUN or all(
        setting in config and config[slot].get(argument) == config[setting] for config in configs
    )
