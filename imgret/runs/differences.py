"""What runs have otherwise: settings as they are typed, versions, and whatever else is told by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from imgret.registry import SHARED, SLOTS, called
from imgret.runs.causes import reached
from imgret.words import as_word

if TYPE_CHECKING:
    from imgret.runs.run import Run

OURS = ("chosen", "typed", "otherwise", "k_asked")  # in a config, and no settings: what they come to stands beside them
NODES = (*SLOTS, "baseline")  # settings that are an option with arguments, or null
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
    both = [Change(name, as_text(first.get(name)), as_text(second.get(name))) for name in names]
    return [change for change in both if change.first != change.second]


def settings_apart(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Change]:
    """The settings that two configs have otherwise, every one that both know."""
    return both(*(settings_of(each, [first, second]) for each in (first, second)))


def told_apart(runs: Sequence[Run]) -> dict[str, list[str]]:
    """The settings that several runs all have, and have otherwise, by name; a value a run. See `apart`."""
    return apart([run.info.config for run in runs])


def apart(configs: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The settings that several configs all have, and have otherwise, and that a figure may come of, by name."""
    flat = [settings_of(config, configs) for config in configs]
    names = sorted(set.intersection(*(set(each) for each in flat)))
    table = {name: [as_text(each[name]) for each in flat] for name in names if reached(name, configs)}
    return {name: values for name, values in table.items() if len(set(values)) > 1}


def as_text(value: object) -> str:
    """A value as it is typed; empty where there is none."""
    return "" if value is None else as_word(value)


def plain(node: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping with what it nests beside it, `preprocess.size`."""
    found: dict[str, Any] = {}
    for key, value in node.items():
        found |= {f"{key}.{inner}": each for inner, each in value.items()} if isinstance(value, dict) else {key: value}
    return found


def settings_of(config: Mapping[str, Any], configs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Settings as they are typed, with the arguments of options: `clusterer.n_init`, see `_option`.

    An argument that all have from their run is told as the run's; a setting that no option of this run uses is None.
    `k=auto` says whether k was to be found.
    """
    found: dict[str, Any] = {}
    if any(each.get("k_asked") for each in configs):
        found["k=auto"] = bool(config.get("k_asked"))
    nodes = [value for key, value in config.items() if key in SLOTS and isinstance(value, Mapping)]
    used = {SHARED[argument] for node in nodes for argument in node if argument in SHARED}
    for key, value in config.items():
        if key in NODES:
            found |= _option(key, config, configs)
        elif key not in OURS:
            found[key] = value if key not in MAYBE or key in used else None
    return found


def _option(slot: str, config: Mapping[str, Any], configs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The option in a slot by the name that was typed, None where there is none, and arguments of its own.

    That is all of them where the configs have one component; where they have several, what was typed for any of
    them, so that nothing typed goes untold. Options of equal arguments are one option, whichever name was typed.
    """
    nodes = [each.get(slot) for each in configs]
    node = config[slot] if isinstance(config[slot], Mapping) else {}
    own = [{key: value for key, value in (each or {}).items() if key not in SHARED} for each in nodes]
    equal = all(each == own[0] for each in own)
    found = {slot: called(configs[0] if equal else config, slot) if node else None}
    if all(each and each.get("name") == node.get("name") for each in nodes):
        names: Iterable[str] = [name for name in node if not _of_run(slot, name, configs)]
    else:
        told = {str(key) for each in configs for key in each.get("typed") or ()}
        names = sorted(name for name in {key for each in nodes for key in each or ()} if f"{slot}.{name}" in told)
    return found | {f"{slot}.{name}": node.get(name) for name in names if name != "name"}


def _of_run(slot: str, argument: str, configs: Sequence[Mapping[str, Any]]) -> bool:
    """Whether an argument is the run's own setting in all of these, as `clusterer.k` is `k` unless it was typed."""
    setting = SHARED.get(argument, "")
    return setting in WHOLE_RUN or all(
        setting in config and config[slot].get(argument) == config[setting] for config in configs
    )
