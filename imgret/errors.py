"""What goes wrong, and the exit code that goes with it."""

from __future__ import annotations

import errno
import os

EXIT_CODES = {  # what `--help` says of them
    0: "done",
    1: "a fault of imgret's own, or of a component that `plugins check` looked at",
    2: "wrong use: what was typed, a file that was named, or a component that was chosen, cannot be used",
    3: "too many files failed (max_failed), or none is readable",
    4: "the store or a run is damaged, or of a later version",
    5: "a disk is full; what was computed before is kept, and the same command goes on from there",
    130: "stopped; the same command goes on from there",
}
FAULT, STOPPED = 1, 130  # the other codes are those of the errors below

FULL = {errno.ENOSPC, errno.EDQUOT}
# What libraries say that hand no number on: safetensors has the system's words, SQLite its own.
FULL_SAID = (*map(os.strerror, FULL), "database or disk is full")


class UsageError(Exception):
    """Wrong use: one or two lines for the user, no traceback, and the exit code that goes with it."""

    exit_code = 2


class Fault(UsageError):
    """What a component did, and what is wanted of its kind: `said`, the same sentence in a run and in `plugins check`.

    `kind` and `name` say whose it is, `see` where it lies and what to type: see blame.py. It can be pickled, as those
    of a worker process have to be. One that is `told` has been on the screen.
    """

    kind = name = see = ""
    told = False

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = " ".join(said.split())

    def __str__(self) -> str:
        whose = "/".join(filter(None, (self.kind, self.name)))
        return f"{whose}: {self.said}\n{self.see}".rstrip() if whose else self.said


class TooManyFailed(UsageError):
    """Most of the files could not be used."""

    exit_code = 3


class StoreDamaged(UsageError):
    """The store, or a run, is damaged or of a version that this one does not know."""

    exit_code = 4


class DiskFull(UsageError):
    """A disk, or what one may have of it, is full, or would not hold what is to be written."""

    exit_code = 5


def is_full(error: Exception) -> bool:
    """Whether this was raised because a disk, or what one may have of it, is full."""
    if isinstance(error, DiskFull) or (isinstance(error, OSError) and error.errno in FULL):
        return True
    return any(said in str(error) for said in FULL_SAID)


def unwritable(place: object, error: Exception, otherwise: str = "") -> UsageError:
    """What to raise where `place` cannot be written to because of `error`; DiskFull where that is the reason.

    `otherwise` is what to type instead, say "type out=FOLDER".
    """
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    said = f"{place} cannot be written to: {reason}"
    if is_full(error):
        return DiskFull(f"{said}\nmake room there{f', or {otherwise}' * bool(otherwise)}")
    return UsageError(f"{said}\n{otherwise}".rstrip())
