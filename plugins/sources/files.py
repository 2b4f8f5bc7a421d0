"""A folder of images, with whatever else lies in it."""

from __future__ import annotations

import logging
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import takewhile, zip_longest

from imgret import UsageError, register
from imgret.contracts import Item
from imgret.words import printable, typed_path

RUN = {"run.json", "items.csv"}  # what is in the folder of every run, and of nothing else
SWEEP = {"table.html", "table.csv", "jobs.csv"}  # of every sweep
LITTER = {"@eaDir", "Thumbs.db", "desktop.ini", "__MACOSX"}  # what systems leave beside people's pictures


@register("source")
class files:
    """Every file below the folder `images`, in order of its path; hidden ones and system litter are skipped.

    Labels and groups: the first and second folder below the one that holds everything, or the named groups
    `label` and `group` of `label_regex`, searched for in the path relative to `images`. The folder that holds
    everything is found by going down from `images` for as long as there is one folder to go into: files that lie
    beside that one, say a readme, have no label and take none from the others.

    `junk` and `distractor` are labels that mean so, as -1 and 0000 do in Market-1501, and become none: junk has no
    part in retrieval metrics, and a 1 in the column `junk`; a distractor is ranked there like any unlabelled image.

    Links are followed, a folder that contains itself is entered once; pipes, sockets, devices and, below `images`,
    the folders of runs and sweeps are skipped.
    """

    def __init__(
        self, images: str | None, label_regex: str = "", junk: str | int = "", distractor: str | int = ""
    ) -> None:
        self.images, self.label_regex, self.junk, self.distractor = images, label_regex, str(junk), str(distractor)
        self.skipped: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Item]:
        root = self._root()
        pattern = self._pattern()
        self.skipped = Counter()
        paths = sorted(self._walk(root))
        folders = [path.split("/")[:-1] for path in paths]
        shared, matches = _shared(folders), 0
        for path, parts in zip(paths, folders, strict=True):
            if pattern:
                match = pattern.search(path)
                matches += match is not None
                named = match.groupdict() if match else {}
                label, group = named.get("label") or "", named.get("group") or ""
            else:
                label, group, *_ = (*parts[shared:], "", "")
            columns = {"junk": "1"} if label and label == self.junk else {}
            label = "" if label in (self.junk, self.distractor) else label
            yield Item(path, os.path.join(root, path), label, group, columns)
        if pattern and paths and not matches:
            log = logging.getLogger("imgret")
            log.warning("source.label_regex=%s matches no path, %s for one", self.label_regex, printable(paths[0]))

    def open(self, item: Item) -> bytes:
        with open(item.file, "rb") as stream:
            return stream.read()

    def _root(self) -> str:
        if self.images is None:
            raise UsageError("source=files needs a folder\ntype images=FOLDER")
        if not self.images:
            raise UsageError("images= is empty\ntype images=FOLDER")
        root = typed_path(self.images)
        if os.path.isdir(root):
            try:
                os.scandir(root).close()
                return str(root.resolve())
            except OSError as error:
                what = f"cannot be read: {error.strerror}"
        else:
            what = "is a file" if os.path.exists(root) else "does not exist"
        raise UsageError(f"images={printable(self.images)}: {what}\ngive a folder that has images in it")

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

    def _walk(self, root: str) -> Iterator[str]:
        """Paths of files relative to `root`, in no order; a stack in place of recursion, which has a limit."""
        stack: list[tuple[str, frozenset[tuple[int, int]]]] = [("", frozenset())]  # folders, and those that hold them
        while stack:
            below, above = stack.pop()
            try:
                here = os.stat(os.path.join(root, below))
                entries = list(os.scandir(os.path.join(root, below)))
            except OSError:
                self.skipped["folder that cannot be read"] += 1
                continue
            if (here.st_dev, here.st_ino) in above:
                self.skipped["folder that contains itself"] += 1
            elif below and any({entry.name for entry in entries} >= whole for whole in (RUN, SWEEP)):
                self.skipped["of imgret's runs"] += 1
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
                        self.skipped[kind] += 1


def _kind(entry: os.DirEntry[str]) -> str:
    """`folder`, `file`, or why it is skipped. A link that leads nowhere is a file, one that cannot be read."""
    if entry.name in LITTER or entry.name.startswith("."):
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
