"""The one gate to the screen: what is said has no power over the terminal, whatever names and files put into it.

`say` is for lines of ours. Whatever else is printed while a command is at work (help, tracebacks, warnings, what
libraries say) passes through the streams that `gated` puts in the place of the standard ones.
"""

from __future__ import annotations

import copy
import io
import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from imgret.streams import fill, mute
from imgret.words import printable

ODD = re.compile(r"[^\n\t -~]+")  # where anything may be that is not shown as it is


def say(*lines: str, flush: bool = False) -> None:
    """Print lines, each of which stays one: the end of a line within a name is shown, and begins none."""
    print("\n".join(map(printable, lines)), flush=flush)


def complain(error: object) -> None:
    """Say on stderr what went wrong, and on a line of its own what to type: the text behind the last end of a line."""
    try:
        print("\n".join(map(printable, f"imgret: {error}".rsplit("\n", 1))), file=sys.stderr, flush=True)
    except OSError:  # nobody can be told
        mute(sys.stderr)


def say_json(value: object) -> None:
    """Print what programs read, in ASCII."""
    print(json.dumps(value, indent=1, allow_nan=False))


def plain(text: str) -> str:
    """The text with the ends of its lines and its tabs, all else as `printable` shows it."""
    return ODD.sub(lambda found: printable(found[0]), text)


class Gate:
    """A stream that takes text for the one `beneath`, and hands it on `plain`."""

    def __init__(self, beneath: TextIO) -> None:
        self.beneath = beneath

    def write(self, text: str) -> int:
        self.beneath.write(plain(text))
        return len(text)

    def writelines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beneath, name)


@contextmanager
def gated() -> Iterator[None]:
    """While it lasts, nothing that Python prints reaches the standard streams but through a gate."""
    fill()
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show ends no run
    sys.stdout, sys.stderr = (cast(TextIO, Gate(stream)) if stream else stream for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


class Lines(logging.Formatter):
    """Records of a log, of which only the text itself may have several lines, and not what is told with it."""

    def format(self, record: logging.LogRecord) -> str:
        told = copy.copy(record)
        if isinstance(record.args, tuple):
            told.args = tuple(each if isinstance(each, int | float) else _told(each) for each in record.args)
        return plain(super().format(told))


def _told(value: object) -> str:
    return printable(" ".join(str(value).splitlines()) if isinstance(value, Exception) else str(value))
