"""A TIFF made safe for Pillow and libtiff: its first page, and of that no more than what describes the pixels."""

from __future__ import annotations

import struct

from imgret.reading.exif import SIZES, Entry, byte_order, entries, numbers

_MANY = 2**18  # strips of one row at the largest aspect and size allowed are half as many
# Tag -> how many values it may have. TIFF 6.0; by name in its index of tags.
_KEPT = {
    256: 1, 257: 1, 258: 6, 259: 1, 262: 1, 266: 1, 273: _MANY, 277: 1, 278: 1, 279: _MANY, 284: 1, 292: 1, 317: 1,
    320: _MANY, 322: 1, 323: 1, 324: _MANY, 325: _MANY, 332: 1, 338: 6, 339: 6, 347: _MANY, 530: 2,
}  # fmt: skip
_TABLES = 347  # the JPEG tables, bytes of the type "undefined"; everything else is whole numbers
_COUNTS = {273: 279, 324: 325}  # where strips or tiles begin -> how long they are


def first_page(data: bytes) -> bytes:
    """The file with a new directory at its end, which has the tags of the pixels and names no further page.

    So neither reader warns of the tags of others, turns the image (tag 274 is left out), follows a chain of a million
    pages or a loop. Raises ValueError where an entry that is needed lies beyond the end of the file.
    """
    order = byte_order(data)
    kept: dict[int, bytes] = {}
    for entry in entries(data, order):
        if entry.tag in _KEPT and entry.tag not in kept:
            _check(data, entry)
            inline = SIZES[entry.kind] * entry.number <= 4
            value = data[entry.at : entry.at + 4].ljust(4, b"\0") if inline else struct.pack(order + "I", entry.at)
            kept[entry.tag] = struct.pack(order + "HHI", *entry[:3]) + value
    directory = struct.pack(order + "H", len(kept)) + b"".join(kept[tag] for tag in sorted(kept)) + bytes(4)
    start = len(data) + len(data) % 2
    return data[:4] + struct.pack(order + "I", start) + data[8:].ljust(start - 8, b"\0") + directory


def facts(data: bytes) -> dict[int, tuple[int, ...]]:
    """The tags of the first page's pixels that are whole numbers, each with its values."""
    order = byte_order(data)
    found: dict[int, tuple[int, ...]] = {}
    for entry in entries(data, order):
        if entry.number <= _KEPT.get(entry.tag, 0) and entry.tag not in found:
            found[entry.tag] = numbers(data, order, entry)
    return found


def is_cut(data: bytes) -> bool:
    """Whether the directory, a value of it, or a strip or tile of the first page lies beyond the end of the file."""
    order = byte_order(data)
    if not order or len(data) < 8:
        return True
    (start,) = struct.unpack_from(order + "I", data, 4)
    if start + 2 > len(data) or start + 2 + 12 * struct.unpack_from(order + "H", data, start)[0] > len(data):
        return True
    found = facts(data)
    if any(entry.tag in _KEPT and _end(entry) > len(data) for entry in entries(data, order)):
        return True
    pairs = ((found.get(begin, ()), found.get(length, ())) for begin, length in _COUNTS.items())
    return any(at + size > len(data) for begins, sizes in pairs for at, size in zip(begins, sizes, strict=False))


def _end(entry: Entry) -> int:
    return entry.at + SIZES.get(entry.kind, 1) * entry.number


def _check(data: bytes, entry: Entry) -> None:
    fits = entry.kind in ((7,) if entry.tag == _TABLES else (1, 3, 4))
    if not fits or not 1 <= entry.number <= _KEPT[entry.tag]:
        raise ValueError(f"tag {entry.tag} has {entry.number} values of type {entry.kind}")
    if _end(entry) > len(data):
        raise ValueError(f"the values of tag {entry.tag} lie beyond the end of the file")
