"""The few EXIF data that are wanted: which way up, when taken, by which camera; and directories of TIFF as such.

By hand: Pillow's reader warns of damage to any tag. Nothing else is read, and of the place (GPS) nothing ever.
Tags: EXIF 2.32, 4.6.4 A (first directory) and 4.6.5 (the directory that tag 0x8769 points to).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from imgret.words import printable

MOST = 1024  # entries of a directory that are looked at
LONGEST = 100  # characters of a camera's name
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # bytes a value, by type

_ORIENTATION, _MAKE, _MODEL, _EXIF, _TAKEN = 0x0112, 0x010F, 0x0110, 0x8769, 0x9003
_DATE = re.compile(rb"(\d{4})[:/.-](\d\d)[:/.-](\d\d)[ T](\d\d):(\d\d):(\d\d)")


class Exif(NamedTuple):
    """`orientation` 1..8; `taken` as 2019-07-21T18:04:11, the camera's own time; `camera` one printable line."""

    orientation: int = 1
    taken: str = ""
    camera: str = ""


class Entry(NamedTuple):
    """An entry of a directory: its values are `number` of type `kind`, `at` is where they begin among the bytes."""

    tag: int
    kind: int
    number: int
    at: int


def read_exif(data: object) -> Exif:
    """What a block of EXIF data says, with or without the mark it has in a JPEG. Never raises, whatever it is given.

    The time is DateTimeOriginal alone. DateTimeDigitized is when a print was scanned, DateTime when a program last
    wrote the file; of a photograph that a camera left as it was, they say the same.
    """
    tiff = data.removeprefix(b"Exif\0\0") if isinstance(data, bytes) else b""
    order = byte_order(tiff)
    if not order:
        return Exif()
    orientation, below, make, model, taken = 1, 0, "", "", ""
    for entry in entries(tiff, order):
        if entry.tag == _ORIENTATION and orientation == 1 and entry.kind == 3 and entry.number == 1:
            (value,) = struct.unpack_from(order + "H", tiff, entry.at)
            orientation = value if 1 <= value <= 8 else 1
        elif entry.tag == _EXIF and entry.kind in (4, 13) and entry.number == 1:
            (below,) = struct.unpack_from(order + "I", tiff, entry.at)
        elif entry.tag == _MAKE:
            make = make or _text(tiff, entry)
        elif entry.tag == _MODEL:
            model = model or _text(tiff, entry)
    for entry in entries(tiff, order, below) if below else ():
        if entry.tag == _TAKEN:
            taken = taken or _date(_bytes(tiff, entry))
    return Exif(orientation, taken, _camera(make, model))


def byte_order(tiff: bytes) -> str:
    """`<` or `>`, as struct has it, of a TIFF's bytes; empty where they are none."""
    return {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4], "")


def entries(tiff: bytes, order: str, start: int | None = None) -> Iterator[Entry]:
    """Entries of the directory at `start`, by default the first, up to where the bytes end. Never raises."""
    try:
        if start is None:
            (start,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * min(count, MOST), 12):
            tag, kind, number, value = struct.unpack_from(order + "HHII", tiff, at)
            yield Entry(tag, kind, number, at + 8 if SIZES.get(kind, 1) * number <= 4 else value)
    except struct.error:
        return


def numbers(tiff: bytes, order: str, entry: Entry) -> tuple[int, ...]:
    """The values of an entry of whole numbers; none where it has others, or where they lie beyond the bytes."""
    letter = {1: "B", 3: "H", 4: "I"}.get(entry.kind, "")
    if not letter or entry.at + SIZES[entry.kind] * entry.number > len(tiff):
        return ()
    return struct.unpack_from(f"{order}{entry.number}{letter}", tiff, entry.at)


def _bytes(tiff: bytes, entry: Entry) -> bytes:
    """A text up to its first NUL, without the spaces around it; empty for other types, and beyond the bytes."""
    if entry.kind != 2 or entry.at + entry.number > len(tiff):
        return b""
    return tiff[entry.at : entry.at + min(entry.number, 4 * LONGEST)].partition(b"\0")[0].strip()


def _text(tiff: bytes, entry: Entry) -> str:
    return " ".join(printable(_bytes(tiff, entry).decode("utf-8", "replace")).split())


def _date(text: bytes) -> str:
    found = _DATE.fullmatch(text)
    if not found:
        return ""
    year, month, day, hour, minute, second = map(int, found.groups())
    try:
        return datetime(year, month, day, hour, minute, second).isoformat()
    except ValueError:  # 0000:00:00 00:00:00, or the 31st of April
        return ""


def _camera(make: str, model: str) -> str:
    """Make and model; the make once where the model begins with it, or with its first word, as in NIKON CORPORATION."""
    first = make.casefold().split(" ")[0]
    named = first and model.casefold().split(" ")[0] == first
    return (model if named else f"{make} {model}".strip())[:LONGEST].strip()
