"""Image files byte by byte, or by Pillow where that writes what is wanted: what `odd_files` is made with."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]
WHITE, RED, GREEN, BLUE = (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)


def scene() -> Pixels:
    """(32, 48, 3): four flat colours, no two turns or mirror images of which are alike."""
    pixels = np.zeros((32, 48, 3), np.uint8)
    pixels[:16, :24], pixels[:16, 24:], pixels[16:, :24], pixels[16:, 24:] = RED, GREEN, BLUE, (240, 230, 40)
    return pixels


def textured() -> Pixels:
    """(64, 96, 3): noise, which no format packs into its header."""
    return np.random.default_rng(0).integers(0, 256, (64, 96, 3)).astype(np.uint8)


def photo(width: int, height: int) -> Image.Image:
    """Something like a photograph: soft shapes, edges and grain."""
    rng = np.random.default_rng(width * 7919 + height)
    soft = Image.fromarray(rng.integers(0, 256, (9, 12, 3)).astype(np.uint8)).resize((width, height))
    stripes = 30 * (np.arange(width) // max(1, width // 23) % 2)[None, :, None]
    grain = rng.normal(0, 8, (height, width, 3))
    return Image.fromarray((np.asarray(soft) * 0.8 + stripes + grain).clip(0, 255).astype(np.uint8))


def flat(colour: Colour, height: int = 16, width: int = 16) -> Pixels:
    return np.full((height, width, 3), colour, np.uint8)


def grey(levels: Any) -> Pixels:
    """(h, w) levels as RGB (h, w, 3)."""
    return np.repeat(np.asarray(levels, np.uint8)[:, :, None], 3, axis=2)


def save(pixels: Any, format: str, **options: Any) -> bytes:
    stream = BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(np.asarray(pixels))
    image.save(stream, format, **options)
    return stream.getvalue()


def jpeg(pixels: Any, **options: Any) -> bytes:
    return save(pixels, "JPEG", quality=100, subsampling=0, **options)


def ycck(colour: Colour) -> bytes:
    """A JPEG of one colour as Photoshop stores it: inks inverted, then as YCCK, which the Adobe marker says.

    YCCK is the YCbCr of 255 - ink; inverted once more, it is the YCbCr of the ink. Black ink: none, stored as 255.
    """
    cyan, magenta, yellow = (255 - channel for channel in colour)
    y = 0.299 * cyan + 0.587 * magenta + 0.114 * yellow
    planes = y, 128 + (yellow - y) * 0.564, 128 + (cyan - y) * 0.713, 255
    inks = np.full((16, 16, 4), [255 - round(plane) for plane in planes], np.uint8)  # Pillow stores 255 - ink
    data = bytearray(jpeg(Image.fromarray(inks, "CMYK")))
    data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(
    shape: tuple[int, int], depth: int, colour: int, rows: list[bytes], extra: bytes = b"", end: bytes = b""
) -> bytes:
    """A PNG of `shape` (width, height) from packed rows; chunks `extra` come before the pixels, `end` after them.

    Colour types: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
    """
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *shape, depth, colour, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + extra + pixels + end + chunk(b"IEND", b"")


def packed(*planes: NDArray[np.uint16]) -> list[bytes]:
    """Rows of a 16-bit PNG."""
    return [row.tobytes() for row in np.stack(planes, axis=2).astype(">u2")]


def bmp(
    shape: tuple[int, int], bits: int, body: bytes, extra: bytes = b"", coding: int = 0, palette: bytes = b""
) -> bytes:
    """A BMP of `shape` (width, height), first row last unless height is negative; `extra` lengthens the header."""
    size = 40 + len(extra)
    start = 14 + size + len(palette)
    header = struct.pack("<IiiHHIIiiII", size, *shape, 1, bits, coding, len(body), 0, 0, len(palette) // 4, 0)
    return b"BM" + struct.pack("<III", start + len(body), 0, start) + header + extra + palette + body


def gif(screen: tuple[int, int], frame: tuple[int, int], frames: int = 1) -> bytes:
    """Frames of one code each, for red; right for a frame of 1 x 1."""
    head = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + bytes(RED + GREEN)
    return head + (b"," + struct.pack("<4HB", 0, 0, *frame, 0) + b"\2\2D\1\0") * frames + b";"


def webp_canvas(side: int) -> bytes:
    """An extended WebP whose canvas is larger than the image in it."""
    canvas = b"VP8X" + struct.pack("<II", 10, 0) + (side - 1).to_bytes(3, "little") * 2
    body = b"WEBP" + canvas + save(scene(), "WEBP", lossless=True)[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def exif(orientation: int, order: str = "<") -> bytes:
    """EXIF data of two tags, of which the second is the orientation."""
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "IH", 8, 2)
    make = struct.pack(order + "HHI4s", 0x010F, 2, 4, b"odd\0")
    return head + make + struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0) + bytes(4)


def stored(upright: Pixels, orientation: int) -> Pixels:
    """What a camera stores of a scene: the EXIF standard says which side its first row and first column are."""
    first_row_and_column = {
        1: upright,  # top, left
        2: upright[:, ::-1],  # top, right
        3: upright[::-1, ::-1],  # bottom, right
        4: upright[::-1],  # bottom, left
        5: upright.transpose(1, 0, 2),  # left, top
        6: upright[:, ::-1].transpose(1, 0, 2),  # right, top
        7: upright[::-1, ::-1].transpose(1, 0, 2),  # right, bottom
        8: upright[::-1].transpose(1, 0, 2),  # left, bottom
    }
    return np.ascontiguousarray(first_row_and_column[orientation])
