"""What is known of files without opening them: (path, size, times, inode) -> content hash and outcome.

It holds only what can be found again. Lost or damaged, it starts empty.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from imgret.executors.local import LATE, TIMEOUT, late
from imgret.reading.decode import DECODE
from imgret.reading.record import Record

TABLE = """CREATE TABLE IF NOT EXISTS files_3 (
    path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, inode INTEGER, read_ns INTEGER,
    id TEXT, outcome TEXT, reason TEXT, width INTEGER, height INTEGER, taken TEXT, camera TEXT,
    format TEXT, decoder INTEGER)"""
LARGEST = 2**63 - 1  # whole number that SQLite holds
UNSETTLED_NS = 2_000_000_000  # file systems store times as coarsely as 2 s: a younger file may change unseen
log = logging.getLogger("imgret")


Stamp = tuple[int, int, int, int]


def stamp(file: str) -> Stamp | None:
    """What changes when a file does; None where it cannot be looked at, or is none ("").

    Each is a number that SQLite can hold: pooled and network drives have inodes of 64 bits, and a camera whose clock
    is wrong may leave a time beyond the year 2262, which is taken as that year's, and so is never settled.
    """
    try:
        s = os.stat(file)
    except (OSError, ValueError):
        return None
    return s.st_size, _held(s.st_mtime_ns), _held(s.st_ctime_ns), s.st_ino % 2**63


def _held(time: int) -> int:
    return max(-LARGEST, min(time, LARGEST))


def ids_of(file: Path, place: str) -> list[tuple[str, str]]:
    """Paths and ids of what a cache knows at a place: the file itself, or all below it where it is a folder."""
    if not file.is_file():
        return []
    own, below = os.fsencode(place), os.fsencode(os.path.join(place, ""))
    query = "SELECT path, id FROM files_3 WHERE path = ? OR substr(path, 1, ?) = ? ORDER BY path"
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=30)) as base:
            base.execute(TABLE)
            return [(os.fsdecode(path), id) for path, id in base.execute(query, (own, len(below), below))]
    except sqlite3.DatabaseError:  # damaged, it knows nothing
        return []


class FileCache:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.off = False  # after a failure, so that it is told once

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self.file, timeout=30)) as base:
            base.execute(TABLE)
            with base:
                yield base

    def known(self, files: Iterable[str], formats: Collection[str] = (), timeout: int = TIMEOUT) -> dict[str, Record]:
        """Records of files that have not changed since they were read, where these settings would give them again.

        That is as far as can be told: what took too long under another `timeout` is not known.
        """
        found: dict[str, Record] = {}
        if self.off:
            return found
        try:
            with self._open() as base:
                query = "SELECT * FROM files_3 WHERE path = ?"
                for file in files:
                    row = base.execute(query, (os.fsencode(file),)).fetchone()
                    if row and row[-1] == DECODE and row[5] - row[2] > UNSETTLED_NS and row[1:5] == stamp(file):
                        record = Record(*row[6:-1])
                        if record.outcome == LATE and record.reason != late(timeout):
                            continue
                        if not record.format or (record.format in formats) == (record.outcome != "unsupported"):
                            found[file] = record
        except sqlite3.DatabaseError as error:
            self._start_again(error)
            return {}
        return found

    def remember(self, records: Iterable[tuple[str, Stamp, Record]]) -> None:
        """Keep records of files, each with the stamp taken before it was read."""
        if self.off:
            return
        now = time.time_ns()
        rows = [(os.fsencode(f), *s, now, *record, DECODE) for f, s, record in records]
        try:
            with self._open() as base:
                base.executemany(f"INSERT OR REPLACE INTO files_3 VALUES ({','.join('?' * 15)})", rows)
        except sqlite3.DatabaseError as error:
            self._start_again(error)

    def _start_again(self, error: sqlite3.DatabaseError) -> None:
        if isinstance(error, sqlite3.OperationalError):  # locked, or a full or read-only disk: nothing is damaged
            log.warning("%s is passed over, files are read again: %s", self.file, error)
            self.off = True
            return
        log.warning("%s is damaged and starts empty: %s", self.file, error)
        self.file.with_name(f"{self.file.name}-journal").unlink(missing_ok=True)  # first: it is not the next file's
        self.file.unlink(missing_ok=True)
