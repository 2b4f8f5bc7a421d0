"""The options that can be typed: those of the registry, those of `configs/`, and the root settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from imgret.registry import SLOTS, UsageError, arguments, find, options, unknown

HERE = Path(__file__).parent
CONFIGS = next((p for p in (HERE / "configs", HERE.parent / "configs") if p.is_dir()), HERE / "configs")
WHOLE = {"k": 1, "top": 1, "limit": 1, "seed": 0}  # root settings that are whole numbers, and the least of each
CHOICES = {"log": ("quiet", "info", "debug"), "normalize": ("centre", "l2", "none"), "offline": (True, False)}


@cache
def _yaml(file: Path) -> dict[str, Any]:
    with file.open(encoding="utf-8") as stream:
        return dict(yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {})


def root_node() -> dict[str, Any]:
    """What configs/config.yaml says."""
    return dict(_yaml(CONFIGS / "config.yaml"))


def nodes() -> dict[str, dict[str, dict[str, Any]]]:
    """Every option's config by slot and name: its signature's defaults, then what its file in `configs/` says.

    A file may also be an alias of a component, with values of its own, and bring defaults for other slots.
    """
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


def unused(config: str, overrides: Sequence[str], chosen: Mapping[str, Any]) -> tuple[str, str] | None:
    """The root setting that was typed and that no chosen option refers to, and what is wrong with that.

    `config` is the unresolved YAML, `chosen` the config by slot.
    """
    for key, slot in (("k", "clusterer"), ("images", "source")):
        if any(word.startswith(f"{key}=") for word in overrides) and f"${{{key}}}" not in config:
            name = chosen[slot]["name"]
            return key, f"{key} has no effect on {slot}={name}\nleave {key} out, or choose another {slot}"
    return None


def check(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings, if their root values are what they must be. Raises UsageError."""
    for key, least in WHOLE.items():
        value = settings[key]
        if value is None and key == "limit":
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise UsageError(
                f"{key}={value}: it is a whole number, at least {least}\ntype {key}={max(least, 1)} or more"
            )
    for key, choices in CHOICES.items():
        if settings[key] not in choices:
            raise UsageError(f"{key}={settings[key]}\nchoose from: {', '.join(str(c).lower() for c in choices)}")
    for key, kind in (("metrics", "metric"), ("reports", "report")):
        if not isinstance(settings[key], list):
            raise UsageError(f"{key}={settings[key]}: it is a list\ntype {key}=[{','.join(list(options(kind))[:2])}]")
        for name in settings[key]:
            find(kind, name)
    for key in ("out", "device"):
        if not isinstance(settings[key], str):
            raise UsageError(f"{key}={settings[key]}: it is text")
    return settings


def tidy(words: Sequence[str], commands: Mapping[str, Any] | Sequence[str]) -> list[str]:
    """Words of the command line as Hydra takes them: the folder as `images=`, the demo where there is nothing else.

    Raises UsageError for what is neither a setting nor one of Hydra's flags, with the right spelling.
    """
    tidied: list[str] = []
    flags = {"-m", "--multirun", "-c", "--cfg", "-p", "--package", "--resolve", "-i", "--info", "-sc",
             "--shell-completion", "--hydra-help", "--version"}  # fmt: skip
    takes_value = {"-c", "--cfg", "-p", "--package"}
    for place, word in enumerate(words):
        name = word.lstrip("-").partition("=")[0]
        first = not any(not w.startswith("-") for w in tidied)
        if tidied and tidied[-1] in takes_value:
            tidied.append(word)
        elif word.startswith("-") and word.partition("=")[0] not in flags:
            value = words[place + 1] if "=" not in word and place + 1 < len(words) else word.partition("=")[2]
            raise UsageError(f"{word}: settings are written name=value, without dashes\ntype {name}={value or '...'}")
        elif first and not word.startswith("-") and (Path(word).expanduser().exists() or "=" not in word):
            if not Path(word).expanduser().exists():
                raise UsageError(unknown("command, folder or setting", word, commands))
            tidied.append(f"images={word}")
        elif "=" not in word and not word.startswith(("-", "~")) and "-sc" not in words[:place]:
            raise UsageError(f"{word}: settings are written name=value\nsee python -m imgret --help")
        else:
            tidied.append(word)
    chosen = {word.partition("=")[0] for word in tidied}
    if not {"images", "source", "preset", "--hydra-help", "-sc", "--shell-completion", "--version"} & chosen:
        tidied.append("preset=demo")
    return tidied
