"""Names, paths, counts and times as people read them; nothing heavy is imported for it."""

from __future__ import annotations

import math
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from unicodedata import category

PLACE = re.compile(r"gps.*|lat|lon|lng|(lat|long|alt)itude.*|coordinates?|geo|location", re.IGNORECASE)
NESTED = re.compile(r'"(~|/|file:|[A-Za-z]:[\\/]|\\\\)')  # a path of this machine within JSON
WORD = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")  # GPSLatitude is two
# How programs write into a text that a value is missing, besides nothing: as pandas 2 reads it, but for its odder NaN
MISSING = frozenset({"NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NaT", "None", "NULL", "null"})


def printable(text: str) -> str:
    """The text on one line, safe to show: spaces of any kind as spaces, what has no glyph of its own as an escape.

    So control characters, lone surrogates (bytes of a name that are no UTF-8) and marks that turn the direction of
    writing stay visible and do nothing.
    """

    def shown(character: str) -> str:
        if character.isprintable():
            return character
        return " " if category(character) == "Zs" else character.encode("unicode_escape").decode()

    return "".join(map(shown, text))


def quoted(name: str) -> str:
    """A file name as a shell takes it."""
    return shlex.quote(printable(name))


def typed_path(text: str | Path) -> Path:
    """The path that was typed: as it is where something lies there, else with `~` as the home folder. Never raises."""
    path = Path(text)
    if os.path.lexists(path):
        return path
    try:
        return path.expanduser()
    except (RuntimeError, ValueError):  # `~name` of nobody here, or no name at all
        return path


def shown_path(path: Path) -> str:
    """Relative to where one stands, where it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(path)


def duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def size(count: float) -> str:
    """Bytes as disks are sold: 188 MB are 188 million."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}"
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def decimal(value: float | str) -> str:
    """A number in six significant digits, the same text for the same float32 on every machine; text as it is.

    Empty for what is no finite number.
    """
    if isinstance(value, str):
        return value
    return f"{float(value):.6g}" if math.isfinite(value) else ""


def tally(counts: Mapping[str, int]) -> str:
    """Counts by the plural of what is counted: `1 shard, 84 rows`."""
    return ", ".join(f"{n:,} {name if n != 1 else name.removesuffix('s')}" for name, n in counts.items())


def shortened(text: str, most: int) -> str:
    """The text, its middle left out where it has more than `most` characters."""
    return text if len(text) <= most else f"{text[: most // 2 - 1]}…{text[len(text) - most // 2 :]}"


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def as_word(value: object) -> str:
    """A setting's value as it is shown and typed: null, true, [a,b]; text as it is, without a grammar's quotes."""
    if isinstance(value, list | tuple):
        return f"[{','.join(map(as_word, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)


def percent(part: int, whole: int) -> str:
    """A share rounded to whole percents, of which 0 and 100 are kept for none and all."""
    rounded = (200 * part + whole) // (2 * whole)
    return f"{rounded if part in (0, whole) else min(max(rounded, 1), 99)} %"


def spoken(column: str) -> str:
    """The name of a column as people say it: `dominant color`."""
    return column.replace("_", " ").strip() or column


def listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def set_apart(distractors: int, junk: int) -> list[str]:
    """What of the images without a label is ranked, and what is not."""
    said = [f"{counted(distractors, 'distractor')} ranked"] if distractors else []
    return [*said, *([f"{junk:,} junk not ranked"] if junk else [])]


def tells_a_place(name: str, texts: Sequence[str]) -> bool:
    """Whether a column is of places on earth, or of files of this machine."""
    return _names_a_place(name) or any(
        text.startswith(("~", "file:"))
        or PurePosixPath(text).is_absolute()
        or PureWindowsPath(text).is_absolute()
        or (text.startswith(("{", "[")) and (_names_a_place(text) or NESTED.search(text)))  # a manifest's objects
        for text in texts
    )


def _names_a_place(text: str) -> bool:
    return any(map(PLACE.fullmatch, WORD.findall(text)))
