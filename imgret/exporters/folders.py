"""One folder a cluster, with each readable file of the run in it, duplicates too."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from imgret.runs.run import Run
from imgret.words import counted

LONGEST = 200  # bytes of a name that every file system takes, with room for a number


def write(run: Run, out: Path, copy: bool, places: Sequence[int]) -> list[str]:
    out.mkdir()
    placed, gone = place(run, out, copy, places)
    folders = {name.partition("/")[0] for name in placed.values()}
    return [f"{counted(len(placed), 'image')} in {counted(len(folders), 'folder')}", *farewell(gone)]


def place(run: Run, out: Path, copy: bool, places: Sequence[int]) -> tuple[dict[int, str], int]:
    """Put every readable file at `places` in the run's items into the folder of its cluster below `out`.

    Returns the names `cluster_007/1.jpg` by place in the collection's items, and how many files are gone or changed.
    A file is a symbolic link to the original, which stays as it is whatever becomes of the link; with `copy`, and
    where there are no links or no file, it is a copy.
    """
    members: dict[str, list[int]] = {}
    for at in places:
        row = int(run.collection.rows[at])
        if row >= 0:
            members.setdefault(folder_of(run, row), []).append(at)
    placed, gone = {}, 0
    for folder, inside in sorted(members.items()):
        for at, name in zip(inside, names(run.collection.items[at].path for at in inside), strict=True):
            target = out / folder / name
            target.parent.mkdir(exist_ok=True)
            if put(run, at, target, copy):
                placed[at] = f"{folder}/{name}"
            else:
                gone += 1
        if not any((out / folder).iterdir()):
            (out / folder).rmdir()
    return dict(sorted(placed.items())), gone


def folder_of(run: Run, row: int) -> str:
    """`cluster_007`, as wide as the run's clusters need, or `noise`."""
    width = max(3, len(str(len(run.medoids) - 1)))
    return f"cluster_{run.labels[row]:0{width}}" if run.labels[row] >= 0 else "noise"


def names(paths: Iterable[str]) -> list[str]:
    """A file name for each path, no two alike even where case does not count.

    The path's last part; where several share it, the whole path with `__` for each slash; where that is taken, too,
    with a number before the suffix.
    """
    paths = list(paths)
    last = [PurePosixPath(path).name for path in paths]
    shared = Counter(name.casefold() for name in last)
    wanted = [_short(p.replace("/", "__") if shared[n.casefold()] > 1 or not n else n)
              for p, n in zip(paths, last, strict=True)]  # fmt: skip
    taken: set[str] = set()
    found = []
    for name in wanted:
        free, number = name, 1
        while free.casefold() in taken:
            number += 1
            stem, suffix = os.path.splitext(name)
            free = f"{stem}-{number}{suffix}"
        taken.add(free.casefold())
        found.append(free)
    return found


def _short(name: str) -> str:
    return os.fsdecode(os.fsencode(name)[-LONGEST:])


def put(run: Run, at: int, target: Path, copy: bool) -> bool:
    """Link or copy the file of an item to `target`; whether it was still there. Raises OSError where `target` fails.

    Only the very image that the run saw, by its bytes: a run from elsewhere may name any file of yours.
    """
    item = run.collection.items[at]
    try:
        data = run.original(at)
    except (OSError, ValueError):  # gone, changed, or no file of the run's; ValueError: no system has such a name
        return False
    if item.file and not copy:
        with suppress(OSError, NotImplementedError):  # Windows without the right to make links, FAT
            target.symlink_to(item.file)
            return True
    target.write_bytes(data)
    return True


def farewell(gone: int) -> list[str]:
    """What to say of files that are not there any more."""
    are = "is" if gone == 1 else "are"
    return [f"{counted(gone, 'image')} of the run {are} gone or changed, and left out"] if gone else []
