"""Hydra, and nothing else: options from signatures, composition, sweeps, and its errors in our words."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hydra import compose, initialize
from hydra import main as hydra_main
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from imgret.errors import UsageError, refuse_nowhere
from imgret.evaluation.jobs import Asked
from imgret.registry import OPTIONAL, SLOTS, load_plugins, unknown
from imgret.settings.commandline import as_typed, is_path, literal, parts, several
from imgret.settings.hydra import COMPOSING, own_hydra
from imgret.settings.options import check, chooses, chosen, nodes, root_node, unused
from imgret.words import printable

if TYPE_CHECKING:
    from imgret.evaluation.sweep import Sweep
    from imgret.runs.run import Run

Job = Callable[[dict[str, Any], Asked | None], None]
FULL = "HYDRA_FULL_ERROR"
VERBATIM = ("images", "out", "source.label_regex", "source.path", "source.label", "source.group")


def settings_of(cfg: DictConfig, hydra: Any) -> dict[str, Any]:
    """The composed config as plain, checked values, with what was typed and the nodes of backbones named in it."""
    typed = [word.lstrip("+~").partition("=")[0] for word in hydra.overrides.task]
    preset = hydra.runtime.choices.get("preset")
    brought = nodes()["preset"].get(preset, {})
    meant = any(key.partition(".")[0] == "backbone" for key in typed) or chooses(brought, "backbone")
    OmegaConf.set_struct(cfg, False)
    named = {"baseline": cfg.get("baseline"), "otherwise": None if meant else cfg.get("fallback")}
    known, more = nodes()["backbone"], {}
    for use, name in named.items():
        if name is not None and name not in list(known):
            raise UsageError(unknown("backbone", name, known))
        more[use] = known[name] if name is not None else None
    if more["otherwise"] is not None:  # it stands in for the backbone as the preset wants it
        more["otherwise"] = {k: brought.get("backbone", {}).get(k, value) for k, value in more["otherwise"].items()}
    settings = cast(dict[str, Any], OmegaConf.to_container(OmegaConf.merge(cfg, more), resolve=True))
    settings |= {slot: settings.get(slot) or None for slot in OPTIONAL} | {"typed": typed, "preset": preset}
    choices = {slot: hydra.runtime.choices.get(slot) for slot in SLOTS}
    return check(settings) | {"chosen": chosen(settings, choices | named)}


def is_sweep(words: Sequence[str]) -> bool:
    return bool({"--multirun", "hydra.mode=MULTIRUN"} & set(words))


def run_from_command_line(words: Sequence[str], job: Job, sweep: Sweep) -> list[Exception]:
    """Compose and run, once or for each job of a sweep; returns what went wrong, if anything did.

    A job gets its settings, and in a sweep what was asked of it. `sweep` is told of the jobs that fail and of those
    that are an earlier one again. Raises BrokenPipeError.
    """
    wrong: list[Exception] = []
    seen: dict[str, int] = {}
    swept: dict[str, int] = {}  # how many values each setting is given

    def task(cfg: DictConfig) -> None:  # raises nothing of the user's: Hydra would print it, and end the sweep
        hydra = HydraConfig.get()
        if wrong and isinstance(wrong[-1], BrokenPipeError):  # nobody reads any more
            return
        asked = None
        try:
            idle = unused(OmegaConf.to_yaml(cfg), list(hydra.overrides.task), cfg)
            if idle and hydra.mode is not RunMode.MULTIRUN:
                raise UsageError(idle[1])
            if swept:
                values = {key: None if idle and key == idle[0] else _chosen(key, cfg, hydra) for key in swept}
                asked = Asked(hydra.job.num + 1, prod(swept.values()), values)
            settings = settings_of(cfg, hydra)
            same = str({**settings, "typed": None, "chosen": None, **({idle[0]: None} if idle else {})})
            if same not in seen:  # in a sweep, jobs that differ only in a setting that they do not use are one job
                seen[same] = hydra.job.num + 1 if asked else 0
                job(settings, asked)
            elif asked:
                sweep.again(asked, seen[same])
        except Exception as error:
            wrong.append(error)
            if asked and not isinstance(error, BrokenPipeError):
                with suppress(BrokenPipeError):  # the next line that is printed finds it again
                    sweep.fail(asked, _ours(error))

    words = [as_hydra_reads(word, is_sweep(words)) for word in words if word != "preset=null"]
    try:
        # a sweep of Hydra's writes a file, which nobody wants to keep
        with tempfile.TemporaryDirectory() if is_sweep(words) else nullcontext() as folder:
            if folder:
                overrides = OverridesParser.create().parse_overrides([w for w in words if not w.startswith("-")])
                overrides = [each for each in overrides if each.is_sweep_override()]
                swept |= {o.get_key_element().lstrip("+~"): len(list(o.sweep_iterator())) for o in overrides}
                words.append(f"hydra.sweep.dir={literal(folder)}")
            hydra_itself(words, task)
    except HydraException as error:
        wrong.append(error)
    except ValueError as error:  # not a job's: they keep theirs
        wrong.append(HydraException(str(error)))
    if wrong and isinstance(wrong[-1], BrokenPipeError):
        raise wrong[-1]
    return [_ours(error) for error in wrong]


def _chosen(key: str, cfg: DictConfig, hydra: Any) -> str:
    """The value of a swept setting, as text."""
    value = hydra.runtime.choices[key] if key in hydra.runtime.choices else OmegaConf.select(cfg, key)
    value = OmegaConf.to_container(value, resolve=True) if OmegaConf.is_config(value) else value
    return value if isinstance(value, str) else as_typed(value)


def hydra_itself(words: Sequence[str], task: Callable[[DictConfig], None]) -> None:
    """Hydra's own command line, errors as exceptions."""
    before, sys.argv = (sys.argv, os.environ.get(FULL)), ["imgret", *words]
    os.environ[FULL] = "1"  # composition errors come to us, not to exit code 1
    try:
        with own_hydra():
            hydra_main(version_base="1.3", config_path=None, config_name="config")(task)()
    finally:
        sys.argv, full = before
        os.environ.pop(FULL)
        os.environ.update({} if full is None else {FULL: full})


def run_from_python(images: str | Path | None, changes: Mapping[str, Any]) -> Run:
    """The run that `imgret.run` returns."""
    from imgret.pipeline import run

    refuse_nowhere()
    load_plugins()
    if not isinstance(images, str | Path | None):
        raise UsageError(f"images is a {type(images).__name__}\ngive one path, of a folder, a manifest or a tar")
    flat: dict[str, Any] = {} if images is None else {"images": str(images)}
    for key, value in changes.items():
        slot, _, argument = key.partition("_")
        if slot in SLOTS and not argument.startswith("_") and argument and key not in root_node():
            raise UsageError(
                f"no setting {printable(key)!r}, did you mean {slot}__{printable(argument)}?\n"
                f"an argument of the {slot} is written with two underscores"
            )
        if isinstance(value, Mapping):
            flat |= {f"{key}.{inner}": each for inner, each in value.items()}
        else:
            flat[key.replace("__", ".")] = value
    words = [f"{k}={as_typed('null' if v is None and k in SLOTS else v)}" for k, v in flat.items()]
    words = [word for word in words if word != "preset=null"]
    if not {"images", "source", "preset"} & set(flat):
        words.append("preset=demo")
    try:
        with COMPOSING, own_hydra(), initialize(version_base="1.3", config_path=None):
            cfg = compose("config", words, return_hydra_config=True)
        hydra, mine = cfg.hydra, OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"])
        idle = unused(OmegaConf.to_yaml(mine), words, mine)
        if idle:
            raise UsageError(idle[1])
        settings = settings_of(mine, hydra)
    except (HydraException, OmegaConfBaseException) as error:
        raise _ours(error) from None
    return run(settings)


def as_hydra_reads(word: str, sweep: bool = False) -> str:
    """A `key=value` as typed, spelled so that Hydra and OmegaConf read exactly the value typed.

    Paths and patterns are always taken as they are; another value only where Hydra's grammar cannot read it. In a
    sweep, commas stand between values, except inside a path that exists.
    """
    key, equals, value = word.partition("=")
    if not equals or word.startswith("-"):
        return word
    weights = key.endswith(".weights") and re.search(r"[/\\]|\.(pth|pt|safetensors)\b", value)
    named = re.search(r"[^\w./+-]", value) and is_path(value)  # a file called `3` or `true` is no path to Hydra
    if not (key.lstrip("+") in VERBATIM or weights or named):
        try:
            read = OverridesParser.create().parse_override(word)
            found = read.sweep_iterator() if read.is_sweep_override() else [read.value()]
            if key not in SLOTS or not any(each is None or isinstance(each, int | float) for each in found):
                return word  # else `clusterer=null`: a name that no option has, which is best said of the name
        except HydraException:
            pass
    values = parts(value) if sweep and key != "source.label_regex" else [value]
    return f"{key}={','.join(map(literal, values))}"


def values_of(words: Sequence[str]) -> dict[str, Any]:
    """The values that `key=value` words have on a command line. Raises UsageError where they cannot be read."""
    try:
        read = [OverridesParser.create().parse_override(as_hydra_reads(word)) for word in words]
        return {each.key_or_group: each.value() for each in read}
    except HydraException as error:
        raise _ours(error) from None


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
    if idle := re.match(rf"Could not override '(({'|'.join(OPTIONAL)})\.[\w.]+)'", str(error)):
        return f"{idle[1]}: no {idle[2]} is chosen\ntype {idle[2]}=NAME with it, one of {', '.join(nodes()[idle[2]])}"
    if said := several(str(error)):
        return said
    if isinstance(error, MissingConfigException) and error.options is not None:
        slot, _, name = str(error.missing_cfg_file).rpartition("/")
        return unknown(slot, name, error.options)
    if getattr(cause, "parent_node", None) is not None:
        place, _, key = str(cause.full_key).rpartition(".")
        keys = [k for k in cause.parent_node if k not in ("name", "hydra")]
        return unknown(f"setting in {place}" if place else "setting", key, keys, many=not place)
    return " ".join(str(error).splitlines()[:2])
