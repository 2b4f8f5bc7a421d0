"""Standard streams that are closed, full, or read by nobody: what is printed is lost then, and nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from imgret.errors import UsageError, too_little, unwritable


def fill() -> None:
    """Let a standard stream that is closed, as a service's may be, be one that says nothing: else the next file that is
    opened has its number, and is written into by whatever prints.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest number that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def unprinted(error: Exception) -> UsageError | None:
    """What to tell where it was standard output that could not be written to."""
    if not isinstance(error, OSError) or error.filename or too_little(error):
        return None
    try:
        print(flush=True)  # a flush alone does not tell: what could not be printed is forgotten
    except OSError as again:
        mute(sys.stdout)
        return unwritable("standard output", again)
    return None


def mute(stream: TextIO) -> None:
    """What is left to print, and what the stream still holds, goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def unread() -> bool:
    """Whether nobody reads what we print, as when `| head` has seen enough; what is left to print then goes nowhere."""
    for stream in (sys.stdout, sys.stderr):
        try:
            print(file=stream, flush=True)  # a flush alone does not tell: what could not be printed is forgotten
        except BrokenPipeError:
            mute(stream)
            return True
    return False


@contextmanager
def quiet_end(stream: TextIO) -> Iterator[None]:
    """What the log could not write is no matter of the exit code."""
    try:
        yield
    finally:
        try:
            stream.flush()
        except OSError:
            mute(stream)
