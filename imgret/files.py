"""Files written whole or not at all, and tables that any name survives."""

from __future__ import annotations

import csv
import errno
import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

# The largest image that is read, 178,956,970 pixels, has 1.43 GB as four plain channels of 16 bits.
MAX_BYTES = 1_500_000_000


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


def read_file(file: str | Path, first: int | None = None) -> bytes:
    """The bytes of a regular file, as many as it has when it is looked at; or only the `first` so many.

    Raises OSError where it cannot be read, and of its own where it is none (EINVAL: a pipe would be waited for, a
    device read for ever) or has more than `MAX_BYTES` (EFBIG), which no image has.
    """
    status = os.stat(file)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(file))
    if first is None:
        check_size(status.st_size)
    with open(file, "rb") as stream:
        return stream.read(status.st_size if first is None else min(first, status.st_size))


def check_size(size: int) -> None:
    """Raises OSError (EFBIG) for more than `MAX_BYTES`."""
    if size > MAX_BYTES:
        raise OSError(errno.EFBIG, f"{size:,} bytes are more than {MAX_BYTES:,}")


def write_csv(file: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table in UTF-8 with surrogate escapes, so that names that are no text come back as they were."""
    with file.open("w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        plain = csv.writer(stream, lineterminator="\n")
        careful = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)  # `plain` forgets carriage returns
        for row in chain([header], rows):
            (careful if any("\r" in str(value) for value in row) else plain).writerow(row)
