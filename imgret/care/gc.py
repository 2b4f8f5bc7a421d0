"""What the store can do without: matrices that no run links, what was set aside, and whole sets of features."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from imgret.store import schema
from imgret.words import counted


class Spare(NamedTuple):
    """A file or folder of the store that may go: what it is, how many bytes are freed, how it is had again."""

    place: Path
    what: str
    bytes: int

    def remove(self) -> None:
        if self.place.is_dir():
            shutil.rmtree(self.place)
        else:
            self.place.unlink(missing_ok=True)


def matrices(root: Path) -> list[Spare]:
    """Matrices that are linked from nowhere else. Made again from features when a run needs one.

    A run on another disk has a copy of its own, which does not count as a link, and does not need this one.
    """
    spares = []
    for file in sorted((root / "matrices").glob("*.npy")):
        with suppress(FileNotFoundError):  # another process has removed it meanwhile
            s = file.stat()
            if s.st_nlink == 1:
                spares.append(Spare(file, "a matrix that no run links", s.st_size))
    return spares


def set_aside(root: Path) -> list[Spare]:
    """Damaged files that were given a name that nothing reads. Their images are computed again, or have been."""
    found = [(file, _bytes(file)) for file in sorted((root / "features").glob("*/*.damaged"))]
    return [Spare(file, "a damaged file that was set aside", size) for file, size in found]


def feature_sets(root: Path) -> list[Spare]:
    """Every set of features, what it was made with, and of how many images. Computed again by a run that needs it."""
    spares = []
    for folder in sorted(path for path in (root / "features").glob("*") if path.is_dir()):
        shards = sorted(folder.glob("*.safetensors"))
        size = sum(_bytes(file) for file in folder.iterdir())
        spares.append(Spare(folder, f"{_made_with(folder)}, {counted(_rows(shards), 'image')}", size))
    return spares


def _bytes(file: Path) -> int:
    """None of what a run that is at work has renamed meanwhile."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _made_with(folder: Path) -> str:
    try:
        recipe = schema.read(folder / "set.json")["recipe"]
        arguments = " ".join(f"{key}={value}" for key, value in sorted(recipe["arguments"].items()))
        return f"{recipe['backbone']} {arguments}".strip()
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return "features of an unknown backbone"


def _rows(shards: list[Path]) -> int:
    from safetensors import SafetensorError, safe_open

    rows = 0
    for shard in shards:
        try:
            with safe_open(shard, framework="numpy") as file:
                rows += file.get_slice("ids").get_shape()[0]
        except (OSError, SafetensorError):
            continue
    return rows
