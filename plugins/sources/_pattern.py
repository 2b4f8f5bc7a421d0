"""Labels by a regular expression over the paths, which may look for ever: not longer than a while for each path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from imgret import UsageError
from imgret.plugin import Item, Lost, printable, spread

WHILE = 5  # seconds for one path; a pattern without nested repeats takes microseconds
REPEATS = 3  # of which even the worst, over a usual path, end within a second or two
USUAL = 255  # characters of a path


def named(pattern: re.Pattern[str], label: str, group: str) -> tuple[str, str]:
    """The named groups of the pattern that are label and group, each nothing where there is none.

    They are called as `label` and `group` say, or so; the latter may be called camera.
    """
    has = pattern.groupindex
    by = next((name for name in (label, "label") if name in has), "")
    return by, next((name for name in (group, "group", "camera") if name in has), "")


def compiled(text: str, label: str = "", group: str = "") -> re.Pattern[str]:
    """Raises UsageError for what is no pattern, or names neither label nor group."""
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        said = printable(str(error))
        raise UsageError(f"source.label_regex={printable(text)}: no regular expression: {said}") from error
    if not any(named(pattern, label, group)):
        raise UsageError(
            f"source.label_regex={printable(text)} names neither label nor group\n"
            r"write it like source.label_regex='(?P<label>\d+)_c(?P<group>\d)'"
        )
    return pattern


def found(pattern: re.Pattern[str], items: Iterator[Item]) -> Iterator[tuple[Item, dict[str, str | None] | None]]:
    """Each item with the named groups of the pattern in its path, None where it is not there.

    A path over which the pattern might go back and forth without end is searched by a worker, which can be ended.
    Raises UsageError, naming both, where that takes longer than a WHILE.
    """
    waiting: list[Item] = []
    for item in items:
        if waiting or not _ends(pattern.pattern, item.path):
            waiting.append(item)  # in one go, and in order
        else:
            yield item, _groups(pattern, item.path)
    if not waiting:
        return
    answers = spread(partial(_groups, pattern), [item.path for item in waiting], WHILE)
    done = (each for _, chunk in answers for each in chunk)
    for item, said in zip(waiting, done, strict=True):
        if isinstance(said, Lost):
            raise UsageError(
                f"source.label_regex={printable(pattern.pattern)} comes to no end for the path "
                f"{printable(item.path)}: {said.reason}\nwrite it without a repeat in a repeat, such as (a+)+"
            )
        yield item, said


def _ends(pattern: str, path: str) -> bool:
    """Whether a search is soon over, whatever the pattern is: few repeats, none of a group, and no long path."""
    one = r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]"  # an escape or a set: one character, whatever stands in it
    rest = re.sub(one, "x", pattern, flags=re.DOTALL)
    return len(path) <= USUAL and len(re.findall(r"[*+{]", rest)) <= REPEATS and not re.search(r"\)[*+{]", rest)


def _groups(pattern: re.Pattern[str], path: str) -> dict[str, str | None] | None:
    match = pattern.search(path)
    return match.groupdict() if match else None
