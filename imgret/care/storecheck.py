"""Whether a store is as it was written: every file is held to the digest in its name, or read as far as that tells."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret import ops
from imgret.care.faults import DAMAGED, TEMPORARY, UNKNOWN, Fault, removed, set_aside, stale, why
from imgret.errors import StoreDamaged
from imgret.reading.formats import is_jpeg
from imgret.store import schema
from imgret.store.files import read_array
from imgret.store.store import digest
from imgret.words import counted

if TYPE_CHECKING:
    from imgret.contracts import Floats

KEY = "[0-9a-f]{32}"
ASIDE = re.compile(rf"features/{KEY}/({KEY}|set)\.damaged")
NOT_OURS = "not written by imgret"
NO_JPEG = "it is no whole JPEG"
BLOCK = 8192  # rows that are looked at together


class StoreCheck:
    """Looks through the store in `root`; `counts` says what it has seen, by kind, once `faults` has ended."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.counts: Counter[str] = Counter()
        self._widths: dict[Path, dict[int, list[tuple[Path, int]]]] = {}  # folder -> d -> shards, their rows

    def faults(self) -> Iterator[Fault]:
        """Raises StoreDamaged for a store of a newer schema: what is damaged there, this version does not know."""
        if (self.root / "store.json").exists():
            yield from self._label(self.root / "store.json")
        for above, folders, names in os.walk(self.root):
            folders.sort()
            here = Path(above)
            if here == self.root:  # the demo's originals, and matplotlib's list of fonts (see charts.py)
                folders[:] = [name for name in folders if name not in ("drawn", "matplotlib")]
            entries = [here / name for name in sorted(folders + names)]
            yield from stale(entries)
            folders[:] = [name for name in folders if not TEMPORARY.fullmatch(name)]
            for entry in entries:
                if entry.is_symlink() and entry.is_dir():
                    yield Fault(UNKNOWN, entry, "a link to a folder", "what it leads to was not looked at")
                elif not entry.is_dir() and not TEMPORARY.fullmatch(entry.name):
                    yield from self._file(entry)
        for widths in self._widths.values():
            yield from _odd_widths(widths)

    def _file(self, file: Path) -> Iterator[Fault]:
        name = file.relative_to(self.root).as_posix()
        for pattern, look in CHECKS:
            if re.fullmatch(pattern, name):
                if not file.is_file():
                    if os.path.lexists(file):  # else a run at work has removed it meanwhile, as SQLite its journals
                        yield Fault(UNKNOWN, file, "it is no regular file", "left alone")
                    return
                try:
                    yield from look(self, file)
                except OSError as error:
                    if not isinstance(error, FileNotFoundError):  # another process has removed it meanwhile
                        yield Fault(DAMAGED, file, why(error), "left alone")
                return
        if not ASIDE.fullmatch(name):
            yield Fault(UNKNOWN, file, NOT_OURS, "left alone")

    def _label(self, file: Path) -> Iterator[Fault]:
        try:
            schema.check(self.root, schema.read(file), schema.STORE)
        except ValueError as error:
            yield removed(file, why(error), "written again by the next run")

    def _set(self, file: Path) -> Iterator[Fault]:
        again = "written again by the next run that makes such features"
        self.counts["feature sets"] += 1
        try:
            info = schema.read(file)
            schema.check(file.parent, info, schema.STORE)
            if digest(info.get("recipe")) != file.parent.name:
                yield set_aside(file, "it is not what its folder is named for", again)
        except StoreDamaged as error:
            yield Fault(DAMAGED, file, str(error).splitlines()[0], "left alone")
        except ValueError as error:
            yield set_aside(file, why(error), again)

    def _shard(self, file: Path) -> Iterator[Fault]:
        again = "its images are computed again by the next run"
        if _is_newer(file.parent):  # what is damaged there, this version does not know
            return
        try:
            ids, features = read_shard(file)
        except OSError:
            raise
        except Exception as error:  # what a damaged file makes its reader raise is anyone's guess
            yield set_aside(file, why(error), again)
            return
        self.counts["shards"] += 1
        self.counts["rows"] += len(ids)
        if len({raw.tobytes() for raw in ids}) < len(ids):
            yield set_aside(file, "it has an image twice", again)
        elif not np.isfinite(features).all():
            yield set_aside(file, "its features are not finite", again)
        else:
            widths = self._widths.setdefault(file.parent, {})
            widths.setdefault(features.shape[1], []).append((file, len(ids)))

    def _array(self, file: Path) -> Iterator[Fault]:
        self.counts["arrays"] += 1
        try:
            array = read_array(file, np.float32, (-1, -1))
            _, _, recorded = file.stem.partition("-")
            if recorded and digest(array) != recorded:
                raise ValueError("it does not hold what was written")
            if file.parent.name == "matrices" and not _is_finite(array):
                raise ValueError("it holds non-finite values")
        except OSError:
            raise
        except Exception as error:
            yield removed(file, why(error))

    def _thumbnail(self, file: Path) -> Iterator[Fault]:
        self.counts["thumbnails"] += 1
        if file.parent.name != file.name[:2]:
            yield Fault(UNKNOWN, file, NOT_OURS, "left alone")
        elif not is_jpeg(file):
            yield removed(file, NO_JPEG)

    def _attributes(self, file: Path) -> Iterator[Fault]:
        self.counts["attribute files"] += 1
        try:
            data = file.read_bytes()
            if digest(data) != file.stem:
                raise ValueError("it does not hold what was written")
            if not all(isinstance(values, dict) for values in json.loads(data).values()):
                raise ValueError("it holds no values by image")
        except (ValueError, AttributeError, RecursionError) as error:
            yield removed(file, why(error))

    def _cache(self, file: Path) -> Iterator[Fault]:
        try:
            with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=rw", uri=True, timeout=30)) as base:
                (said, *_) = base.execute("PRAGMA integrity_check").fetchone()
            if said != "ok":
                yield removed(file, " ".join(str(said).split())[:200], "files are read again by the next run")
        except sqlite3.OperationalError as error:  # locked, or not to be opened: nothing is damaged
            yield Fault(DAMAGED, file, f"it cannot be looked at: {error}", "left alone")
        except sqlite3.DatabaseError as error:
            yield removed(file, why(error), "files are read again by the next run")

    def _known(self, file: Path) -> Iterator[Fault]:
        yield from ()


Look = Callable[[StoreCheck, Path], Iterator[Fault]]
CHECKS: tuple[tuple[str, Look], ...] = (
    (r"store\.json|cache\.sqlite-(journal|wal|shm)", StoreCheck._known),
    (r"cache\.sqlite", StoreCheck._cache),
    (rf"features/{KEY}/set\.json", StoreCheck._set),
    (rf"features/{KEY}/{KEY}\.safetensors", StoreCheck._shard),
    (rf"(matrices|derived)/{KEY}(-{KEY})?\.npy", StoreCheck._array),
    (r"thumbnails/\d+/[0-9a-f]{2}/[0-9a-f]{64}\.jpg", StoreCheck._thumbnail),
    (r"thumbnails/\d+/[0-9a-f]{2}/[0-9a-f]{64}\.lost", StoreCheck._known),
    (rf"attributes/[^/]+-[0-9a-f]{{12}}/{KEY}\.json", StoreCheck._attributes),
)


def read_shard(file: Path) -> tuple[Any, Floats]:
    """The ids (s, 32) uint8 and features (s, d) float32 of a shard that is what its name says.

    Raises OSError where it cannot be opened, and ValueError or SafetensorError where it is damaged.
    """
    from safetensors.numpy import load

    held = load(file.read_bytes())
    if set(held) != {"ids", "features"} or digest(held["ids"], held["features"]) != file.stem:
        raise ValueError("it does not hold what was written")
    ids, features = held["ids"], held["features"]
    if ids.dtype != np.uint8 or features.dtype != np.float32 or ids.shape != (len(features), 32) or features.ndim != 2:
        raise ValueError(f"it holds ids {ids.dtype} {ids.shape} and features {features.dtype} {features.shape}")
    return ids, features


def _is_newer(folder: Path) -> bool:
    """Whether a set of features is of a newer schema."""
    try:
        schema.check(folder, schema.read(folder / "set.json"), schema.STORE)
    except StoreDamaged:
        return True
    except (OSError, ValueError):
        return False
    return False


def _is_finite(array: Floats) -> bool:
    return all(np.isfinite(array[rows]).all() for rows in ops.blocks(len(array), BLOCK))


def _odd_widths(widths: dict[int, list[tuple[Path, int]]]) -> Iterator[Fault]:
    """The shards whose features are not as wide as those of most images in their set."""
    most = max(sorted(widths), key=lambda d: sum(rows for _, rows in widths[d]))
    for d in sorted(set(widths) - {most}):
        for shard, rows in widths[d]:
            what = f"its features are {d} wide, those of most images in its set {most}"
            yield set_aside(shard, what, f"{counted(rows, 'image')} to compute again by the next run")
