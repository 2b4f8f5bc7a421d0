"""Files written whole or not at all, and tables that any name survives."""

from __future__ import annotations

import csv
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any


def commit(file: Path, write: Callable[[Path], object], sync: bool = True) -> None:
    """Let `write` fill a temporary file beside `file`, force it to disk, and rename it into place.

    What is soon made again need not be forced to disk: `sync=False`. Raises what `write` raises; then nothing is left
    behind.
    """
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(6)}.tmp")
    try:
        write(temporary)
        if sync:
            with temporary.open("rb+") as stream:
                os.fsync(stream.fileno())
        os.replace(temporary, file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if sync:
        sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` last through a power failure, where the system has that."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def link(source: Path, target: Path) -> None:
    """A hard link where the file system has them, a copy elsewhere."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def sha256(file: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_csv(file: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table in UTF-8 with surrogate escapes, so that names that are no text come back as they were."""
    with file.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        plain = csv.writer(stream, lineterminator="\n")
        careful = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)  # `plain` forgets carriage returns
        for row in chain([header], rows):
            (careful if any("\r" in str(value) for value in row) else plain).writerow(row)
