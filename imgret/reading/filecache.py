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
from typing import NamedTuple, get_type_hints

from imgret.executors.local import LATE, TIMEOUT, late
from imgret.reading.decode import DECODE, REFUSE
from imgret.reading.formats import is_otherwise
from imgret.reading.record import Record

LARGEST = 2**63 - 1  # whole number that SQLite holds
UNSETTLED_NS = 2_000_000_000  # file systems store times as coarsely as 2 s: a younger file may change unseen
log = logging.getLogger("imgret")


class Stamp(NamedTuple):
    """What changes when a file does: bytes, times in ns since 1970, and where it lies on its disk."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


KIND = {int: "INTEGER", str: "TEXT"}
COLUMNS = {  # what a file was, when it was read, what was found, by which reader; others would be another table
    "path": "BLOB PRIMARY KEY",
    **{name: KIND[kind] for name, kind in get_type_hints(Stamp).items()},
    "read_ns": "INTEGER",
    **{name: KIND[kind] for name, kind in get_type_hints(Record).items()},
    "decoder": "INTEGER",
}
NAMES = ", ".join(COLUMNS)
TABLE = f"CREATE TABLE IF NOT EXISTS files_3 ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})"
KNOWN = f"SELECT {NAMES} FROM files_3 WHERE path = ?"
REMEMBER = f"INSERT OR REPLACE INTO files_3 ({NAMES}) VALUES ({', '.join(f':{name}' for name in COLUMNS)})"


def stamp(file: str) -> Stamp | None:
    """The stamp of a file; None where it cannot be looked at, or is none ("").

    Each is a number that SQLite can hold: pooled and network drives have inodes of 64 bits, and a camera whose clock
    is wrong may leave a time beyond the year 2262, which is taken as that year's, and so is never settled.
    """
    try:
        s = os.stat(file)
    except (OSError, ValueError):
        return None
    return Stamp(s.st_size, _held(s.st_mtime_ns), _held(s.st_ctime_ns), s.st_ino % 2**63)


def _held(time: int) -> int:
    return max(-LARGEST, min(time, LARGEST))


def ids_of(file: Path, place: str) -> list[tuple[str, str]]:
    """Paths and ids of what a cache knows at a place: the file itself, or all below it where it is a folder.

    The id is empty for what is no image, and for an image of which no bytes were kept.
    """
    if not file.is_file():
        return []
    own, below = os.fsencode(place), os.fsencode(os.path.join(place, ""))
    image = "CASE WHEN outcome IN ('beside', 'unsupported') THEN '' ELSE id END"
    query = f"SELECT path, {image} FROM files_3 WHERE path = ? OR substr(path, 1, ?) = ? ORDER BY path"
    try:
        with contextlib.closing(sqlite3.connect(file, timeout=30)) as base:
            base.execute(TABLE)
            return [(os.fsdecode(path), id) for path, id in base.execute(query, (own, len(below), below))]
    except sqlite3.DatabaseError:  # damaged, it knows nothing
        return []


def _reader(outcome: str) -> int:
    """The version of what reads, as far as it matters to a file of this outcome."""
    return DECODE if outcome == "ok" else REFUSE


def _holds(row: sqlite3.Row, file: str) -> bool:
    """Whether a row is of this version, and of the file as it is now."""
    settled = row["read_ns"] - row["mtime_ns"] > UNSETTLED_NS
    return (
        row["decoder"] == _reader(row["outcome"])
        and settled
        and Stamp(*(row[name] for name in Stamp._fields)) == stamp(file)
    )


class FileCache:
    def __init__(self, file: Path) -> None:
        self.file = file
        self.off = False  # after a failure, so that it is told once

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self.file, timeout=30)) as base:
            base.row_factory = sqlite3.Row
            base.execute(TABLE)
            with base:
                yield base

    def known(self, files: Iterable[str], formats: Collection[str] = (), timeout: int = TIMEOUT) -> dict[str, Record]:
        """Records of files that have not changed since they were read, where these settings would give them again.

        That is as far as can be told: what took too long under another `timeout` is not known, nor what would be put
        otherwise of a file that is not read.
        """
        found: dict[str, Record] = {}
        if self.off:
            return found
        try:
            with self._open() as base:
                for file in files:
                    row = base.execute(KNOWN, (os.fsencode(file),)).fetchone()
                    if row and _holds(row, file):
                        record = Record(*(row[name] for name in Record._fields))
                        if record.outcome == LATE and record.reason != late(timeout):
                            continue
                        if record.outcome == "unsupported" and is_otherwise(record.reason, formats):
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
        rows = [
            {"path": os.fsencode(f), **s._asdict(), "read_ns": now, "decoder": _reader(r.outcome), **r._asdict()}
            for f, s, r in records
        ]
        try:
            with self._open() as base:
                base.executemany(REMEMBER, rows)
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
