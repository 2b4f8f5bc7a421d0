"""Forgetting: every trace of some images leaves the store."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

from imgret.care.faults import TEMPORARY, stale, why
from imgret.care.storecheck import read_shard
from imgret.errors import UsageError, is_full, unwritable
from imgret.reading.beside import beside
from imgret.reading.filecache import ids_of
from imgret.reading.formats import HEAD, sniff
from imgret.store import schema
from imgret.store.files import commit, read_file, sha256
from imgret.store.store import digest, write_shard
from imgret.words import printable, typed_path

ID = re.compile("[0-9a-f]{64}")
ARRAYS = ("matrices", "derived")  # folders of files that do not say which images they have
log = logging.getLogger("imgret")


def chosen(names: Sequence[str], root: Path) -> tuple[set[str], set[str]]:
    """Ids of images and paths that are meant: of files, of folders with all below them, or the 64 hex digits of an id.

    An image that is there is meant by its bytes as well, one that is gone by what the store remembers of its path. What
    is no image, such as a sidecar, is meant by its path alone.
    Raises UsageError for a name that the store knows nothing of and that is no file.
    """
    ids: set[str] = set()
    paths: set[str] = set()
    for name in names:
        place = os.path.abspath(typed_path(name))
        above, last = os.path.split(place)
        spelled = {place, os.path.realpath(place), os.path.join(os.path.realpath(above), last)}  # the store has one
        known = [pair for path in sorted(spelled) for pair in ids_of(root / "cache.sqlite", path)]
        if ID.fullmatch(name):
            ids.add(name)
        elif os.path.isfile(place) or os.path.isdir(place):
            ids |= _there(Path(place))
        elif not known:
            raise UsageError(
                f"{printable(name)}: neither a file, nor one that the store knows, nor an id\ngive one of these"
            )
        ids |= {id for _, id in known if id}
        paths |= {path for path, _ in known}
    return ids, paths


def _there(place: Path) -> set[str]:
    """The ids of a file, or of all regular files below a folder, that are images."""
    found = set()
    for file in [place] if place.is_file() else _below(place):
        try:
            if not beside(str(file)) and sniff(read_file(str(file), HEAD)):
                found.add(sha256(file))
        except OSError as error:
            log.warning("%s: %s; it is forgotten by its path only", printable(str(file)), error.strerror)
    return found


def _below(folder: Path) -> Iterator[Path]:
    """The regular files below a folder, links followed as a run follows them; each folder is entered once."""

    def tell(error: OSError) -> None:
        log.warning("%s: %s; it is forgotten by its path only", printable(str(error.filename)), error.strerror)

    seen: set[str] = set()
    for above, folders, names in os.walk(folder, onerror=tell, followlinks=True):
        real = os.path.realpath(above)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        yield from (file for file in (Path(above, name) for name in sorted(names)) if file.is_file())


def forget(root: Path, ids: Collection[str], paths: Collection[str], dry: bool = False) -> dict[str, int]:
    """Remove the images with these ids, and what is known of files at these paths; how much of each kind went.

    A shard is written again without them before the one with them goes. Matrices, and arrays that follow from others,
    do not say which images they have: where an image goes all of them do, and are made again; so does what killed
    writers have left of them. With `dry` nothing goes. Stopped on the way, the same again goes on: what tells that
    there is something to forget goes last. Raises StoreDamaged where a newer imgret wrote any of it, UsageError where
    the cache is in use or a file cannot be opened.
    """
    for file in (root / "store.json", *sorted(root.glob("features/*/set.json"))):
        with suppress(OSError, ValueError):
            schema.check(file.parent, schema.read(file), schema.STORE)
    gone = _from_all(root, ids, paths, dry=True)
    image = bool(ids and gone.total())
    if gone.total():
        arrays = [file for kind in ARRAYS for file in sorted((root / kind).glob("*.npy"))] if image else []
        removed = sum(_remove(file, dry) for file in arrays)
        gone = gone if dry else _from_all(root, ids, paths, dry=False)
        gone["arrays"] = removed
    gone["temporary files"] = sum(_remove(file, dry) for file in _left(root, ids, all_arrays=image))
    return {kind: count for kind, count in gone.items() if count}


def _left(root: Path, ids: Collection[str], all_arrays: bool) -> list[Path]:
    """Temporary files of killed writers: old ones, and those that may hold one of these images.

    Of a matrix that cannot be told: all of theirs go where something is forgotten. A run that is at work there then
    ends with an error, and goes on when it is started again.
    """
    found = sorted(file for file in root.rglob("*") if TEMPORARY.fullmatch(file.name))
    old = {fault.file for fault in stale(found)}
    return [file for file in found if file in old or (all_arrays if file.parent.name in ARRAYS else _names(file, ids))]


def _names(file: Path, ids: Collection[str]) -> bool:
    """Whether a file names one of these images, by its own name or anywhere in its bytes."""
    data = file.read_bytes() if file.is_file() else b""
    return any(id in file.name or id.encode() in data or bytes.fromhex(id) in data for id in ids)


def _from_all(root: Path, ids: Collection[str], paths: Collection[str], dry: bool) -> Counter[str]:
    gone: Counter[str] = Counter()
    for folder in sorted((root / "features").glob("*")):
        for shard in sorted(folder.glob("*.safetensors")):
            gone["rows"] += _from_shard(folder, shard, ids, dry)
        for aside in sorted(folder.glob("*.damaged")):
            gone["damaged files"] += _remove(aside, dry)
    for id in sorted(ids):
        for file in sorted(root.glob(f"thumbnails/*/{id[:2]}/{id}.*")):
            gone["thumbnails"] += _remove(file, dry)
    for file in sorted(root.glob("attributes/*/*.json")):
        gone["attribute values"] += _from_attributes(file, ids, dry)
    gone["known files"] += _from_cache(root / "cache.sqlite", ids, paths, dry)
    return gone


def _remove(file: Path, dry: bool) -> int:
    if not dry and file.is_dir():
        shutil.rmtree(file)
    elif not dry:
        file.unlink(missing_ok=True)
    return 1


def _unopened(file: Path, error: Exception) -> UsageError:
    return UsageError(f"{printable(str(file))} cannot be opened: {why(error)}\ntype the same again when it can be")


def _from_shard(folder: Path, shard: Path, ids: Collection[str], dry: bool) -> int:
    try:
        raw, features = read_shard(shard)
    except (OSError, MemoryError) as error:  # it may be whole, and others' features are in it
        raise _unopened(shard, error) from error
    except Exception:  # damaged, it may hold any of them, and is of no use
        return _remove(shard, dry)
    named = [each.tobytes().hex() for each in raw]
    kept = [row for row, id in enumerate(named) if id not in ids]
    if len(kept) < len(named) and not dry:
        if kept:
            write_shard(folder, [named[row] for row in kept], features[kept])
        shard.unlink()
    return len(named) - len(kept)


def _from_attributes(file: Path, ids: Collection[str], dry: bool) -> int:
    try:
        values = json.loads(file.read_bytes())
        kept = {id: said for id, said in values.items() if id not in ids}
    except (OSError, MemoryError) as error:
        raise _unopened(file, error) from error
    except (ValueError, AttributeError, RecursionError):
        return _remove(file, dry)
    if len(kept) < len(values) and not dry:
        if kept:
            data = json.dumps(kept, sort_keys=True).encode("ascii")
            commit(file.with_name(f"{digest(data)}.json"), lambda temporary: temporary.write_bytes(data))
        file.unlink()
    return len(values) - len(kept)


def _from_cache(file: Path, ids: Collection[str], paths: Collection[str], dry: bool) -> int:
    """Rows by id and by path; what they held is overwritten on the disk. A damaged cache may hold any: it goes."""
    if not file.is_file():
        return 0
    places = {os.fsencode(path) for path in paths}
    try:
        with closing(sqlite3.connect(file, timeout=30)) as base:
            base.execute("PRAGMA secure_delete = ON")
            tables = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            count = 0
            with base:
                for table in (name for name in tables if name.startswith("files_")):
                    rows = base.execute(f"SELECT rowid, path, id FROM {table}")
                    found = [(row,) for row, path, id in rows if id in ids or path in places]
                    count += len(found)
                    if not dry:
                        base.executemany(f"DELETE FROM {table} WHERE rowid = ?", found)
            if not dry:
                base.execute("VACUUM")
            return count
    except sqlite3.OperationalError as error:
        if is_full(error):
            raise unwritable(printable(str(file)), error) from error
        raise UsageError(f"{printable(str(file))}: {error}\nwhen no run is using it, type the same again") from error
    except sqlite3.DatabaseError:
        _remove(file.with_name(f"{file.name}-journal"), dry)
        return _remove(file, dry)
