"""Hydra, and nothing else: options from signatures, composition, sweeps, and its errors in our words."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hydra import compose, initialize
from hydra import main as hydra_main
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from imgret.registry import UsageError, load_plugins, unknown
from imgret.settings import check, nodes, root_node, unused

if TYPE_CHECKING:
    from imgret.results import Run

Job = Callable[[dict[str, Any]], None]


def store_options() -> None:
    """Hand every option to Hydra, and the root settings with the defaults list."""
    store = ConfigStore.instance()
    store.store(name="config", node=root_node())
    for slot, options in nodes().items():
        for name, node in options.items():
            store.store(group=slot, name=name, node=node, package="_global_" if slot == "preset" else slot)


def settings_of(cfg: DictConfig, hydra: Any) -> dict[str, Any]:
    """The composed config as plain, checked values, with what was typed and the nodes of backbones named in it."""
    typed = [word.lstrip("+~").partition("=")[0] for word in hydra.overrides.task]
    preset = hydra.runtime.choices.get("preset")
    named = {"baseline": cfg.baseline, "otherwise": None if "backbone" in typed or preset is not None else cfg.fallback}
    known, more = nodes()["backbone"], {}
    for use, name in named.items():
        if name is not None and name not in known:
            raise UsageError(unknown("backbone", name, known))
        more[use] = known[name] if name is not None else None
    OmegaConf.set_struct(cfg, False)
    settings = cast(dict[str, Any], OmegaConf.to_container(OmegaConf.merge(cfg, more), resolve=True))
    settings |= {"typed": typed, "preset": preset}
    return check(settings)


def run_from_command_line(words: Sequence[str], job: Job) -> list[Exception]:
    """Compose and run, once or for each job of a sweep; returns what went wrong, if anything did."""
    wrong: list[Exception] = []
    seen: set[str] = set()

    def task(cfg: DictConfig) -> None:  # raises nothing of the user's: Hydra would print it, and end the sweep
        hydra = HydraConfig.get()
        try:
            idle = unused(OmegaConf.to_yaml(cfg), list(hydra.overrides.task), cfg)
            if idle and hydra.mode is not RunMode.MULTIRUN:
                raise UsageError(idle[1])
            settings = settings_of(cfg, hydra)
            same = str({**settings, "typed": None, **({idle[0]: None} if idle else {})})
            if same not in seen:  # in a sweep, jobs that differ only in a setting that they do not use are one job
                seen.add(same)
                job(settings)
        except Exception as error:
            wrong.append(error)

    store_options()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # composition errors come to us, not to exit code 1
    before, sys.argv = sys.argv, [sys.argv[0], *map(quoted, words)]
    try:
        hydra_main(version_base="1.3", config_path=None, config_name="config")(task)()
    except HydraException as error:
        wrong.append(error)
    finally:
        sys.argv = before
    return [_ours(error) for error in wrong]


def run_from_python(images: str | Path | None, changes: Mapping[str, Any]) -> Run:
    """The run that `imgret.run` returns."""
    from imgret.pipeline import run

    load_plugins()
    store_options()
    flat: dict[str, Any] = {} if images is None else {"images": str(images)}
    for key, value in changes.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{inner}": each for inner, each in value.items()}
        else:
            flat[key.replace("__", ".")] = value
    words = [f"{key}={as_typed(value)}" for key, value in flat.items()]
    if not {"images", "source", "preset"} & set(flat):
        words.append("preset=demo")
    try:
        with initialize(version_base="1.3", config_path=None):
            cfg = compose("config", words, return_hydra_config=True)
        hydra, chosen = cfg.hydra, OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"])
        idle = unused(OmegaConf.to_yaml(chosen), words, chosen)
        if idle:
            raise UsageError(idle[1])
        settings = settings_of(chosen, hydra)
    except (HydraException, OmegaConfBaseException) as error:
        raise _ours(error) from None
    return run(settings)


def quoted(word: str) -> str:
    """A `key=value` as typed, spelled so that Hydra and OmegaConf read exactly the value typed.

    Paths and patterns are always taken as they are; another value only where Hydra's grammar cannot read it.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser

    key, equals, value = word.partition("=")
    if not equals or word.startswith("-"):
        return word
    if key not in ("images", "out", "source.label_regex"):
        try:
            OverridesParser.create().parse_override(word)
            return word
        except HydraException:
            pass
    return f"{key}={literal(value)}"


def literal(text: str) -> str:
    """A quoted string of Hydra's grammar that stands for exactly `text`."""
    text = re.sub(r"(\\*)\$\{", lambda m: m[1] * 2 + r"\${", text)
    text = re.sub(r"(\\*)('|$)", lambda m: m[1] * 2 + (m[2] and r"\'"), text)
    return f"'{text}'"


def as_typed(value: Any) -> str:
    """A Python value as a word of the command line has it; text stands for exactly itself."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{','.join(map(as_typed, value))}]"
    return repr(value) if isinstance(value, int | float) else literal(str(value))


def _ours(error: Exception) -> Exception:
    """Hydra's and OmegaConf's complaints are about what was typed; others stay what they are."""
    if not isinstance(error, HydraException | OmegaConfBaseException):
        return error
    ours = UsageError(explain(error))
    ours.__cause__ = error
    return ours


def explain(error: Exception) -> str:
    """A complaint of Hydra or OmegaConf in one or two lines of ours."""
    cause: Any = error.__cause__
    if isinstance(error, MissingConfigException) and error.options is not None:
        slot, _, name = str(error.missing_cfg_file).rpartition("/")
        return unknown(slot, name, error.options)
    if getattr(cause, "parent_node", None) is not None:
        place, _, key = str(cause.full_key).rpartition(".")
        keys = [k for k in cause.parent_node if k not in ("name", "hydra")]
        return unknown(f"setting in {place}" if place else "setting", key, keys)
    return "\n".join(str(error).splitlines()[:2])
