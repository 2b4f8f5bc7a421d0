"""Files written whole or not at all; arrays, JSON and tables as files, read without trust in what they say."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path, PurePath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from imgret.errors import unwritable

if TYPE_CHECKING:
    import numpy as np

THREADS = 16  # that force files to disk: a file system settles many at a time as fast as one
STALE = 86_400  # seconds after its last change in which a temporary file's writer has come to an end
TEMPORARY = re.compile(r"\..+\.[0-9a-f]{12}\.tmp")  # what `commit` writes to

MOST_COLUMNS = 10_000  # of a table that lists images

LARGEST = 2**24  # bytes of a JSON file: a run of 50,000 clusters has about as many; Python takes 30 times as much
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
            sync_file(temporary)
        os.replace(temporary, file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if sync:
        sync_folder(file.parent)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """What cannot be written into `folder` is said with what to type."""
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, SafetensorError) as error:
        raise unwritable(folder, error, "set IMGRET_HOME=FOLDER") from error


def make_folder(folder: Path) -> None:
    """Make `folder` and what is missing above it, so that they last through a power failure."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in reversed(missing):
        sync_folder(each.parent)


def clean(folder: Path, names: re.Pattern[str] = TEMPORARY) -> None:
    """Remove what killed writers have left in `folder`: files and folders with such names, unchanged for a day."""
    with suppress(OSError):
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            if names.fullmatch(entry.name) and time.time() - entry.stat(follow_symlinks=False).st_mtime > STALE:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    Path(entry.path).unlink(missing_ok=True)


def sync_file(file: Path) -> None:
    """Make the bytes of a file last through a power failure."""
    handle = os.open(file, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Make all that lies in `folder` last through a power failure; what links lead to is not ours."""
    from concurrent.futures import ThreadPoolExecutor

    paths = sorted(path for path in folder.rglob("*") if not path.is_symlink())
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(sync_file, [path for path in paths if path.is_file()]))
    for path in [folder, *paths]:
        if path.is_dir():
            sync_folder(path)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` last through a power failure, where the system and its disk have that."""
    if os.name == "nt":
        return
    try:
        sync_file(folder)
    except OSError as error:  # a folder that may be written to but not read, a disk behind a network
        if error.errno not in (errno.EACCES, errno.EBADF, errno.EINVAL, errno.ENOTSUP, errno.EPERM):
            raise


def leads_out(name: str) -> bool:
    """Whether a path, by itself, leads out of the folder that it is relative to, or is none on any system."""
    return bool(PurePath(name).anchor) or ".." in PurePath(name).parts or "\0" in name


def inside(folder: Path, name: str) -> Path:
    """The file `name` in `folder`, there or not; nothing is changed. Raises OSError where a folder lies there.

    And where the name, or a link on the way, leads out of `folder`: a run from elsewhere may hold either, and what is
    written there would take the place of a file of yours.
    """
    file = folder / name
    if leads_out(name) or not Path(os.path.realpath(file.parent)).is_relative_to(os.path.realpath(folder)):
        raise OSError(errno.EINVAL, "it leads out of its folder", str(file))
    if file.is_dir() and not file.is_symlink():
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(file))
    return file


def place_in(folder: Path, name: str) -> Path:
    """The same file, to be written: folders that it lacks are made, a link in its place goes."""
    file = inside(folder, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.is_symlink():
        file.unlink()
    return file


def link(source: Path, target: Path) -> None:
    """A hard link where the file system has them, a copy elsewhere. Raises FileNotFoundError without a source."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
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


def save_array(file: Path, array: np.ndarray[Any, Any]) -> None:
    import numpy as np

    with file.open("wb") as stream:
        plain: Any = SimpleNamespace(write=stream.write)  # into a file itself NumPy writes without saying what failed
        np.save(plain, array, allow_pickle=False)


def load_array(file: Path, mapped: bool = False) -> Any:
    """The array in a `.npy` file, memory-mapped if asked. Raises ValueError where it is none; never unpickles."""
    import numpy as np

    try:
        found = np.load(file, mmap_mode="r" if mapped else None, allow_pickle=False)
    except OSError:
        raise
    except Exception as error:  # NumPy takes a damaged header for Python, and fails as that does
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ValueError(f"{file} holds no array: {reason}") from error
    if not isinstance(found, np.ndarray):  # a zip of arrays, which would be unpacked
        found.close()
        raise ValueError(f"{file} holds several arrays")
    return found


def read_array(file: Path, dtype: type[np.generic], shape: tuple[int, ...]) -> Any:
    """The array in a `.npy` file, memory-mapped. -1 in `shape` stands for any length but 0.

    Nothing is allocated, whatever the file says of itself. Raises ValueError for another dtype or shape.
    """
    import numpy as np

    array = load_array(regular(file), mapped=True)
    fits = array.ndim == len(shape) and all(w in (-1, a) for w, a in zip(shape, array.shape, strict=True))
    if array.dtype != dtype or not fits or not array.size:
        raise ValueError(f"{file.name} holds {array.dtype} {array.shape}, not {np.dtype(dtype)} {shape}")
    return array


def regular(file: Path) -> Path:
    """The file, if it is one: a pipe would be waited for, a device read for ever. Raises FileNotFoundError."""
    if not os.path.isfile(file):
        raise FileNotFoundError(f"there is no file {file.name}")
    return file


def read_json(file: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises OSError, ValueError or RecursionError where there is none, or a huge one."""
    if regular(file).stat().st_size > LARGEST:
        raise ValueError(f"{file.name} has {file.stat().st_size:,} bytes, the most is {LARGEST:,}")
    found = json.loads(file.read_text(encoding="ascii"))
    if not isinstance(found, dict):
        raise ValueError(f"{file.name} holds no object")
    return found


def write_json(file: Path, value: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(value, indent=1, ensure_ascii=True, allow_nan=False) + "\n", encoding="ascii")
