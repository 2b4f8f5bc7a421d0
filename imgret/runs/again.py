"""What makes a run or a sweep again: the words that were typed, with the versions and images that they met.

A file of it is data: its words are taken as if they were typed, and nothing else of it is used.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from imgret.errors import UsageError
from imgret.findings.info import Info
from imgret.registry import SLOTS, called
from imgret.runs.differences import Change, changes
from imgret.store.files import commit, regular
from imgret.store.versions import versions
from imgret.words import as_word, printable, typed_path

NAME = "sweep.yaml"
LARGEST = 2**20  # bytes of such a file
SWEEP = "--multirun"
SETTING = re.compile(r"~?([a-z_]\w*(\.\w+)*)|~?\+{0,2}([a-z_]\w*(\.\w+)*)=.*", re.DOTALL)
AS_THEY_ARE = (
    "images",
    "source.label_regex",
    "source.path",
    "source.label",
    "source.group",
)  # `${` is no variable there
PATHS = ("images", "vocabulary")  # of the settings without a dot; with one, which is a path shows by what is there
OUT = "runs"  # where none was typed
DEMO = "preset=demo"  # which is chosen where no images are typed
YOURS = ("out", "log")  # of whoever makes it again, not of the file
SAYS = "# `python -m imgret --from {} [NAME=VALUE ...]` makes this again; what is typed beside goes before.\n"


class Again(NamedTuple):
    """The words of a command line as settings, `--multirun` first in a sweep; the versions; digests of images.

    `out` is where it wrote, and `place` the folder that they were typed in, where that can be told; see `typed_in`.
    """

    words: list[str]
    versions: Mapping[str, str]
    data: set[str]
    out: str = ""
    place: Path | None = None

    def otherwise(self) -> list[Change]:
        """The versions that are others here."""
        return changes(self.versions, versions())


def write(file: Path, words: Sequence[str], versions: Mapping[str, str], data: Iterable[str]) -> None:
    """Write the file that `read` reads. Raises OSError."""
    said = {"words": list(words), "versions": dict(versions), "data": sorted(set(data) - {""})}
    text = SAYS.format(file.name) + yaml.safe_dump(said, sort_keys=False, allow_unicode=False, width=1000)
    commit(file, lambda temporary: temporary.write_text(text, encoding="ascii"))


def read(typed: str) -> Again:
    """What a file of `write`, the folder of a sweep or of a run, or a run.json says. Raises UsageError."""
    place = typed_path(typed)
    file = next((each for each in (place / NAME, place / "run.json", place) if each.is_file()), place)
    try:
        if regular(file).stat().st_size > LARGEST and file.name != "run.json":
            raise ValueError("it is too large")
        found = of_run(Info.read(file.parent)) if file.name == "run.json" else _of_file(file)
    except UsageError:
        raise
    except Exception as error:  # what a hostile file makes its reader raise is anyone's guess
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else reason
        raise UsageError(
            f"--from {printable(typed)}: {printable(reason)}\n"
            f"give the folder of a run or a sweep, or a {NAME} that a sweep has written"
        ) from error
    words = [word for word in found.words if _taken(word)]
    return found._replace(words=words, place=typed_in(file, found.out))


def of_run(info: Info) -> Again:
    """What was typed for a run, with the values that it had."""
    config, words = info.config, []
    for key in dict.fromkeys(map(str, config.get("typed") or ())):
        slot, _, argument = key.partition(".")
        node = config.get(slot)
        if argument:
            value = node.get(argument) if isinstance(node, Mapping) else None
        elif slot in SLOTS or slot == "baseline":
            value = called(config, slot) if node else None
        else:
            value = config.get("k_asked") or node if slot == "k" else node
        words.append((key, value))
    said = [f"{key}={as_word(value)}" for key, value in words]
    return Again(said, info.versions, {info.data} - {""}, str(config.get("out") or OUT))


def _of_file(file: Path) -> Again:
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(said, dict) or not _texts(said.get("words")) or not said["words"]:
        raise ValueError("it has no list of words")
    found, data = said.get("versions") or {}, said.get("data") or []
    if not isinstance(found, dict) or not _texts([*found, *found.values()]) or not _texts(data):
        raise ValueError("its versions or data are no texts")
    out = next((word.partition("=")[2] for word in said["words"] if key_of(word) == "out"), OUT)
    return Again(said["words"], found, set(data), out)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _taken(word: str) -> bool:
    """Whether a word is one of the file's to say. Raises UsageError for what is no setting, or asks for a variable."""
    found = SETTING.fullmatch(word)
    if word == SWEEP:
        return True
    if not found or not ("=" in word or word[0] == "~") or key_of(word).partition(".")[0] == "hydra":
        raise UsageError(f"--from: its word {printable(word)} is no setting\nsettings are written name=value")
    if "${" in word and key_of(word) not in AS_THEY_ARE:
        raise UsageError(f"--from: its word {printable(word)} asks for a variable\ntype {key_of(word)}=... beside it")
    return key_of(word) not in YOURS


def typed_in(file: Path, out: str) -> Path | None:
    """The folder that was stood in to write this file of a run or a sweep into `out`; None where that cannot be told.

    No file names it, for it may be nobody's business: it follows from where the file lies, if that was not moved.
    """
    above, below = file.resolve().parent.parent.parts, Path(out).parts
    at = len(above) - len(below)
    return Path(*above[:at]) if above[at:] == below and not Path(out).is_absolute() else None


def refuse_elsewhere(found: Again, words: Sequence[str]) -> None:
    """Raises UsageError where one of the `words` that are taken from a file names a path that is where it was typed,
    and not from here.
    """
    for word in found.words if found.place else ():
        key, _, value = word.partition("=")
        if word not in words or not (key in PATHS or "." in key):
            continue
        for path in filter(None, (value, *value.split(","))):
            there = Path(found.place or "", path)
            if os.path.lexists(there) and not os.path.lexists(typed_path(path)):
                raise UsageError(
                    f"--from: {key}={printable(path)} is not there from here, but from {printable(str(found.place))}\n"
                    f"go there, or type {shlex.quote(printable(f'{key}={there}'))} beside it"
                )


def key_of(word: str) -> str:
    return word.lstrip("+~").partition("=")[0]


def over(typed: Sequence[str], words: Sequence[str]) -> list[str]:
    """The words of a file, and those typed beside it, which go before: with an option its arguments in the file go."""
    keys = {key_of(word) for word in typed}
    gone = keys | ({"preset"} if keys & {"images", "source"} and DEMO in words else set())
    left = [word for word in words if not {key_of(word), key_of(word).partition(".")[0]} & gone]
    return [*left, *(word for word in typed if word not in left)]
