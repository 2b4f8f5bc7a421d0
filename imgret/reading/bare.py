"""An image file without what says nothing of its pixels: texts, profiles, resolutions, comments, previews.

Pixels decide whether a file is an image, and nothing beside them does. Pillow refuses a file for a damaged text or a
number that is missing; it is then shown no more than the parts that describe the pixels, as they lie in the file. A
TIFF is read like that at once, by `imgret.reading.tiff`; libheif passes over what is damaged by itself.

A checksum says that something was damaged, and not what. That of a PNG's pixels is not asked where they unpack; that
of its header and palette is, since all follows from these; transparency with a wrong one counts as not there, as
viewers have it. EXIF data count if they can be read.
"""

from __future__ import annotations

import re
import zlib
from typing import NamedTuple

_END = b"\0\0\0\0IEND\xaeB`\x82"
_EXIF = b"Exif\0\0"
_STANDALONE = {0x01, *range(0xD0, 0xD9)}  # JPEG's markers without a length (T.81, B.1.1.3)
_WEBP = (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF")
_PALETTE = 65536  # colours, more than which Pillow refuses; a bitmap of 8 bits has 256 at the most


class Bare(NamedTuple):
    """What is left of a file's bytes, and its EXIF data, empty where it has none."""

    data: bytes
    exif: bytes = b""


def bare(data: bytes, kind: str) -> Bare:
    """A file reduced to its pixels, or as it was where nothing can be left out. Never raises."""
    parts = {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp, "GIF": _gif, "BMP": _bmp, "AVIF": _avif}
    return parts[kind](data) if kind in parts else Bare(data)


def _png(data: bytes) -> Bare:
    """Header, palette, transparency, the first run of IDAT (PNG 1.2, 4.1: there is one), and an end."""
    kept, exif, at, pixels, done = bytearray(data[:8]), b"", 8, False, False
    while at + 8 <= len(data):
        name, start = data[at + 4 : at + 8], at + 8
        end = start + int.from_bytes(data[at : at + 4], "big")
        done = done or (pixels and name != b"IDAT")
        if name == b"IDAT" and not done:
            pixels = True
            kept += data[at : end + 4]
            if end > len(data):  # cut: what follows would be taken for pixels
                return Bare(bytes(kept), exif)
        elif name in (b"IHDR", b"PLTE") or (name == b"tRNS" and _transparent(kept[24:26], data[at : end + 4])):
            kept += data[at : end + 4]
        elif name == b"eXIf" and end <= len(data):
            exif = _EXIF + data[start:end]
        elif name == b"IEND":
            break
        at = end + 4
    return Bare(bytes(kept) + _END * pixels, exif)


def _transparent(header: bytearray, chunk: bytes) -> bool:
    """Whether a chunk tRNS is one: for a depth and a colour type, of the length that this takes, and undamaged."""
    depth, colour = header if len(header) == 2 else (0, 0)
    body = chunk[8:-4]
    whole = len(chunk) == 12 + int.from_bytes(chunk[:4], "big") and zlib.crc32(chunk[4:-4]) == int.from_bytes(
        chunk[-4:], "big"
    )
    return whole and len(body) >= {0: 2, 2: 6}.get(colour, 0) and (colour != 3 or len(body) <= 2**depth)


def _jpeg(data: bytes) -> Bare:
    """Everything up to the first scan but comments and the segments of applications; from there on all.

    JFIF's and Adobe's segments stay where they are whole: libjpeg takes from them how the colours are coded.
    """
    kept, exif, at = bytearray(data[:2]), b"", 2
    while at < len(data):
        at = data.find(b"\xff", at)  # as libjpeg does, over whatever lies between two segments
        if at < 0 or at + 1 >= len(data):
            break
        marker = data[at + 1]
        if marker in (0x00, 0xFF):  # filled up
            at += 1 + (marker == 0)
        elif marker == 0xDA:
            return Bare(bytes(kept) + data[at:], exif)
        elif marker in _STANDALONE:
            at += 2
        else:
            end = at + 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
            body = data[at + 4 : end]
            if marker == 0xE1 and body.startswith(_EXIF):
                exif += body[len(_EXIF) * bool(exif) :]
            if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or (
                (marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) >= 14)
                or (marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12)
            ):
                kept += data[at:end]
            at = end
    return Bare(data, exif)


def _webp(data: bytes) -> Bare:
    """The chunks of the canvas, of alpha, pixels and frames, under a header that announces no other."""
    kept, exif, at = bytearray(), b"", 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if name in _WEBP:
            if len(body) < size:  # of an animation cut short, the frames before
                break
            if name == b"VP8X":
                body = bytes([body[0] & 0b00010010]) + body[1:] if body else body  # alpha and animation
            kept += data[at : at + 8] + body + b"\0" * (size % 2)
        elif name == b"EXIF" and not exif:
            exif = body
        at += 8 + size + size % 2
    return Bare(b"RIFF" + (4 + len(kept)).to_bytes(4, "little") + b"WEBP" + kept, exif)


def _gif(data: bytes) -> Bare:
    """Without the extensions before the first image but the one that says which colour is transparent."""
    at = 13 + (3 << (data[10] & 7) + 1 if len(data) > 10 and data[10] & 0x80 else 0)
    kept = bytearray(data[:at])
    while at < len(data):
        if data[at] == 0x2C:
            return Bare(bytes(kept) + data[at:])
        if data[at] != 0x21:  # nothing that begins a block
            at += 1
            continue
        end = at + 2
        while end < len(data) and data[end]:
            end += 1 + data[end]
        if data[at + 1 : at + 2] == b"\xf9" and data[at + 2 : at + 3] >= b"\4":
            kept += data[at : end + 1]
        at = end + 1
    return Bare(data)


def _bmp(data: bytes) -> Bare:
    """With a number of colours that there can be; else Pillow asks of a header only what is of the pixels."""
    if len(data) < 54 or int.from_bytes(data[14:18], "little") == 12:
        return Bare(data)
    depth, colours = int.from_bytes(data[28:30], "little"), int.from_bytes(data[46:50], "little")
    if depth <= 8 and colours > _PALETTE:
        return Bare(data[:46] + bytes(4) + data[50:])
    return Bare(data)


def _avif(data: bytes) -> Bare:
    """Without EXIF data, which libavif holds to their form: the entry of the item (14496-12, 8.11.6) is renamed."""
    return Bare(re.sub(rb"(infe.{8})Exif", rb"\1none", data, count=1, flags=re.DOTALL))
