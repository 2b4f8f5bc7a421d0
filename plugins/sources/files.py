"""Images that lie on this machine: in a folder, in a table that lists them, or in a tar."""

from __future__ import annotations

import errno
import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from imgret import UsageError, register
from imgret.plugin import Item, other_than_utf8, printable, read_file, typed_path

from . import _folder, _manifest, _pattern, _tables, _tar

KINDS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "coco",
    ".parquet": "parquet",
    ".tar": "tar",
}


@register("source")
class files:
    """The images of a folder, of a manifest (CSV, TSV, JSON lines, Parquet, COCO) or of a tar, as `images` names them.

    Folder: every file below it, in order of its path; hidden ones and system litter are skipped. Labels and groups
    are the first and second folder below the one that holds everything. That is found by going down from `images`
    for as long as there is one folder to go into: files that lie beside that one, say a readme, have no label and
    take none from the others. Links are followed, a folder that contains itself is entered once; pipes, sockets,
    devices and, below `images`, the folders of runs, sweeps and exports are skipped.

    `folders` says what the two are taken as: `labels` (the first), `groups` (and the second as the group), `columns`
    (folder and subfolder: nothing is scored by them), or `auto`: labels where they look like classes, and groups
    where the second do, too. Classes have 5 files each at least, and no name with a year or date, of a camera or
    messenger (DCIM, 100CANON, iPhone 12, WhatsApp Images), or of a part of a data set (train, test); one folder in ten
    may be otherwise. Nor are most of them called like months, makes of cameras, piles (Misc, batch_01), stages of work
    (raw, edited) or sizes (100x100). What is not taken is told. With `label_regex` folders are typed to be neither.

    Manifest: one row an item, in its order, also where several rows name one file. The column `path` names the file:
    relative to the manifest's folder, absolute, or a file:// URI; left out, it is the first there is of path, file,
    filename, image, image_path, filepath, file_name, uri, url. The columns `label` and `group` (left out: those so
    called) become label and group, all others go into items.csv as text, as JSON writes it, null and NaN as nothing;
    so does a column of another name that is asked for as label or group. Capital letters and spaces around a name do
    not count. Cells that spell a missing value (NA, N/A, n/a, NaN, nan, NaT, None, NULL, null, <NA>, #N/A) are no label
    and no group, unless `missing` is false. What parts the cells of a CSV file (, ; | or tabs) is seen from its header,
    or from Excel's line `sep=;` above it, as are comments, lines that begin with #; with semicolons, a column of
    numbers may have decimal commas. Bytes that are no UTF-8 are Windows-1252, unless some path that has such names a
    file byte for byte: then all stay what they are. Rows without a path, or with too few cells or
    too many, are in the run's skipped.csv. Nothing is fetched: a row that names an https:// or s3:// address, a
    Windows drive, a pipe or a device is unreadable, and says so; backslashes in a path are slashes. Where files lie
    outside of the manifest's folder, paths are given from the folder that all of them share. A table in the folder of a
    run is relative to that run's images; one that was exported says by its column `file` where they lie.

    Tar, uncompressed, as WebDataset has them: members that share a name up to its first dot belong together. Beside
    an image, `.cls` is its label, an object in `.json` its columns, `.txt` the column txt; labels where neither
    says any are the folders, as above; missing values and bytes that are no UTF-8 as in a manifest. Links, devices and
    names that lead out of the tar are skipped.

    The named groups `label` and `group` (or `camera`, which is told by that name) of `label_regex`, searched for in the
    path, go before all of these; so do others that the settings `label` and `group` name. `junk` and
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
        missing: bool = True,
        folders: str = _folder.AUTO,
    ) -> None:
        self.images, self.label_regex, self.junk, self.distractor = images, label_regex, str(junk), str(distractor)
        self.path, self.label, self.group, self.missing, self.folders = path, label, group, missing, folders
        self.skipped: Counter[str] = Counter()
        self.skipped_rows: list[tuple[int, str]] | None = None
        self.notes: list[str] = []  # what a run is to say of its folders
        self.images_: str | None = None  # absolute, once it is listed: a run finds its tar again from anywhere
        self.folders_ = folders  # what they are taken as, once they are listed: queries are read as the run was
        self.group_: str | None = None  # what label_regex calls it
        self._refused: dict[str, str] = {}
        self._members: dict[str, _tar.Place] | None = None

    def __iter__(self) -> Iterator[Item]:
        _folder.check(self.folders)
        place, kind = self._place()
        pattern = _pattern.compiled(self.label_regex, self.label, self.group) if self.label_regex else None
        for setting in ("path",) if kind == "tar" else ("path", "label", "group") if kind == "folder" else ():
            if getattr(self, setting) and getattr(self, setting) not in (pattern.groupindex if pattern else ()):
                raise UsageError(f"source.{setting} names a column, and a {kind} has none\nleave source.{setting} out")
        self.skipped, self.skipped_rows, self.notes = Counter(), None, []
        self._refused, self._members = {}, None
        self.images_ = str(place)
        by, of = _pattern.named(pattern, self.label, self.group) if pattern else ("", "")
        self.group_ = of if of not in ("", "group") else None
        columns = ("" if self.label == by else self.label), ("" if self.group == of else self.group)
        first, matches, remote = None, 0, 0
        items = self._items(place, kind, *columns)
        for item, said in _pattern.found(pattern, items) if pattern else ((item, None) for item in items):
            first = first or item
            remote += self._refused.get(item.path) is _manifest.REMOTE
            if pattern:
                matches += said is not None
                said = said or {}
                label = said.get(by) or "" if by or kind == "folder" else item.label
                group = said.get(of) or "" if of or kind == "folder" else item.group
                item = Item(item.path, item.file, label, group, item.columns)
            if item.label and item.label in (self.junk, self.distractor):
                more = {**item.columns, **({"junk": "1"} if item.label == self.junk else {})}
                item = Item(item.path, item.file, "", item.group, more)
            yield item
        log = logging.getLogger("imgret")
        if pattern and first and not matches:
            log.warning("source.label_regex=%s matches no path, %s for one", self.label_regex, printable(first.path))
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

    def _items(self, place: Path, kind: str, label: str, group: str) -> Iterator[Item]:
        if kind == "folder":
            paths = sorted(_folder.walk(str(place), self.skipped))
            for path, said in zip(paths, self._above(paths, str(place)), strict=True):
                yield Item(path, os.path.join(place, path), *said)
        elif kind == "tar":
            found = _tar.index(place, self.skipped)
            self._members = found.images
            yield from _tar.items(place, found, label, group, self.missing, self.skipped, self._above)
        else:
            self.skipped_rows = []
            columns = _manifest.Columns(self.path, label, group, self.missing)
            left = _manifest.Left(self.skipped, self.skipped_rows, self._refused)
            yield from _manifest.items(place, _tables.read(place, kind, self.path), columns, left)

    def _above(self, paths: Sequence[str], place: str = "") -> list[_folder.Above]:
        """What the folders of each path say; with a regular expression, which goes before them, as they were typed."""
        typed = _folder.GROUPS if self.label_regex and self.folders == _folder.AUTO else self.folders
        above, self.folders_, line = _folder.above(paths, typed)
        self.notes = [said] if (said := (place and _folder.market(place, paths)) or line) else []
        return above

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
            slashes = self.images.replace("\\", "/")
            if os.path.exists(typed_path(slashes)):
                what = f"{what}, {printable(slashes)} does"
        except OSError as error:
            what = f"cannot be read: {error.strerror}"
        raise UsageError(f"images={printable(self.images)}: {what}\ngive a folder that has images in it")

    def _kind(self, file: Path, head: bytes) -> str:
        """By content, where that tells, else by the name's ending."""
        command = _tar.opener(head)
        if command:
            name = printable(self.images or "")
            raise UsageError(f"images={name} is compressed, and is read in place\ntype {command} {name}")
        ending = KINDS.get(file.suffix.lower(), "")
        tar = _tar.is_tar(head) or (ending == "tar" and not head.strip(b"\0"))  # an empty one is all zeros
        kind = "tar" if tar else "parquet" if head[:4] == b"PAR1" else ""
        if not kind and (named := other_than_utf8(head, str(file))):
            raise UsageError(f"images={printable(self.images or '')} {named}")
        kind = kind or ending
        if not kind:
            kinds = "a manifest (.csv, .tsv, .jsonl, .parquet, COCO's .json) or a .tar"
            raise UsageError(f"images={printable(self.images or '')} is a file of another kind\ngive a folder, {kinds}")
        return kind
