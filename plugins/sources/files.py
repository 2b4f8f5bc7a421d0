"""Images that lie on this machine: in a folder, in a table that lists them, or in a tar."""

from __future__ import annotations

import errno
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from imgret import UsageError, register
from imgret.plugin import Item, printable, read_file, typed_path

from . import _folder, _manifest, _tar

KINDS = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet", ".tar": "tar"}


@register("source")
class files:
    """The images of a folder, of a manifest (CSV, TSV, JSON lines, Parquet) or of a tar, as `images` names them.

    Folder: every file below it, in order of its path; hidden ones and system litter are skipped. Labels and groups
    are the first and second folder below the one that holds everything. That is found by going down from `images`
    for as long as there is one folder to go into: files that lie beside that one, say a readme, have no label and
    take none from the others. Links are followed, a folder that contains itself is entered once; pipes, sockets,
    devices and, below `images`, the folders of runs and sweeps are skipped.

    Manifest: one row an image, in its order. The column `path` names the file: relative to the manifest's folder,
    absolute, or a file:// URI; left out, it is the first there is of path, file, filename, image, image_path,
    filepath, uri, url. The columns `label` and `group` (left out: those so called) become label and group, all
    others go into items.csv as text, as JSON writes it, null as nothing. Nothing is fetched: a row that names an
    https:// or s3:// address, a pipe or a device is unreadable, and says so. Where files lie outside of the
    manifest's folder, paths are given from the folder that all of them share.

    Tar, uncompressed, as WebDataset has them: members that share a name up to its first dot belong together. Beside
    an image, `.cls` is its label, an object in `.json` its columns, `.txt` the column txt; labels where neither
    says any are the folders, as above. Links, devices and names that lead out of the tar are skipped.

    The named groups `label` and `group` of `label_regex`, searched for in the path, go before all of these. `junk` and
    `distractor` are labels that mean so, as -1 and 0000 do in Market-1501, and become none: junk has no part in
    retrieval metrics, and a 1 in the column `junk`; a distractor is ranked there like any unlabelled image.
    """

    def __init__(
        self,
        images: str | None,
        label_regex: str = "",
        path: str = "",
        label: str = "",
        group: str = "",
        junk: str | int = "",
        distractor: str | int = "",
    ) -> None:
        self.images, self.label_regex, self.junk, self.distractor = images, label_regex, str(junk), str(distractor)
        self.path, self.label, self.group = path, label, group
        self.skipped: Counter[str] = Counter()
        self.images_: str | None = None  # absolute, once it is listed: a run finds its tar again from anywhere
        self._refused: dict[str, str] = {}
        self._members: dict[str, _tar.Place] | None = None

    def __iter__(self) -> Iterator[Item]:
        place, kind = self._place()
        pattern = self._pattern()
        for setting in ("path",) if kind == "tar" else ("path", "label", "group") if kind == "folder" else ():
            if getattr(self, setting):
                raise UsageError(f"source.{setting} names a column, and a {kind} has none\nleave source.{setting} out")
        self.skipped, self._refused, self._members = Counter(), {}, None
        self.images_ = str(place)
        first, matches = None, 0
        for item in self._items(place, kind):
            first = first or item
            if pattern:
                match = pattern.search(item.path)
                matches += match is not None
                said = match.groupdict() if match else {}
                has = pattern.groupindex
                label = said.get("label") or "" if "label" in has or kind == "folder" else item.label
                group = said.get("group") or "" if "group" in has or kind == "folder" else item.group
                item = Item(item.path, item.file, label, group, item.columns)
            if item.label and item.label in (self.junk, self.distractor):
                columns = {**item.columns, **({"junk": "1"} if item.label == self.junk else {})}
                item = Item(item.path, item.file, "", item.group, columns)
            yield item
        log = logging.getLogger("imgret")
        if pattern and first and not matches:
            log.warning("source.label_regex=%s matches no path, %s for one", self.label_regex, printable(first.path))
        remote = sum(reason is _manifest.REMOTE for reason in self._refused.values())
        if remote:
            log.warning("%s of the rows name a remote address: nothing is fetched, they are unreadable", f"{remote:,}")

    def open(self, item: Item) -> bytes:
        if item.file:
            return read_file(item.file)
        if item.path in self._refused:
            raise OSError(errno.EINVAL, self._refused[item.path])
        tar = Path(self.images_ or typed_path(self.images or ""))
        if self._members is None:  # a run that was loaded
            if not os.path.isfile(tar):
                raise FileNotFoundError(errno.ENOENT, "no such file", str(tar))
            try:
                self._members = _tar.index(tar, Counter()).images
            except UsageError as error:
                raise OSError(errno.EIO, str(error).splitlines()[0]) from error
        if item.path not in self._members:
            raise FileNotFoundError(errno.ENOENT, "no such member", item.path)
        return _tar.read(tar, self._members[item.path])

    def _items(self, place: Path, kind: str) -> Iterator[Item]:
        if kind == "folder":
            paths = sorted(_folder.walk(str(place), self.skipped))
            for path, (label, group) in zip(paths, _folder.labels(paths), strict=True):
                yield Item(path, os.path.join(place, path), label, group)
        elif kind == "tar":
            found = _tar.index(place, self.skipped)
            self._members = found.images
            yield from _tar.items(place, found, self.label, self.group, self.skipped)
        else:
            columns = self.path, self.label, self.group
            yield from _manifest.items(place, _manifest.read(place, kind), *columns, self.skipped, self._refused)

    def _place(self) -> tuple[Path, str]:
        """The absolute path of `images`, and its kind: `folder`, `tar`, or that of a manifest."""
        if self.images is None:
            raise UsageError("source=files needs a folder\ntype images=FOLDER")
        if not self.images:
            raise UsageError("images= is empty\ntype images=FOLDER")
        typed = typed_path(self.images)
        try:
            if os.path.isdir(typed):
                os.scandir(typed).close()
                return typed.resolve(), "folder"
            if os.path.isfile(typed):
                with open(typed, "rb") as stream:
                    return typed.parent.resolve() / typed.name, self._kind(typed, stream.read(512))
            what = "is neither a file nor a folder" if os.path.exists(typed) else "does not exist"
        except OSError as error:
            what = f"cannot be read: {error.strerror}"
        raise UsageError(f"images={printable(self.images)}: {what}\ngive a folder that has images in it")

    def _kind(self, file: Path, head: bytes) -> str:
        """By content, where that tells, else by the name's ending."""
        command = _tar.opener(head)
        if command:
            name = printable(self.images or "")
            raise UsageError(f"images={name} is compressed, and is read in place\ntype {command} {name}")
        kind = "tar" if _tar.is_tar(head) else "parquet" if head[:4] == b"PAR1" else KINDS.get(file.suffix.lower(), "")
        if not kind:
            kinds = "a manifest (.csv, .tsv, .jsonl, .parquet) or a .tar"
            raise UsageError(f"images={printable(self.images or '')} is a file of another kind\ngive a folder, {kinds}")
        return kind

    def _pattern(self) -> re.Pattern[str] | None:
        try:
            pattern = re.compile(self.label_regex) if self.label_regex else None
        except re.error as error:
            raise UsageError(f"source.label_regex={self.label_regex}: no regular expression: {error}") from error
        if pattern and not {"label", "group"} & set(pattern.groupindex):
            raise UsageError(
                f"source.label_regex={self.label_regex} names neither label nor group\n"
                r"write it like source.label_regex='(?P<label>\d+)_c(?P<group>\d)'"
            )
        return pattern
