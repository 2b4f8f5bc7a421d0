"""The store: what was computed once and need not be again. Files and renames, no server.

    features/<recipe>/set.json              what the features are made with
    features/<recipe>/<digest>.safetensors  immutable shards: ids (s, 32) uint8, features (s, d) float32
    matrices/<digest>.npy                   features of one set of images, in order of id
    derived/<digest>.npy                    arrays that follow from others: views, reductions
    cache.sqlite                            (see filecache.py) only what can be found again

The rename is the commit and the folder is the catalogue, so any number of writers can share a store: a row
that two of them wrote is the same row.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.files import commit
from imgret.registry import UsageError
from imgret.words import typed_path

if TYPE_CHECKING:
    from imgret.contracts import Floats

SCHEMA = 1
WORTH_KEEPING = 1.0  # seconds of work below which an array is made again rather than kept
log = logging.getLogger("imgret")


def home() -> Path:
    """`IMGRET_HOME`, or the user's cache folder for imgret."""
    if "IMGRET_HOME" in os.environ:
        return typed_path(os.environ["IMGRET_HOME"])
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "imgret"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "imgret"


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


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """What cannot be written into `folder` is said with what to type."""
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"{folder} cannot be written to: {reason}\nmake room there, or set IMGRET_HOME=FOLDER"
        ) from error


class FeatureSet:
    """Features made with one recipe, by image id (64 hex digits)."""

    def __init__(self, folder: Path, recipe: Mapping[str, Any]) -> None:
        self.folder, self.recipe = folder, recipe
        self._where: dict[str, tuple[Path, int]] = {}
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / "set.json").exists():
                text = json.dumps({"schema": SCHEMA, "recipe": recipe}, indent=1, sort_keys=True)
                commit(folder / "set.json", lambda file: file.write_text(text))
        self._refresh()

    def _refresh(self) -> None:
        from safetensors import SafetensorError, safe_open

        for shard in sorted(self.folder.glob("*.safetensors")):
            try:
                with safe_open(shard, framework="numpy") as file:
                    ids = file.get_tensor("ids")  # (s, 32) uint8
            except (SafetensorError, OSError) as error:  # its images are computed again
                log.warning("store: %s cannot be read and is passed over: %s", shard, error)
                continue
            for row, raw in enumerate(ids):
                self._where.setdefault(raw.tobytes().hex(), (shard, row))

    def __contains__(self, id: str) -> bool:
        return id in self._where

    def add(self, ids: Sequence[str], features: Floats) -> None:
        """Write one shard: features (s, d) of s images. It is there whole, or not at all."""
        from safetensors.numpy import save_file

        raw = np.frombuffer(bytes.fromhex("".join(ids)), np.uint8).reshape(len(ids), 32).copy()
        features = np.ascontiguousarray(features, np.float32)
        shard = self.folder / f"{digest(raw, features)}.safetensors"
        with writing(self.folder):
            commit(shard, lambda file: save_file({"ids": raw, "features": features}, file))
        self._where |= {id: (shard, row) for row, id in enumerate(ids)}

    def rows(self, ids: Sequence[str]) -> Floats:
        """Features (n, d) of these images, in this order. Raises KeyError for one that is not here."""
        from safetensors import safe_open

        wanted: dict[Path, list[tuple[int, int]]] = {}
        for place, id in enumerate(ids):
            shard, row = self._where[id]
            wanted.setdefault(shard, []).append((place, row))
        out: Floats | None = None
        for shard, pairs in wanted.items():
            with safe_open(shard, framework="numpy") as file:
                features = file.get_tensor("features")
            if out is None:
                out = np.empty((len(ids), features.shape[1]), np.float32)
            places, rows = zip(*pairs, strict=True)
            out[list(places)] = features[list(rows)]
        return np.empty((0, 0), np.float32) if out is None else out


class Store:
    """The store in a folder (default: `home()`)."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or home()
        with writing(self.root):
            self.root.mkdir(parents=True, exist_ok=True)

    def features(self, recipe: Mapping[str, Any]) -> FeatureSet:
        return FeatureSet(self.root / "features" / digest(recipe), recipe)

    def matrix(self, features: FeatureSet, ids: Sequence[str]) -> Path:
        """The file of the features (n, d) of these images in this order; written the first time."""
        file = self.root / "matrices" / f"{digest(features.recipe, ''.join(ids).encode())}.npy"
        try:
            load_array(file, mapped=True)
        except (OSError, ValueError):  # not there, or damaged: either way it is made again
            self._keep(file, features.rows(ids))
        return file

    def derived(self, compute: Callable[[], Floats], *key: object) -> Floats:
        """What `compute` returned for this key, now or earlier; kept where it took long enough to be worth a file."""
        file = self.root / "derived" / f"{digest(*key)}.npy"
        try:
            found: Floats = load_array(file)
            return found
        except (OSError, ValueError):
            started = time.perf_counter()
            array = compute()
            if time.perf_counter() - started > WORTH_KEEPING:
                self._keep(file, array)
            return array

    def _keep(self, file: Path, array: Floats) -> None:
        with writing(file.parent):
            file.parent.mkdir(parents=True, exist_ok=True)
            commit(file, lambda temporary: save_array(temporary, np.ascontiguousarray(array)))


def save_array(file: Path, array: np.ndarray[Any, Any]) -> None:
    with file.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)


def load_array(file: Path, mapped: bool = False) -> Any:
    """The array in a `.npy` file, memory-mapped if asked. Raises ValueError where it is none; never unpickles."""
    try:
        return np.load(file, mmap_mode="r" if mapped else None, allow_pickle=False)
    except EOFError as error:  # an empty file
        raise ValueError(f"{file} is empty") from error
