"""The store: what was computed once and need not be again. Files and renames, no server.

    features/<recipe>/set.json              what the features are made with
    features/<recipe>/<digest>.safetensors  immutable shards: ids (s, 32) uint8, features (s, d) float32
    matrices/<key>-<digest>.npy             features of one set of images, in order of id
    derived/<key>-<digest>.npy              arrays that follow from others: views, reductions
    cache.sqlite                            (see filecache.py) only what can be found again
    matplotlib/                             which fonts there are (see charts.py)
    store.json                              which imgret wrote it (see schema.py)

The rename is the commit and the folder is the catalogue, so any number of writers can share a store: a row
that two of them wrote is the same row. The digest of an array's values is in its file's name, and is held against
them when they are read: what was damaged is made again, and never used.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.errors import StoreDamaged, UsageError
from imgret.store import schema
from imgret.store.files import clean, commit, load_array, make_folder, save_array, writing
from imgret.words import typed_path

if TYPE_CHECKING:
    from imgret.contracts import Floats

WORTH_KEEPING = 1.0  # seconds of work below which an array is made again rather than kept
log = logging.getLogger("imgret")


def home() -> Path:
    """`IMGRET_HOME`, or the user's cache folder for imgret. Raises UsageError where the user has none."""
    if "IMGRET_HOME" in os.environ:
        return typed_path(os.environ["IMGRET_HOME"])
    name, below = ("LOCALAPPDATA", "AppData/Local") if os.name == "nt" else ("XDG_CACHE_HOME", ".cache")
    try:
        return Path(os.environ.get(name) or Path.home() / below) / "imgret"
    except RuntimeError:  # HOME is not set, and the system does not know who this is
        raise UsageError("this user has no home folder to keep the store in\nset IMGRET_HOME=FOLDER") from None


def digest(*parts: object) -> str:
    """32 hex digits that stand for these values: JSON-able ones by their text, arrays and bytes by their bytes."""
    hasher = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            hasher.update(f"{part.dtype} {part.shape}".encode())
            hasher.update(np.ascontiguousarray(part).data)
        elif isinstance(part, bytes):
            hasher.update(b"bytes " + str(len(part)).encode() + part)
        else:
            hasher.update(json.dumps(part, sort_keys=True).encode() + b"\n")
    return hasher.hexdigest()[:32]


def code(component: Callable[..., Any]) -> str:
    """The digest of the file that a user's own component is written in: edited, it is another. "" for built-ins."""
    if component.__module__.startswith("imgret.plugins."):
        return ""
    try:
        return digest(Path(inspect.getfile(component)).read_bytes())
    except (OSError, TypeError):
        return ""


class FeatureSet:
    """Features made with one recipe, by image id (64 hex digits)."""

    def __init__(self, folder: Path, recipe: Mapping[str, Any]) -> None:
        self.folder, self.recipe = folder, recipe
        self._where: dict[str, tuple[Path, int]] = {}
        self._whole: dict[Path, bool] = {}  # shards that were held against their digests
        with writing(folder):
            make_folder(folder)
            if not _says_schema(folder / "set.json"):
                text = json.dumps({"schema": schema.STORE, "recipe": recipe}, indent=1, sort_keys=True)
                commit(folder / "set.json", lambda file: file.write_text(text))
        schema.check(folder, schema.read(folder / "set.json"), schema.STORE)
        clean(folder)
        self._refresh()

    def _refresh(self) -> None:
        from safetensors import safe_open

        self._where = {}
        for shard in sorted(self.folder.glob("*.safetensors")):
            if not self._whole.get(shard, True):
                continue
            try:
                with safe_open(shard, framework="numpy") as file:
                    ids = file.get_tensor("ids")  # (s, 32) uint8
                for row, raw in enumerate(ids):
                    self._where.setdefault(raw.tobytes().hex(), (shard, row))
            except Exception as error:  # what a damaged file makes its reader raise is anyone's guess
                self._set_aside(shard, error)

    def __contains__(self, id: str) -> bool:
        """Whether its features are here, and as they were written: a shard is looked at when it is first asked for."""
        while id in self._where:
            if self._is_whole(self._where[id][0]):
                return True
            self._refresh()  # another shard may have it
        return False

    def _is_whole(self, shard: Path) -> bool:
        """Whether a shard holds what the digest in its name says. One that does not is set aside."""
        if shard not in self._whole:
            try:
                _features(shard)
                self._whole[shard] = True
            except Exception as error:
                self._set_aside(shard, error)
        return self._whole[shard]

    def _set_aside(self, shard: Path, error: Exception) -> None:
        """Its images are computed again. It is kept under another name, unless it only could not be opened."""
        self._whole[shard] = False
        log.warning("store: %s cannot be read and is passed over: %s", shard, error)
        if not isinstance(error, OSError | MemoryError):
            with suppress(OSError):
                os.replace(shard, shard.with_suffix(".damaged"))

    def add(self, ids: Sequence[str], features: Floats) -> None:
        """Write one shard: features (s, d) of s images. It is there whole, or not at all."""
        shard = write_shard(self.folder, ids, features)
        self._whole[shard] = True
        self._where |= {id: (shard, row) for row, id in enumerate(ids)}

    def rows(self, ids: Sequence[str]) -> Floats:
        """Features (n, d) of these images, in this order. Raises StoreDamaged where one is not here any more."""
        wanted: dict[Path, list[tuple[int, int]]] = {}
        for place, id in enumerate(ids):
            if id not in self:
                raise StoreDamaged(f"{self.folder} lacks the features of {id}\ntype the same again")
            shard, row = self._where[id]
            wanted.setdefault(shard, []).append((place, row))
        out: Floats | None = None
        for shard, pairs in wanted.items():
            try:
                features = _features(shard)
            except Exception as error:
                raise StoreDamaged(
                    f"{shard} was damaged or deleted while it was in use: {error}\ntype the same again"
                ) from error
            if out is None:
                out = np.empty((len(ids), features.shape[1]), np.float32)
            places, rows = zip(*pairs, strict=True)
            out[list(places)] = features[list(rows)]
        return np.empty((0, 0), np.float32) if out is None else out


def write_shard(folder: Path, ids: Sequence[str], features: Floats) -> Path:
    """The file of the features (s, d) of s images, in the folder of their set."""
    from safetensors.numpy import save_file

    raw = np.frombuffer(bytes.fromhex("".join(ids)), np.uint8).reshape(len(ids), 32).copy()
    features = np.ascontiguousarray(features, np.float32)
    shard = folder / f"{digest(raw, features)}.safetensors"
    with writing(folder):
        commit(shard, lambda file: save_file({"ids": raw, "features": features}, file))
    return shard


def _features(shard: Path) -> Floats:
    """The features (s, d) in a shard. Raises ValueError where it does not hold what was written, and its reader's."""
    from safetensors.numpy import load_file

    held = load_file(shard)
    if digest(held["ids"], held["features"]) != shard.stem:
        raise ValueError("it does not hold what was written")
    features: Floats = held["features"]
    return features


class Store:
    """The store in a folder (default: `home()`). With `dry` it is only looked into, for what is derived."""

    def __init__(self, root: Path | None = None, dry: bool = False) -> None:
        self.root, self.dry = root or home(), dry
        if dry:
            return
        with writing(self.root):
            make_folder(self.root)
        schema.claim(self.root)

    def features(self, recipe: Mapping[str, Any]) -> FeatureSet:
        return FeatureSet(self.root / "features" / digest(recipe), recipe)

    def matrix(self, features: FeatureSet, ids: Sequence[str]) -> Path:
        """The file of the features (n, d) of these images in this order; written the first time."""
        key = digest(features.recipe, "".join(ids).encode())
        return self._kept("matrices", key) or self._keep("matrices", key, features.rows(ids))

    def derived(self, compute: Callable[[], Floats], *key: object) -> Floats:
        """What `compute` returned for this key, now or earlier; kept where it took long enough to be worth a file."""
        name = digest(*key)
        if file := self._kept("derived", name):
            found: Floats = load_array(file)
            return found
        started = time.perf_counter()
        array = compute()
        if time.perf_counter() - started > WORTH_KEEPING and not self.dry:
            self._keep("derived", name, array)
        return array

    def _kept(self, folder: str, key: str) -> Path | None:
        """The file of the array with this key, if there is one that holds what its name says; others are removed."""
        for file in sorted((self.root / folder).glob(f"{key}-*.npy")):
            try:
                if file.stem == f"{key}-{digest(load_array(file, mapped=True))}":
                    return file
            except OSError:  # it cannot be opened, or another run has removed it
                continue
            except Exception as error:  # what a damaged file makes its reader raise is anyone's guess
                log.debug("store: %s: %s", file, error)
            if self.dry:
                continue
            log.warning("store: %s is damaged and made again", file)
            with suppress(OSError):
                file.unlink()
        return None

    def _keep(self, folder: str, key: str, array: Floats) -> Path:
        array = np.ascontiguousarray(array)
        file = self.root / folder / f"{key}-{digest(array)}.npy"
        with writing(file.parent):
            make_folder(file.parent)
            clean(file.parent)
            commit(file, lambda temporary: save_array(temporary, array))
        return file


def _says_schema(file: Path) -> bool:
    try:
        return bool(schema.read(file))
    except (OSError, ValueError):
        return False
