"""Labels by a regular expression over the paths, which may look for ever: not longer than a while for each path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, partial
from math import comb, inf

from imgret import UsageError
from imgret.plugin import Item, Lost, printable, spread

WHILE = 5  # seconds for one path; a usual pattern takes microseconds
QUICK = 10**9  # comparisons of characters that a search takes at the most, so that it is over in a second or two


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

    A path over which the pattern might go back and forth for long is searched by a worker, which can be ended.
    Raises UsageError, naming both, where that takes longer than a WHILE; of several paths, for the first.
    """
    waiting: list[Item] = []
    for item in items:
        if waiting or _most(pattern.pattern, len(item.path)) > QUICK:
            waiting.append(item)  # in one go, and in order
        else:
            yield item, _groups(pattern, item.path)
    if not waiting:
        return
    answers = spread(partial(_groups, pattern), [item.path for item in waiting], WHILE, goes_on=False)
    done = (each for _, chunk in answers for each in chunk)
    for item, said in zip(waiting, done, strict=False):  # there is no more after the first that is lost
        if isinstance(said, Lost):
            raise UsageError(
                f"source.label_regex={printable(pattern.pattern)} comes to no end for the path "
                f"{printable(item.path)}: {said.reason}\n"
                "write it without a repeat in a repeat, such as (a+)+, and with fewer of | and ?"
            )
        yield item, said


@cache  # a collection has paths of few lengths
def _most(pattern: str, length: int) -> float:
    """How many comparisons of characters a search in a path of this length takes at the most; inf where that is open.

    Each way through the pattern begins somewhere, and parts what follows among the repeats: C(length + repeats + 1,
    repeats + 1) ways. Each | and ? doubles them at the most, and each compares the whole pattern. Where a group is
    repeated, or the pattern has flags, looks around or back, nothing is known of it.
    """
    one = r"\\[^1-9]|\[\^?\]?(?:\\.|[^\]\\])*\]"  # an escape or a set: one character, whatever stands in it
    rest = re.sub(one, "x", pattern, flags=re.DOTALL)
    rest = re.sub(r"\(\?(?::|P<\w+>)", "(", rest)
    if re.search(r"\(\?|\)[*+{]|\\", rest):
        return inf
    repeats, choices = len(re.findall(r"[*+{]", rest)), len(re.findall(r"[|?]", rest))
    return comb(length + repeats + 1, repeats + 1) * (1 << choices) * (len(pattern) + 1)


def _groups(pattern: re.Pattern[str], path: str) -> dict[str, str | None] | None:
    match = pattern.search(path)
    return match.groupdict() if match else None
