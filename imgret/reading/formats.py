"""Which format a file is in, by its first bytes and never by its name; and what to say of one that is not read.

`FORMATS` are read always, `FURTHER` when asked for: their decoders are large, and have had more holes than all the
others together.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from imgret.errors import UsageError
from imgret.reading import tiff
from imgret.reading.exif import byte_order, entries, numbers
from imgret.reading.textfile import LFS, PULL

FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
FURTHER: tuple[str, ...] = ("HEIC", "TIFF", "AVIF")  # typed in small letters: formats=[heic,tiff]
AVAILABLE = "available"  # typed for all of these whose packages are there
SUFFIXES = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "PNG": (".png",),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "HEIC": (".heic", ".heif"),
    "TIFF": (".tif", ".tiff"),
    "AVIF": (".avif",),
}
HEAD = 4096  # bytes that tell them apart
HEIF = (1, 7)  # of pillow-heif; older ones have a hole that is in use (CVE-2026-84383)

_NONE = "not a "
_INSTALL = 'pip install "imgret[heif]"'
_AVIF = "pip install --force-reinstall pillow"  # its wheels have what reads AVIF
_HEVC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}  # ISO/IEC 23008-12, annex B
_FOREIGN = {
    b"II\\*\0....CR": "a camera's raw file",
    b"IIRO|IIRS|IIU\\0|MMOR|FUJIFILMCCD-RAW": "a camera's raw file",
    b"II\\+\0|MM\0\\+": "a BigTIFF file",
    b"\x1a\x45\xdf\xa3|RIFF....AVI ": "a video",
    b"%PDF": "a PDF file",
    b"8BP[SB]": "a Photoshop file",
    b"\0\0\0\x0cjP  |\xff\x4f\xff\x51": "a JPEG 2000 file",
    b"\0\0\0\x0cJXL |\xff\x0a": "a JPEG XL file",
    b"\\s*(<\\?xml|<!--|<!DOCTYPE svg|(?=<svg)).*?<svg": "an SVG drawing",
    b"(?i:\\s*<(!doctype html|html))": "a web page",
}


def sniff(head: bytes) -> str | None:
    """Which of `FORMATS` and `FURTHER` a file is, by its first `HEAD` bytes; None for anything else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    # A text may begin with "BM", too; in a bitmap the length of its second header follows, one of these.
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in (12, 40, 52, 56, 64, 108, 124):
        return "BMP"
    if (brand := _brand(head)) in ("HEIC", "AVIF"):
        return brand
    if byte_order(head) and not _foreign(head):
        return "TIFF"
    return None


def is_raw(data: bytes) -> bool:
    """Whether a TIFF is a camera's raw file: a DNG, sensor data, or a small preview of what lies further down."""
    order = byte_order(data)
    found: dict[int, tuple[int, ...]] = {}
    for entry in entries(data, order):
        found.setdefault(entry.tag, (numbers(data, order, entry) if entry.number == 1 else ()) or (0,))
    preview = found.get(0x00FE, (0,))[0] & 1 and 0x014A in found  # NewSubfileType: reduced; SubIFDs: of what
    sensor = found.get(0x0106, (0,))[0] in (32803, 34892)  # PhotometricInterpretation: CFA, LinearRaw
    return 0xC612 in found or sensor or bool(preview)  # DNGVersion


def is_read(kind: str | None, formats: Collection[str]) -> bool:
    """Whether a file of this kind, as `sniff` has it, is decoded where `formats` are asked for."""
    return kind in FORMATS or (kind is not None and kind.lower() in formats)


def why_not(head: bytes, formats: Collection[str] = ()) -> str:
    """What to say of a file that is not read where `formats` are asked for, from its first bytes.

    Of a format that is read when asked for it says what to type.
    """
    kind = sniff(head)
    if kind == "TIFF" and is_raw(head):
        return "a camera's raw file, which is not read"
    if kind in FURTHER:
        return _asks(kind)
    brand = "a camera's raw file" if head[4:12] == b"ftypcrx " else _brand(head)
    if head.startswith(LFS):
        return f"a Git LFS pointer, not the image itself: {PULL}"
    if found := brand or _foreign(head):
        return f"{found}, which is not read"
    return _none_of(formats)


def is_otherwise(said: str, formats: Collection[str]) -> bool:
    """Whether `why_not` would now put otherwise what it once said, by the formats asked for and the packages there."""
    kind = said.partition(":")[0]
    return said != (_asks(kind) if kind in FURTHER else _none_of(formats) if said.startswith(_NONE) else said)


def _none_of(formats: Collection[str]) -> str:
    *most, last = [*FORMATS, *(kind for kind in FURTHER if kind.lower() in formats)]
    return f"{_NONE}{', '.join(most)} or {last} file"


def _asks(kind: str) -> str:
    return f"{kind}: {how_to_read([kind])}"


def how_to_read(kinds: Collection[str]) -> str:
    """What to type for files of these kinds out of `FURTHER`, and what to install before, where that is not there."""
    wanted = [kind for kind in FURTHER if kind in kinds]
    typed = f"type formats=[{','.join(kind.lower() for kind in wanted)}]"
    return ", after ".join([typed, *(step for step in map(lacking, wanted) if step)])


def lacking(kind: str) -> str:
    """What to type to install what a format out of `FURTHER` is read with; empty where that is there."""
    return "" if _there(kind) else {"HEIC": _INSTALL, "AVIF": _AVIF}[kind]


def chosen(formats: Sequence[str]) -> list[str]:
    """The formats asked for, by name: `available` stands for each whose package is there."""
    if AVAILABLE not in formats:
        return list(formats)
    return [kind.lower() for kind in FURTHER if kind.lower() in formats or _there(kind)]


def _there(kind: str) -> bool:
    try:
        require([kind.lower()])
    except UsageError:
        return False
    return True


def require(formats: Collection[str]) -> None:
    """Raises UsageError, with the command that installs it, where a format asked for lacks its package."""
    from PIL import features

    if "avif" in formats and not features.check("avif"):
        raise UsageError(f"formats=[avif]: the Pillow that is installed was built without AVIF\ntype {_AVIF}")
    if "heic" not in formats:
        return
    found = heif()
    if not found:
        raise UsageError(f"formats=[heic] needs the package pillow-heif\ntype {_INSTALL}")
    if tuple(int(part) for part in re.findall(r"\d+", found)[:2]) < HEIF:
        raise UsageError(f"formats=[heic]: pillow-heif {found} is not safe to open files with\ntype {_INSTALL}")


@cache  # to look for it takes milliseconds, and is asked of every file
def heif() -> str:
    """The version of pillow-heif that is here; empty where there is none."""
    try:
        return version("pillow-heif")
    except PackageNotFoundError:
        return ""


def is_cut(data: bytes, kind: str) -> bool:
    """Whether a file that failed lacks its end: told by its format's rules, not by the words of an error."""
    if kind == "WEBP":
        return len(data) < 8 + int.from_bytes(data[4:8], "little")
    if kind == "TIFF":
        return tiff.is_cut(data)
    if kind in ("HEIC", "AVIF"):
        return _boxes_end(data) > len(data)
    if kind == "BMP":
        return len(data) < int.from_bytes(data[2:6], "little")
    end = {"JPEG": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82", "GIF": b"\0;"}[kind]
    return not data.rstrip(b"\0").endswith(end)


def is_jpeg(file: Path) -> bool:
    """Whether a file begins and ends as a JPEG does (T.81, B.1), as one that was cut does not. Raises OSError."""
    with file.open("rb") as stream:
        begins = stream.read(2) == b"\xff\xd8"
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - 2))
        return begins and size >= 4 and stream.read() == b"\xff\xd9"


def is_whole_jpeg(file: Path) -> bool:
    """The same of a file that may not be there: a thumbnail's bytes are not forced to disk."""
    try:
        return is_jpeg(file)
    except OSError:
        return False


def _brand(head: bytes) -> str:
    """What a file of the ISO base media format (14496-12) is, by its brands; empty for any other file."""
    if head[4:8] != b"ftyp" or len(head) < 12:
        return ""
    major, end = head[8:12], min(int.from_bytes(head[:4], "big"), len(head))
    brands = {major, *(head[at : at + 4] for at in range(16, end - 3, 4))}
    if major in (b"avif", b"avis") or (brands & {b"avif", b"avis"} and not brands & _HEVC):
        return "AVIF"
    return "HEIC" if brands & _HEVC or major in (b"mif1", b"msf1") else "a video"


def _foreign(head: bytes) -> str:
    return next((name for mark, name in _FOREIGN.items() if re.match(mark, head[:HEAD], re.DOTALL)), "")


def _boxes_end(data: bytes) -> int:
    """Where the last of a HEIC's or AVIF's outermost boxes ends, by their own word (ISO/IEC 14496-12, 4.2)."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        elif size == 0:  # up to the end
            return len(data)
        at += max(size, 8)
    return at
