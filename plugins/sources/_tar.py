"""A tar in WebDataset's layout, read in place: parts of `files`.

Layout: A. Aizman, G. Maltby, T. Breuel, High performance I/O for large scale deep learning, IEEE Big Data 2019.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import posixpath
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from imgret import UsageError
from imgret.plugin import Item, check_size, printable

from ._folder import Above, hidden
from ._manifest import column, known, tell_empty
from ._tables import fields, text, western

if TYPE_CHECKING:
    import tarfile

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"}
SIDECARS = ("cls", "json", "txt")
LARGEST = 2**20  # bytes of a sidecar
COMPRESSED = {b"\x1f\x8b": "gunzip -k", b"BZh": "bunzip2 -k", b"\xfd7zXZ": "unxz -k", b"\x28\xb5\x2f\xfd": "unzstd"}


class Place(NamedTuple):
    """Where a member's bytes lie in its tar."""

    offset: int
    size: int


class Index(NamedTuple):
    """Images by path, in the tar's order, and what lies beside them: (key, ending) to its place."""

    images: dict[str, Place]
    beside: dict[tuple[str, str], Place]


def opener(head: bytes) -> str:
    """The command that opens a compressed file, and keeps it, by its first bytes; none for what is not compressed."""
    return next((command for magic, command in COMPRESSED.items() if head.startswith(magic)), "")


def is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def index(file: Path, skipped: Counter[str]) -> Index:
    """Where everything lies. No member is extracted; what no image can be made of is counted in `skipped`.

    Raises UsageError for what is no tar. What comes after a damaged place is left out, with one warning.
    """
    import tarfile

    found = Index({}, {})
    damaged = ""
    try:
        end = os.stat(file).st_size
        with (
            open(file, "rb") as stream,
            tarfile.open(fileobj=stream, mode="r:", encoding="utf-8", errors="surrogateescape") as tar,
        ):
            try:
                while member := tar.next():
                    _enter(member, found, stream, end, skipped)
                stream.seek(tar.offset)
                if stream.read(512).strip(b"\0"):  # tarfile takes a header that it cannot read for the end
                    damaged = "a header is damaged"
            except tarfile.TarError as error:
                damaged = str(error)
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise UsageError(f"images={printable(file.name)} is no tar: {error}\ngive an uncompressed .tar") from error
    except OSError as error:
        raise UsageError(f"images={printable(file.name)} cannot be read: {error.strerror}") from error
    if damaged:
        log = logging.getLogger("imgret")
        log.warning("%s: %s; what comes after that is left out", printable(file.name), printable(damaged))
    return found


def items(
    file: Path,
    found: Index,
    label: str,
    group: str,
    missing: bool,
    skipped: Counter[str],
    folders: Callable[[Sequence[str]], Sequence[Above]],
) -> Iterator[Item]:
    """One item an image, in the tar's order, with what its sidecars say of it; labels of none are the folders."""
    sidecars: dict[str, dict[str, str]] = {}
    with open(file, "rb") as stream:
        keys = {_key(path)[0] for path in found.images}
        for (key, ending), place in found.beside.items():
            if key not in keys:
                skipped["not beside an image"] += 1
                continue
            try:
                sidecars.setdefault(key, {}).update(_said(ending, _bytes(stream, place, LARGEST + 1)))
            except (ValueError, RecursionError):
                skipped[f".{ending} that cannot be read"] += 1
    columns = list(dict.fromkeys(name for said in sidecars.values() for name in said))
    by, of = column(label, "label", ("cls", "label"), columns), column(group, "group", ("group",), columns)
    paths = list(found.images)
    empty: Counter[str] = Counter()
    places = [Above()] * len(paths) if by or of else folders(paths)
    for path, above in zip(paths, places, strict=True):
        said: Mapping[str, str] = sidecars.get(_key(path)[0], {})
        its_label, its_group = (
            (known(said, by, missing, empty), known(said, of, missing, empty)) if by or of else above[:2]
        )
        more = {key: value for key, value in said.items() if key not in (by, of)}
        yield Item(path, "", its_label, its_group, {**above.columns, **more})
    tell_empty(file, empty)


def read(file: Path, place: Place) -> bytes:
    """The bytes of a member. Raises OSError where the tar is gone or ends before, or it has more than any image."""
    check_size(place.size)
    with open(file, "rb") as stream:
        data = _bytes(stream, place)
    if len(data) < place.size:
        raise OSError(errno.EIO, "the tar ends within it")
    return data


def _enter(member: tarfile.TarInfo, found: Index, stream: IO[bytes], end: int, skipped: Counter[str]) -> None:
    """Put a member into the index, or count why not."""
    from imgret.plugin import sniff

    name = member.name.removesuffix("/")
    parts = [part for part in name.split("/") if part != "."]
    path = posixpath.normpath(name)
    ending = _key(path)[1]
    if member.isdir():
        return
    if not member.isreg() or member.issparse():
        skipped["link, device or the like"] += 1
    elif name.startswith("/") or ".." in parts or "\0" in name or text(path) != path:
        skipped["path that leads out of the tar"] += 1
    elif any(map(hidden, parts)):
        skipped["hidden or system"] += 1
    elif member.offset_data + member.size > end:
        skipped["cut off"] += 1
    else:
        place = Place(member.offset_data, member.size)
        if ending in SIDECARS:
            found.beside[_key(path)[0], ending] = place
        elif posixpath.splitext(path)[1].lower() in SUFFIXES or sniff(_bytes(stream, place, 64)):
            if path in found.images:
                skipped["older member of the same name"] += 1
            found.images[path] = place
        else:
            skipped["no image"] += 1


def _key(path: str) -> tuple[str, str]:
    """What the members of one sample share, and the ending: the base name is cut at its first dot."""
    folder, _, name = path.rpartition("/")
    stem, _, ending = name.partition(".")
    return f"{folder}/{stem}", ending.lower()


def _said(ending: str, data: bytes) -> dict[str, str]:
    """Columns that a sidecar holds. Raises ValueError or RecursionError for one that cannot be read."""
    if len(data) > LARGEST:
        raise ValueError("too large")
    content = western(data.decode("utf-8-sig", "surrogateescape"))
    if ending != "json":
        return {ending: text(content.strip())}
    found = json.loads(content)
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return fields(found)


def _bytes(stream: IO[bytes], place: Place, most: int = -1) -> bytes:
    stream.seek(place.offset)
    return stream.read(place.size if most < 0 else min(most, place.size))
