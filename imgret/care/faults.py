"""What is wrong with a store or a run, one thing at a time, and what is done about it."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from imgret.errors import UsageError
from imgret.store.files import STALE, sync_folder

TEMPORARY = re.compile(r"\..+\.tmp")  # what is being written, or was when its writer was killed
DAMAGED, LEFT, UNKNOWN = "damaged", "left over", "unknown"


class Fault(NamedTuple):
    """One thing that is not as it should be.

    `kind`: `damaged`, `left over` by a writer that was killed, or `unknown`, not written by imgret. `cure` says what
    is done about it, `mend` does it and may raise OSError; None: nothing can be done.
    """

    kind: str
    file: Path
    what: str
    cure: str
    mend: Callable[[], object] | None = None


def removed(file: Path, what: str, again: str = "made again when it is needed") -> Fault:
    """A damaged file that follows from others: it goes."""
    return Fault(DAMAGED, file, what, f"removed; {again}", partial(_remove, file))


def set_aside(file: Path, what: str, again: str) -> Fault:
    """A damaged file that cannot simply be made again is kept under a name that nothing reads."""
    return Fault(DAMAGED, file, what, f"set aside; {again}", partial(_set_aside, file))


def stale(entries: Iterable[Path], names: re.Pattern[str] = TEMPORARY) -> Iterator[Fault]:
    """Temporary files and folders of writers that were killed. What has changed within a day may be in use."""
    for entry in entries:
        with suppress(OSError):
            if names.fullmatch(entry.name) and time.time() - entry.lstat().st_mtime > STALE:
                yield Fault(LEFT, entry, "its writer was stopped", "removed", partial(_remove, entry))


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink(missing_ok=True)


def _set_aside(file: Path) -> None:
    os.replace(file, file.with_suffix(".damaged"))
    sync_folder(file.parent)


def why(error: Exception) -> str:
    """An error in a few words: what is said to users as it is, without what to type."""
    if isinstance(error, UsageError):
        return str(error).partition("\n")[0]
    if type(error) is ValueError or (isinstance(error, OSError) and not error.errno):  # ours, or as good as ours
        return " ".join(str(error).split())[:200]
    return getattr(error, "strerror", None) or " ".join(f"{type(error).__name__}: {error}".split())[:200].rstrip(": ")
