"""The options that can be typed: those of the registry, those of `configs/`, and the root settings."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml

from imgret.blame import owned
from imgret.demands.objects import report
from imgret.errors import Fault, UsageError
from imgret.reading.formats import AVAILABLE, FURTHER
from imgret.reading.record import WAYS
from imgret.registry import (
    OPTIONAL,
    SHARED,
    SLOTS,
    arguments,
    asks_in_vain,
    called,
    check_node,
    find,
    options,
    parameters,
    registered,
    unknown,
)
from imgret.settings.k import AUTO, defer
from imgret.settings.vocabulary import words
from imgret.signatures import shared_hint

HERE = Path(__file__).parents[1]
CONFIGS = next((p for p in (HERE / "configs", HERE.parent / "configs") if p.is_dir()), HERE / "configs")
OURS = ("typed", "preset", "otherwise", "k_asked")  # what a run's settings hold beside what can be typed
WHOLE = {"k": 1, "top": 1, "limit": 1, "seed": 0, "timeout": 1}  # root settings that are whole numbers, least of each
SWITCHES = {"offline": (True, False), "rehash": (True, False)}
CHOICES = {"log": ("quiet", "info", "debug"), "normalize": ("centre", "l2", "none"), **SWITCHES}
Nodes = Mapping[str, Mapping[str, Mapping[str, Any]]]
STOP = re.compile(r"(?<!\b[A-Z])\.(?:\s+|$)")  # the end of a sentence, not that of an initial


@cache
def _yaml(file: Path) -> dict[str, Any]:
    with file.open(encoding="utf-8") as stream:
        return dict(yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {})


def root_node() -> dict[str, Any]:
    """What configs/config.yaml says."""
    return dict(_yaml(CONFIGS / "config.yaml"))


def offered() -> Hashable:
    """What the options follow from: the same, the same options."""
    return CONFIGS, registered()


def nodes() -> Nodes:
    """Every option's config by slot and name: its signature's defaults, then what its file in `configs/` says.

    A file may also be an alias of a component, with values of its own, and bring defaults for other slots.
    """
    return _nodes(offered())


@lru_cache(maxsize=4)  # a run asks a dozen times
def _nodes(_: Hashable) -> Nodes:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for slot, kind in SLOTS.items():
        found[slot] = {}
        for name, component in options(kind).items():
            node = {"name": name, **arguments(component)}
            if slot == "view":
                if "n_components" not in node:
                    continue  # cannot be asked for two dimensions
                node["n_components"] = 2
            found[slot][name] = node
        for file in sorted((CONFIGS / slot).glob("*.yaml")):
            said = _yaml(file)
            if said["name"] in options(kind):  # else its plug-in is off, which has been said
                found[slot][file.stem] = {"name": "", **arguments(find(kind, said["name"])), **said}
    found["preset"] = {file.stem: _yaml(file) for file in sorted((CONFIGS / "preset").glob("*.yaml"))}
    return found


def chosen(settings: Mapping[str, Any], choices: Mapping[str, str | None]) -> dict[str, str]:
    """The name that each node of checked settings was chosen by: an alias's, where its component's says less.

    `choices` has names by slot, and those of backbones beside. A `name` that was typed over (backbone.name=...) is
    another component, which goes by its own.
    """
    known, found = nodes(), {}
    for use, name in choices.items():
        node = known[use if use in SLOTS else "backbone"].get(name or "")
        if name and node and node["name"] == settings[use]["name"]:
            found[use] = name
    return found


def origin(settings: Mapping[str, Any]) -> str:
    return f"images={settings['images']}" if settings["images"] is not None else f"source={called(settings, 'source')}"


def title(settings: Mapping[str, Any]) -> str:
    where = Path(settings["images"]).name if settings["images"] else called(settings, "source")
    return " · ".join((where, called(settings, "backbone"), called(settings, "clusterer")))


def sentences(slot: str, name: str) -> list[str]:
    """What the comment at the head of an option's file says, without full stops; nothing where it has none."""
    file = CONFIGS / slot / f"{name}.yaml"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    said = " ".join(line.lstrip("# ") for line in takewhile(lambda line: line.startswith("#"), lines))
    return [part for part in STOP.split(said) if part]


def unused(config: str, overrides: Sequence[str], chosen: Mapping[str, Any]) -> tuple[str, str] | None:
    """The root setting that was typed and that no chosen option refers to, and what is wrong with that.

    `config` is the unresolved YAML, `chosen` the config by slot.
    """
    for key, slot in (("k", "clusterer"), ("images", "source")):
        name = (chosen.get(slot) or {}).get("name")
        if name and any(word.startswith(f"{key}=") for word in overrides) and f"${{{key}}}" not in config:
            near = next((p for p in chosen[slot] if shared_hint(str(p)).startswith(f"call it {key} ")), "")
            mend = f"in its code {near}: {shared_hint(near)}" if near else f"choose another {slot}"
            return key, f"{key} has no effect on {slot}={name}\nleave {key} out, or {mend}"
    return None


def check(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings, if their root values and the options of all slots are what they must be. Raises UsageError."""
    for key in root_node():
        if key not in settings and key not in ("defaults", "hydra"):
            raise UsageError(f"~{key}: a run needs a value for it\nleave ~{key} out")
    for key in settings:
        if key not in (*root_node(), *SLOTS, *OURS):
            raise UsageError(unknown("setting", key, root_node()))
    settings = defer(settings)
    for key, least in WHOLE.items():
        if settings[key] is not None or key != "limit":
            _check_whole(key, settings[key], least)
    share = settings["max_failed"]
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise UsageError(f"max_failed={share}: it is a share of the files, from 0 to 1\ntype max_failed=0.5")
    agree = settings["same_picture"]
    if isinstance(agree, bool) or not isinstance(agree, int | float) or not 0 < agree <= 1:
        raise UsageError(f"same_picture={agree}: how much two images agree, above 0, up to 1\ntype same_picture=0.7")
    for key, choices in CHOICES.items():
        if settings[key] not in choices:
            raise UsageError(f"{key}={settings[key]}\nchoose from: {', '.join(str(c).lower() for c in choices)}")
    for key, kind in (("attributes", "attribute"), ("metrics", "metric"), ("reports", "report")):
        if not isinstance(settings[key], list):
            some = [settings[key]] if settings[key] in options(kind) else list(options(kind))[:2]
            raise UsageError(f"{key}={settings[key]}: it is a list\ntype {key}=[{','.join(some)}]")
        for name in settings[key]:
            component = find(kind, name)
            with owned(kind, name, component):
                if kind == "metric" and (fault := asks_in_vain(component)):
                    raise Fault(fault)
                if kind == "report":
                    report(component)
    further, typed = [kind.lower() for kind in FURTHER], settings["formats"]
    if not isinstance(typed, list) or not set(map(str, typed)) <= {*further, AVAILABLE}:
        what = f"type formats=[{','.join(further)}], or formats=[{AVAILABLE}] for those whose packages are there"
        raise UsageError(f"formats={typed}: a list of formats to read as well\n{what}")
    typed = settings["taken_from"]
    if not isinstance(typed, list) or not typed or not set(map(str, typed)) <= set(WAYS):
        what = f"a list of what dates are taken from\ntype taken_from=[{','.join(WAYS)}], the most trusted first"
        raise UsageError(f"taken_from={typed}: {what}")
    for key in ("out", "device"):
        if not isinstance(settings[key], str):
            raise UsageError(f"{key}={settings[key]}: it is text")
    if settings["vocabulary"] is not None:
        words(str(settings["vocabulary"]))
    for key in ("images", "out"):
        if settings[key] == "":
            raise UsageError(f"{key}= has no value\ntype {key}=FOLDER")
    _check_slots(settings)
    return settings


def _check_whole(key: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        usual = root_node().get(key)
        more = f", or {key}={AUTO}" if key == "k" else ""
        raise UsageError(
            f"{key}={value}: it is a whole number, at least {least}\n"
            f"type a whole number, such as {key}={max(least, 1) if usual is None else usual}{more}"
        )


def chooses(preset: Mapping[str, Any], slot: str) -> bool:
    """Whether a preset (its YAML) brings an option for a slot, and not just values for whichever is chosen."""
    return any(f"override /{slot}" in entry for entry in preset.get("defaults", []) if isinstance(entry, Mapping))


def _check_preset(preset: str | None, slot: str, node: Mapping[str, Any]) -> None:
    """Raises UsageError where a preset has a value for an option that does not take it."""
    brought = nodes()["preset"].get(preset or "", {}).get(slot, {})
    for key in brought:
        if key in node and key not in parameters(find(SLOTS[slot], node.get("name"))):
            raise UsageError(
                f"preset={preset} sets {slot}.{key}, which {slot}={node['name']} does not take\n"
                f"type ~{slot}.{key}, or choose another {slot}"
            )


def _check_slots(settings: Mapping[str, Any]) -> None:
    """Every option against its signature, and what it shares with the run against the run's rules."""
    for slot, kind in SLOTS.items():
        node = settings.get(slot)
        if node is None and slot in OPTIONAL:
            continue
        if not isinstance(node, Mapping):
            raise UsageError(f"{slot}=null: a run needs a {slot}\nchoose from: {', '.join(nodes()[slot])}")
        _check_preset(settings.get("preset"), slot, node)
        check_node(kind, node, slot)
        for key in node.keys() & SHARED:
            shared = SHARED[key]
            if shared in ("device", "images") and f"{slot}.{key}" in settings["typed"]:
                raise UsageError(f"{slot}.{key}: it is the same for the whole run\ntype {shared}=...")
            if shared in WHOLE and node[key] is not None:
                _check_whole(f"{slot}.{key}", node[key], WHOLE[shared])
    if settings["view"].get("n_components", 2) != 2:
        raise UsageError(
            f"view.n_components={settings['view']['n_components']}: a view has two dimensions\nleave it out"
        )
    for use in ("baseline", "otherwise"):
        if settings[use] is not None:
            check_node("backbone", settings[use])
