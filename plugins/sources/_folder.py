"""The files below a folder, and the labels that their folders give: parts of `files`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import takewhile, zip_longest

RUN = {"run.json", "items.csv"}  # what is in the folder of every run, and of nothing else
EXPORT = ".imgret-export"  # of every folder that was exported
SWEEP = {"table.html", "table.csv", "jobs.csv"}  # of every sweep
LITTER = {"@eaDir", "Thumbs.db", "desktop.ini", "__MACOSX"}  # what systems leave beside people's pictures


def walk(root: str, skipped: Counter[str]) -> Iterator[str]:
    """Paths of files relative to `root`, in no order; a stack in place of recursion, which has a limit."""
    stack: list[tuple[str, frozenset[tuple[int, int]]]] = [("", frozenset())]  # folders, and those that hold them
    while stack:
        below, above = stack.pop()
        try:
            here = os.stat(os.path.join(root, below))
            entries = list(os.scandir(os.path.join(root, below)))
        except OSError:
            skipped["folder that cannot be read"] += 1
            continue
        if (here.st_dev, here.st_ino) in above:
            skipped["folder that contains itself"] += 1
        elif below and any({entry.name for entry in entries} >= whole for whole in (RUN, SWEEP)):
            skipped["of imgret's runs"] += 1
        elif below and any(entry.name == EXPORT for entry in entries):
            skipped["of imgret's exports"] += 1
        else:
            above |= {(here.st_dev, here.st_ino)}
            for entry in entries:
                path = f"{below}/{entry.name}" if below else entry.name
                kind = _kind(entry)
                if kind == "folder":
                    stack.append((path, above))
                elif kind == "file":
                    yield path
                else:
                    skipped[kind] += 1


def labels(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Label and group of each path: its first and second folder below the one that holds everything."""
    folders = [path.split("/")[:-1] for path in paths]
    shared = _shared(folders)
    for parts in folders:
        label, group, *_ = (*parts[shared:], "", "")
        yield label, group


def hidden(name: str) -> bool:
    return name in LITTER or name.startswith(".")


def _kind(entry: os.DirEntry[str]) -> str:
    """`folder`, `file`, or why it is skipped. A link that leads nowhere is a file, one that cannot be read."""
    if hidden(entry.name):
        return "hidden or system"
    try:
        if entry.is_dir():
            return "folder"
        return "file" if entry.is_file() or not os.path.exists(entry.path) else "not a file"
    except OSError:  # a link that leads to itself
        return "file"


def _shared(folders: Sequence[Sequence[str]]) -> int:
    """How many folders deep the one lies that holds everything: as long as there is one folder to go into."""
    levels = zip_longest(*folders, fillvalue="")
    return sum(1 for _ in takewhile(lambda level: len(set(level) - {""}) == 1, levels))
