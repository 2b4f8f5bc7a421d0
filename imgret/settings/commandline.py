"""The words of a command line, before Hydra sees them: a folder, flags, settings, and what is none of these."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from imgret.errors import UsageError
from imgret.settings.options import SWITCHES, root_node
from imgret.words import printable, typed_path

SHORT = {"-m": "--multirun", "-c": "--cfg", "-p": "--package", "-i": "--info", "-sc": "--shell-completion"}
FLAGS = {  # Hydra's flags that are taken, and the values of those that have one
    "--multirun": "",
    "--cfg": "job|hydra|all",
    "--package": ".+",
    "--resolve": "",
    "--info": "all|config|defaults|defaults-tree|plugins|searchpath",
    "--shell-completion": "",
    "--hydra-help": "",
}
MODES = {"--multirun", "--cfg", "--info", "--shell-completion", "--hydra-help"}


def is_path(text: str) -> bool:
    """Whether something lies at the path that was typed."""
    return bool(text) and os.path.lexists(typed_path(text))


def parts(text: str) -> list[str]:
    """What stands between the commas of `text`, where a path that exists is one part, commas and all."""
    pieces, found = text.split(","), []
    while pieces:
        size = next((n for n in range(len(pieces), 1, -1) if is_path(",".join(pieces[:n]))), 1)
        found.append(",".join(pieces[:size]))
        pieces = pieces[size:]
    return found


def tidy(words: Sequence[str], commands: Mapping[str, Any] | Sequence[str]) -> list[str]:
    """Words of the command line as Hydra takes them: flags by their long names, then settings, the folder as `images=`.

    The demo is chosen where there is nothing else. Raises UsageError for what is neither a setting nor one of Hydra's
    flags, with the right spelling.
    """
    flags: list[str] = []
    settings: list[str] = []
    sweep = bool({"-m", "--multirun"} & set(words))
    rest = list(words)
    while rest:
        word = rest.pop(0)
        is_folder = all(map(is_path, parts(word) if sweep else [word]))
        if not word.strip():
            raise UsageError("an empty word\nsettings are written name=value; see python -m imgret --help")
        if word.startswith("-"):
            flags.append(_flag(word, rest))
        elif not settings and (is_folder or ("=" not in word and not re.fullmatch(r"~[\w.]+", word))):
            if "--shell-completion" not in flags and not is_folder:
                raise UsageError(_nowhere(word, commands))
            settings.append(f"images={word}")
        elif "=" not in word and is_folder:
            other = next((each for each in settings if each.startswith("images=")), "")
            if other:
                raise UsageError(
                    f"{other.removeprefix('images=')} and {word}: a run is of one folder\n"
                    "give one that holds both, or a manifest of the files"
                )
            settings.append(f"images={word}")
        elif "=" not in word and not word.startswith("~"):
            raise UsageError(f"{word}: settings are written name=value\nsee python -m imgret --help")
        else:
            settings.append(word)
    modes = [flag for flag in flags if flag.partition("=")[0] in MODES]
    if len(modes) > 1:
        raise UsageError(f"{' and '.join(modes)}: only one of them at a time")
    if "--resolve" in flags and not any(mode.startswith("--cfg") for mode in modes):
        raise UsageError("--resolve goes with --cfg\ntype --cfg job --resolve")
    if "--shell-completion" in modes and not re.fullmatch("(un)?install=bash|query=bash", " ".join(settings)):
        raise UsageError('completion is for bash\ntype eval "$(imgret -sc install=bash)"')
    keys = {word.partition("=")[0] for word in settings}
    if not {"images", "source", "preset"} & keys and not {"--shell-completion", "--hydra-help"} & set(modes):
        settings.append("preset=demo")
    return flags + settings


def _nowhere(word: str, commands: Iterable[str]) -> str:
    """That a first word is neither a command nor a path of something, with what is nearest to it."""
    path = typed_path(word)
    try:
        beside = os.listdir(path.parent)
    except (OSError, ValueError):
        beside = []
    close = [str(path.with_name(name)) for name in get_close_matches(path.name, sorted(beside), 1)]
    close = get_close_matches(word, commands, 1) or close
    meant = f", did you mean {printable(close[0])}?" if close else ""
    if os.path.basename(word) != word:  # no command looks like that
        return f"{printable(word)}: there is no such folder or file{meant}\ngive a folder that has images in it"
    return (
        f"no command, folder or setting {word!r}{meant}\n"
        f"give a folder that has images in it, or one of {', '.join(commands)}"
    )


def _flag(word: str, rest: list[str]) -> str:
    """One of Hydra's flags by its long name, with its value, which is taken from the rest where it stands there."""
    name, equals, value = word.partition("=")
    flag = SHORT.get(name, name)
    if flag not in FLAGS:
        setting = name.lstrip("-")
        given = value if equals else "true" if setting in SWITCHES else "".join(rest[:1])
        raise UsageError(f"{word}: settings are written name=value, without dashes\ntype {setting}={given or '...'}")
    values = FLAGS[flag]
    if not equals and values and rest and re.fullmatch(values, rest[0]):
        value = rest.pop(0)
    elif flag == "--info" and not equals:
        value = "all"
    if not re.fullmatch(values, value):
        raise UsageError(f"{word}: {'choose from: ' + values.replace('|', ', ') if values else 'it takes no value'}")
    return f"{flag}={value}" if values else flag


def several(error: str) -> str:
    """What to type where Hydra says that a setting has several values; "" where it says something else."""
    found = re.match(r"Ambiguous value for argument '\+*(([\w.]+)=(.*))'", error)
    if not found:
        return ""
    word, key, values = found.groups()
    if isinstance(root_node().get(key), list):
        return f"{word}: it is a list\ntype {key}=[{values}]"
    return f"{word}: several values are a sweep, a run for each\ntype -m as well: python -m imgret -m FOLDER {word}"


def literal(text: str) -> str:
    """A quoted string of Hydra's grammar that stands for exactly `text`."""
    text = re.sub(r"(\\*)\$\{", lambda m: m[1] * 2 + r"\${", text)
    text = re.sub(r"(\\*)('|$)", lambda m: m[1] * 2 + (m[2] and r"\'"), text)
    return f"'{text}'"


def as_typed(value: Any) -> str:
    """A Python value as a word of the command line has it; text stands for exactly itself."""
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        value = value.tolist()
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"[{','.join(map(as_typed, value))}]"
    return repr(value) if isinstance(value, int | float) else literal(str(value))
