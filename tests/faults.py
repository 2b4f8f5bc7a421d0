"""Faults at a chosen write of this process: a sudden end, a power failure, a full disk.

Writes are what the audit hooks of Python tell of below the watched folders (files opened to be written, names made,
changed and removed), and what they do not see: fsync, safetensors' own files, SQLite's statements and commits.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

MADE = {"os.rename", "os.link", "os.symlink", "os.mkdir"}  # events that put a name into a folder
GONE = {"os.remove", "os.rmdir"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Ledger:
    """What a power failure would take: bytes that were not forced to disk, names whose folder was not."""

    def __init__(self, undoing: bool) -> None:
        self.undoing = undoing  # so what a name stood for before is to be kept
        self.bytes: set[str] = set()
        self.names: list[tuple[str, str, str]] = []  # event, where the name came from, the name; oldest first

    def note(self, event: str, source: str, target: str) -> None:
        if event == "open":
            self.bytes.add(target)
        elif event in MADE:
            if event == "os.rename":
                moved = {path for path in self.bytes if path == source or path.startswith(source + os.sep)}
                self.bytes = self.bytes - moved | {target + path[len(source) :] for path in moved}
                if self.undoing and os.path.lexists(target):
                    shutil.copy(target, target + ".before", follow_symlinks=False)
            elif event == "os.link" and source in self.bytes:
                self.bytes.add(target)
            self.names.append((event, source, target))
        elif event in GONE:
            self.bytes.discard(target)

    def forced(self, path: str) -> None:
        self.bytes.discard(path)
        self.names = [each for each in self.names if os.path.dirname(each[2]) != path]

    def at_stake(self) -> list[str]:
        return sorted(path for path in self.bytes if ".tmp" not in path)

    def lose(self, how: str) -> None:
        """`zero`: unforced files are empty; `half`: they end in the midst; `undone`: empty, and unforced names gone."""
        for path in self.bytes:
            if os.path.isfile(path) and not os.path.islink(path):
                os.truncate(path, os.path.getsize(path) // 2 if how == "half" else 0)
        for event, source, target in reversed(self.names if how == "undone" else []):
            with suppress(OSError):
                if event == "os.rename":
                    os.rename(target, source)
                    if os.path.lexists(target + ".before"):
                        os.rename(target + ".before", target)
                elif event == "os.mkdir":
                    shutil.rmtree(target)
                else:
                    os.unlink(target)


class Fault:
    """`kind` at write number `at`, counted from 0, below `roots`.

    `events` tells of all writes so far: what it was, where, and what a power failure before it would have taken (files
    that have their final names, and how many names). Kinds: `none`; `kill`; `zero`, `half`, `undone` (a power failure,
    see `Ledger.lose`); `full`: from there on, the disk is full.
    """

    def __init__(self, kind: str, at: int, roots: Sequence[str]) -> None:
        self.kind, self.at, self.roots = kind, at, [os.path.join(root, "") for root in roots]
        self.events: list[tuple[str, str, list[str], int]] = []
        self.ledger = Ledger(kind == "undone")
        self.lock = threading.RLock()
        self.own = threading.local()  # what a thread does for us here is no write of the run

    def install(self) -> None:
        import safetensors.numpy

        sys.addaudithook(self._audit)
        os.fsync = self._fsync
        safetensors.numpy.save_file = partial(self._save_file, safetensors.numpy.save_file)  # type: ignore[assignment]
        sqlite3.connect = partial(sqlite3.connect, factory=partial(Connection, self))

    def happens(self, event: str, target: str, source: str = "", torn: bool = False) -> None:
        """A write is about to happen; `torn`: a sudden end may leave a part of it."""
        if getattr(self.own, "busy", False) or not os.path.join(target, "").startswith(tuple(self.roots)):
            return
        with self.lock:
            self.own.busy = True
            number, hit = len(self.events), len(self.events) >= self.at >= 0
            self.events.append((event, target, self.ledger.at_stake(), len(self.ledger.names)))
            if hit and self.kind == "full":
                self.own.busy = False
                if event not in GONE | {"fsync"}:  # room is made, not taken
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)
            elif number == self.at and self.kind != "none":
                if torn:
                    with open(target, "wb") as stream:
                        stream.write(b"\x93NUM")
                if self.kind != "kill":
                    self.ledger.lose(self.kind)
                os.kill(os.getpid(), signal.SIGKILL)
            if event != "fsync":
                self.ledger.note(event, source, target)
            self.own.busy = False

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = args
            if not isinstance(path, int) and flags & WRITES:
                self.happens(event, _absolute(path), torn=bool(flags & os.O_CREAT and flags & os.O_TRUNC))
        elif event in ("os.rename", "os.link"):
            self.happens(event, _absolute(args[1], args[3]), _absolute(args[0], args[2]))
        elif event == "os.symlink":
            self.happens(event, _absolute(args[1], args[2]))
        elif event == "os.mkdir" and os.path.isdir(_absolute(args[0], args[-1])):
            pass  # it was there: nothing is written
        elif event in MADE | GONE:
            self.happens(event, _absolute(args[0], args[-1]))

    def _fsync(self, file: int) -> None:
        """Nothing is really forced to disk: the ledger is what the tests believe."""
        path = os.readlink(f"/proc/self/fd/{file}")
        self.happens("fsync", path)
        with self.lock:
            self.ledger.forced(path)  # the roots' own names are in folders above them

    def _save_file(self, save_file: Any, tensors: Any, file: Any) -> None:
        self.happens("open", _absolute(file), torn=True)
        save_file(tensors, file)


class Connection(sqlite3.Connection):
    """SQLite's own writes are its own to make safe; here they can be stopped before, between and after."""

    def __init__(self, fault: Fault, database: Any, *args: Any, **options: Any) -> None:
        super().__init__(database, *args, **options)
        self.fault, self.path = fault, _absolute(database)

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        self._happens("insert")
        return super().executemany(*args)

    def __exit__(self, *args: Any) -> Any:
        self._happens("commit")
        done = super().__exit__(*args)
        self._happens("committed")
        return done

    def _happens(self, event: str) -> None:
        try:
            self.fault.happens(event, self.path)
        except OSError as error:
            raise sqlite3.OperationalError("database or disk is full") from error


def _absolute(path: Any, folder: int = -1) -> str:
    """An absolute path as text; relative ones are below the open folder `folder`, where there is one."""
    text = os.fsdecode(path)
    return os.path.join(os.readlink(f"/proc/self/fd/{folder}"), text) if folder >= 0 else os.path.abspath(text)
