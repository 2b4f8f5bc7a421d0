"""What goes wrong, and the exit code that goes with it."""

from __future__ import annotations

import errno
import os
import re

EXIT_CODES = {  # what `--help` says of them
    0: "done",
    1: "a fault of imgret's own, or of a component that `plugins check` looked at",
    2: "wrong use: what was typed, a file that was named, or a component that was chosen, cannot be used",
    3: "too many files failed (max_failed), or none is readable",
    4: "the store or a run is damaged, or of a later version",
    5: "a disk is full; what was computed before is kept, and the same command goes on from there",
    6: "the machine gives too little: memory, processes, open files, large files, a folder for temporary files",
    130: "stopped; the same command goes on from there",
}
FAULT, STOPPED = 1, 130  # the other codes are those of the errors below

FULL = {errno.ENOSPC, errno.EDQUOT}
RUST = re.compile(r"\(os error (\d+)\)")  # where libraries such as safetensors put the system's number
# What libraries say that hand no number on: SQLite has its own words.
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


class TooLittle(UsageError):
    """The machine, or what one may have of it, does not give what is needed: memory, processes, open or large files."""

    exit_code = 6


# What is refused: by the number of the system, by the words of libraries; and what to do.
MEMORY = "close what needs memory, raise the limit (ulimit -v, the container's or the job's), or type a smaller limit="
PROCESSES = "raise the limit of processes (ulimit -u, the container's or the job's)"
LARGE = "raise the limit of a file's size (ulimit -f unlimited, or the job's), or take a disk that has larger files"
REFUSED: tuple[tuple[set[int], tuple[str, ...], str], ...] = (
    ({errno.ENOMEM}, ("annot allocate memory", "failed to map segment", "out of memory", "bad_alloc"), MEMORY),
    ({errno.EAGAIN, errno.ECHILD}, ("can't start new thread", "pthread_create"), PROCESSES),
    ({errno.EMFILE, errno.ENFILE}, ("Too many open files",), "raise the limit of open files: ulimit -n 4096"),
    ({errno.EFBIG}, ("File too large",), LARGE),
    (set(), ("No usable temporary directory",), "set TMPDIR=FOLDER, a folder that can be written to"),
)


def too_little(error: BaseException) -> TooLittle | None:
    """What to tell in place of an error that says what the machine does not give; None for any other."""
    causes: list[BaseException] = []
    while error not in causes:
        causes.append(error)
        said, number = str(error), _number(error)
        for numbers, words, otherwise in REFUSED:
            memory = otherwise == MEMORY and isinstance(error, MemoryError)
            kind = isinstance(error, OSError | RuntimeError | ImportError | SystemError) or number is not None
            if memory or (kind and (number in numbers or any(word in said for word in words))):
                reason = getattr(error, "strerror", None) or said or "out of memory"
                return TooLittle(f"the machine gives too little: {' '.join(reason.split())[:200]}\n{otherwise}")
        error = error.__cause__ or error.__context__ or error
    return None


def _number(error: BaseException) -> int | None:
    """The number that the system gave an error, also where a library put it into words; None where there is none."""
    if isinstance(error, OSError):
        return error.errno
    found = RUST.search(str(error))
    return int(found[1]) if found else None


def refuse_nowhere() -> None:
    """Raises UsageError where the folder that this process stands in was deleted: some libraries end it there."""
    try:
        os.getcwd()
    except OSError:
        raise UsageError("the folder to stand in was deleted\ngo to another: cd FOLDER") from None


def is_full(error: Exception) -> bool:
    """Whether this was raised because a disk, or what one may have of it, is full."""
    if isinstance(error, DiskFull) or _number(error) in FULL:
        return True
    return any(said in str(error) for said in FULL_SAID)


def unwritable(place: object, error: Exception, otherwise: str = "") -> UsageError:
    """What to raise where `place` cannot be written to because of `error`; DiskFull where that is the reason.

    `otherwise` is what to type instead, say "type out=FOLDER".
    """
    if found := too_little(error):  # no other place would do
        return found
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    said = f"{place} cannot be written to: {reason}"
    if is_full(error):
        return DiskFull(f"{said}\nmake room there{f', or {otherwise}' * bool(otherwise)}")
    return UsageError(f"{said}\n{otherwise}".rstrip())
