"""A folder of images, with whatever else lies in it."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from imgret import UsageError, register
from imgret.contracts import Item

LITTER = {"@eaDir", "Thumbs.db", "desktop.ini", "__MACOSX"}  # what systems leave beside people's pictures


@register("source")
class files:
    """Every file below the folder `images`, in order of its path; hidden ones and system litter are skipped.

    Labels and groups: the first and second folder below the one that holds everything, or the named groups
    `label` and `group` of `label_regex`, searched for in the path relative to `images`. Links are followed,
    a folder that contains itself is entered once; pipes, sockets and devices are skipped.
    """

    def __init__(self, images: str | None, label_regex: str = "") -> None:
        self.images, self.label_regex = images, label_regex
        self.skipped: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Item]:
        root = self._root()
        pattern = self._pattern()
        self.skipped = Counter()
        paths = sorted(self._walk(root, "", set()))
        folders = [path.split("/")[:-1] for path in paths]
        shared = sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, zip(*folders, strict=False)))
        for path, parts in zip(paths, folders, strict=True):
            if pattern:
                match = pattern.search(path)
                named = match.groupdict() if match else {}
                label, group = named.get("label") or "", named.get("group") or ""
            else:
                label, group, *_ = (*parts[shared:], "", "")
            yield Item(path, os.path.join(root, path), label, group)

    def open(self, item: Item) -> bytes:
        with open(item.file, "rb") as stream:
            return stream.read()

    def _root(self) -> str:
        if self.images is None:
            raise UsageError("source=files needs a folder\ntype images=FOLDER")
        root = Path(self.images) if os.path.isdir(self.images) else Path(self.images).expanduser()
        if root.is_dir():
            return str(root.resolve())
        what = "is a file" if root.exists() else "does not exist"
        raise UsageError(f"images={self.images}: {what}\ngive a folder that has images in it")

    def _pattern(self) -> re.Pattern[str] | None:
        try:
            pattern = re.compile(self.label_regex) if self.label_regex else None
        except re.error as error:
            raise UsageError(f"source.label_regex={self.label_regex}: {error}") from error
        if pattern and not {"label", "group"} & set(pattern.groupindex):
            raise UsageError(
                f"source.label_regex={self.label_regex} names neither label nor group\n"
                r"write it like source.label_regex='(?P<label>\d+)_c(?P<group>\d)'"
            )
        return pattern

    def _walk(self, root: str, below: str, above: set[tuple[int, int]]) -> Iterator[str]:
        try:
            here = os.stat(os.path.join(root, below))
            entries = sorted(os.scandir(os.path.join(root, below)), key=lambda e: e.name)
        except OSError:
            self.skipped["folder that cannot be read"] += 1
            return
        if (here.st_dev, here.st_ino) in above:
            self.skipped["folder that contains itself"] += 1
            return
        above = above | {(here.st_dev, here.st_ino)}
        for entry in entries:
            path = f"{below}/{entry.name}" if below else entry.name
            if entry.name in LITTER or entry.name.startswith("."):
                self.skipped["hidden or system"] += 1
            elif entry.is_dir():
                yield from self._walk(root, path, above)
            elif entry.is_file() or entry.is_symlink():  # a dangling link is a file that cannot be read
                yield path
            else:
                self.skipped["not a file"] += 1
