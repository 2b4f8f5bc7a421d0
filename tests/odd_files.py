"""Odd and broken image files, made when asked for: what each holds, what must become of it, and which pixels it shows.

    python -m tests.odd_files FOLDER      writes them all, and prints what must become of each

Where a format stores what it is given (PNG, BMP, GIF, lossless WebP), the pixels are those of the array that the file
was made from. JPEG gets flat areas in whole blocks at its best quality; `within` is what rounding may cost.
"""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tests import image_bytes as make
from tests.image_bytes import BLUE, GREEN, RED, WHITE, Pixels, chunk, flat, grey, jpeg, png, save, scene


class Odd(NamedTuple):
    """A file's bytes, the outcome they must have, and the upright RGB pixels (h, w, 3) on white, where told."""

    data: bytes
    outcome: str = "ok"
    pixels: Pixels | None = None
    within: int = 0  # how far a pixel may be off, in levels


def odd_files() -> dict[str, Odd]:
    """All of them by file name, sorted."""
    groups = (
        oriented(),
        deep(),
        transparent(),
        coloured(),
        animated(),
        bitmaps(),
        plain(),
        foreign(),
        broken(),
        huge(),
        beside(),
    )
    return dict(sorted((pair for group in groups for pair in group), key=lambda pair: pair[0]))


def oriented() -> Iterator[tuple[str, Odd]]:
    for way in range(1, 9):
        pixels, mark = make.stored(scene(), way), make.exif(way, "<>"[way % 2])
        height, width = pixels.shape[:2]
        rows = [row.tobytes() for row in pixels]
        yield f"exif-{way}.jpg", Odd(jpeg(pixels, exif=b"Exif\0\0" + mark), "ok", scene(), 2)
        yield f"exif-{way}.webp", Odd(save(pixels, "WEBP", lossless=True, exif=mark), "ok", scene())
        yield f"exif-{way}.png", Odd(png((width, height), 8, 2, rows, chunk(b"eXIf", mark)), "ok", scene())
        late = png((width, height), 8, 2, rows, end=chunk(b"eXIf", mark))
        yield f"exif-{way}-last.png", Odd(late, "ok", scene())
    good = make.exif(6)
    for name, mark in {
        "value-0": make.exif(0),
        "value-9": make.exif(9),
        "bare": b"",
        "cut": good[:14],
        "entries": good[:8] + b"\xff\xff" + good[10:22],
        "offset": good[:4] + b"\xff\xff\xff\xff" + good[8:],
        "in-itself": good[:4] + bytes(4) + good[8:],
        "order": b"XX*\0" + good[4:],
        "type": good.replace(struct.pack("<HH", 0x0112, 3), struct.pack("<HH", 0x0112, 12)),
        "noise": make.textured().tobytes()[:400],
    }.items():
        yield f"exif-broken-{name}.jpg", Odd(jpeg(scene(), exif=b"Exif\0\0" + mark), "ok", scene(), 2)


def deep() -> Iterator[tuple[str, Odd]]:
    """More bits than 8, of which the high byte stays, and fewer; each with and without a transparent sample."""
    ramp = np.array([[0, 255, 256, 1000], [32768, 40000, 65279, 65535]], np.uint16)
    high = np.array([[0, 0, 1, 3], [128, 156, 254, 255]], np.uint8)
    opaque = np.full_like(ramp, 65535)
    yield "grey-16.png", Odd(png((4, 2), 16, 0, make.packed(ramp)), "ok", grey(high))
    yield "grey-alpha-16.png", Odd(png((4, 2), 16, 4, make.packed(ramp, opaque)), "ok", grey(high))
    shown = high.copy()
    shown[0, 3] = 255
    key = chunk(b"tRNS", struct.pack(">H", 1000))
    yield "grey-16-key.png", Odd(png((4, 2), 16, 0, make.packed(ramp), key), "ok", grey(shown))
    planes, colours = (ramp, ramp[::-1], ramp[:, ::-1]), np.stack([high, high[::-1], high[:, ::-1]], axis=2)
    yield "rgb-16.png", Odd(png((4, 2), 16, 2, make.packed(*planes)), "ok", colours.copy())
    yield "rgba-16.png", Odd(png((4, 2), 16, 6, make.packed(*planes, opaque)), "ok", colours.copy())
    key = chunk(b"tRNS", struct.pack(">3H", *(int(plane[0, 3]) for plane in planes)))
    colours[0, 3] = 255
    yield "rgb-16-key.png", Odd(png((4, 2), 16, 2, make.packed(*planes), key), "ok", colours)
    for depth, row, samples, levels in (
        (1, b"\x60", (0, 1, 1, 0), (0, 255, 255, 0)),
        (2, b"\x1b", (0, 1, 2, 3), (0, 85, 170, 255)),
        (4, b"\x01\xef", (0, 1, 14, 15), (0, 17, 238, 255)),
    ):
        yield f"grey-{depth}.png", Odd(png((4, 1), depth, 0, [row]), "ok", grey([levels]))
        for sample, hidden in zip(samples[:3], levels[:3], strict=True):
            key = chunk(b"tRNS", struct.pack(">H", sample))
            white = [255 if level == hidden else level for level in levels]
            yield f"grey-{depth}-key-{sample}.png", Odd(png((4, 1), depth, 0, [row], key), "ok", grey([white]))


def transparent() -> Iterator[tuple[str, Odd]]:
    """Hidden colours must not show: what is transparent is white, what is 1/5 opaque is 4/5 white."""
    alpha = np.array([[[0], [51], [204], [255]]] * 2, np.uint8)  # 0, 1/5, 4/5, 1
    red = np.concatenate([flat(RED, 2, 4), alpha], axis=2)
    shown = np.array([[WHITE, (255, 204, 204), (255, 51, 51), RED]] * 2, np.uint8)
    yield "rgba.png", Odd(save(red, "PNG"), "ok", shown)
    yield "rgba.webp", Odd(save(red, "WEBP", lossless=True, exact=True), "ok", shown)
    black = np.concatenate([np.zeros_like(alpha), alpha], axis=2)
    rows = [row.tobytes() for row in black]
    yield "grey-alpha.png", Odd(png((4, 2), 8, 4, rows), "ok", grey(255 - alpha[:, :, 0]))
    palette = chunk(b"PLTE", bytes(RED * 4)) + chunk(b"tRNS", bytes([0, 51, 204]))
    yield "palette-alpha.png", Odd(png((4, 2), 8, 3, [bytes([0, 1, 2, 3])] * 2, palette), "ok", shown)
    two = np.array([[RED, WHITE]], np.uint8)
    palette = chunk(b"PLTE", bytes(RED + GREEN)) + chunk(b"tRNS", bytes([255, 0]))
    yield "palette-key.png", Odd(png((2, 1), 1, 3, [b"\x40"], palette), "ok", two)
    key = chunk(b"tRNS", struct.pack(">3H", *GREEN))
    yield "rgb-key.png", Odd(png((2, 1), 8, 2, [bytes(RED + GREEN)], key), "ok", two)
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette(RED + GREEN)
    yield "key.gif", Odd(save(image, "GIF", transparency=1), "ok", two)


def coloured() -> Iterator[tuple[str, Odd]]:
    profile = b"a profile that nobody applies" * 9
    for name, inks, colour in (("red", (0, 255, 255, 0), RED), ("half-black", (0, 0, 255, 128), (127, 127, 0))):
        image = Image.fromarray(np.full((16, 16, 4), inks, np.uint8), "CMYK")
        yield f"cmyk-{name}.jpg", Odd(jpeg(image), "ok", flat(colour), 2)
    yield "ycck-red.jpg", Odd(make.ycck(RED), "ok", flat(RED), 3)
    yield "ycck-green.jpg", Odd(make.ycck((30, 180, 60)), "ok", flat((30, 180, 60)), 3)
    yield "grey.jpg", Odd(jpeg(np.full((16, 16), 99, np.uint8)), "ok", flat((99, 99, 99)), 1)
    yield "progressive.jpg", Odd(jpeg(scene(), progressive=True), "ok", scene(), 2)
    yield "profile.jpg", Odd(jpeg(scene(), icc_profile=profile), "ok", scene(), 2)
    yield "profile.png", Odd(save(scene(), "PNG", icc_profile=profile), "ok", scene())
    palette = Image.fromarray(scene()).quantize(4)
    yield "palette.png", Odd(save(palette, "PNG"), "ok", scene())
    yield "palette.gif", Odd(save(palette, "GIF"), "ok", scene())
    yield "lossless.webp", Odd(save(scene(), "WEBP", lossless=True), "ok", scene())


def animated() -> Iterator[tuple[str, Odd]]:
    """The first of several frames, however many there are."""
    first, *rest = (Image.fromarray(flat(colour)) for colour in (RED, GREEN, BLUE))
    for format in ("GIF", "PNG", "WEBP"):
        data = save(first, format, save_all=True, append_images=rest, duration=9, lossless=True)
        yield f"frames.{format.lower()}", Odd(data, "ok", flat(RED))
    yield "frames-100000.gif", Odd(make.gif((1, 1), (1, 1), 100_000), "ok", flat(RED, 1, 1))


def bitmaps() -> Iterator[tuple[str, Odd]]:
    two = np.array([[RED], [BLUE]], np.uint8)
    blue, red = b"\xff\0\0\0", b"\0\0\xff\0"
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    yield "up.bmp", Odd(make.bmp((1, 2), 24, blue + red), "ok", two)
    yield "down.bmp", Odd(make.bmp((1, -2), 24, red + blue), "ok", two)
    yield "fourth-byte.bmp", Odd(make.bmp((1, 2), 32, blue + red), "ok", two)
    yield "empty-alpha.bmp", Odd(make.bmp((1, 2), 32, blue + red, masks, 3), "ok", two)
    shown = np.array([[RED], [WHITE]], np.uint8)
    yield "alpha.bmp", Odd(make.bmp((1, 2), 32, blue + b"\0\0\xff\xff", masks, 3), "ok", shown)
    yield "palette.bmp", Odd(make.bmp((1, 2), 8, b"\1\0\0\0" + bytes(4), palette=red + blue), "ok", two)
    runs = make.bmp((4, 1), 8, b"\3\0\1\1\0\1", coding=1, palette=red + blue)
    yield "runs.bmp", Odd(runs, "ok", np.array([[RED, RED, RED, BLUE]], np.uint8))
    yield "cut-runs.bmp", Odd(runs[:-5], "truncated")
    yield "fax.bmp", Odd(make.bmp((1, 1), 24, bytes(4), coding=11), "decode_error")


def plain() -> Iterator[tuple[str, Odd]]:
    """Small, of one colour, wrongly named, just within a limit; all of them readable."""
    for side in (1, 2):
        pixels = np.arange(side * side * 3, dtype=np.uint8).reshape(side, side, 3)
        yield f"{side}x{side}.png", Odd(save(pixels, "PNG"), "ok", pixels)
    yield "1x1.jpg", Odd(jpeg(flat(WHITE, 1, 1)), "ok", flat(WHITE, 1, 1))
    yield "black.jpg", Odd(jpeg(flat((0, 0, 0))), "ok", flat((0, 0, 0)))
    yield "white.png", Odd(save(flat(WHITE), "PNG"), "ok", flat(WHITE))
    yield "png-named.jpg", Odd(save(scene(), "PNG"), "ok", scene())
    for name in ("jpeg-named.png", "no-ending", "CAPITALS.JPG"):
        yield name, Odd(jpeg(scene()), "ok", scene(), 2)
    yield "trailer.jpg", Odd(jpeg(scene()) + b"a telephone's own data" * 50, "ok", scene(), 2)
    yield "no-end-chunk.png", Odd(save(scene(), "PNG")[:-12], "ok", scene())
    yield "2x200.png", Odd(save(flat(GREEN, 200, 2), "PNG"), "ok", flat(GREEN, 200, 2))


def foreign() -> Iterator[tuple[str, Odd]]:
    yield "empty.jpg", Odd(b"", "decode_error")
    for name, data in {
        "text.jpg": b"BMW and other words, no image\n",
        "page.jpg": b"<!DOCTYPE html><title>404 Not Found</title>",
        "drawing.jpg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "phone.heic": struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic",
        "scan.tif": save(scene(), "TIFF"),
        "icon.ico": save(scene(), "ICO", sizes=[(16, 16)]),
        "print.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "print.pdf": b"%PDF-1.7\n",
        "layers.psd": b"8BPS\0\1" + bytes(20),
        "sky.fits": b"SIMPLE  =                    T".ljust(2880),
        "wavelets.jp2": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20),
        "sound.webp": b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + bytes(28),
        "zeros.png": bytes(4096),
        "stub.png": b"\x89PNG",
    }.items():
        yield name, Odd(data, "unsupported")


def broken() -> Iterator[tuple[str, Odd]]:
    whole = {format: save(make.textured(), format) for format in ("JPEG", "PNG", "BMP")}
    whole["GIF"] = save(Image.fromarray(make.textured()).quantize(64), "GIF")
    whole["WEBP"] = save(make.textured(), "WEBP", lossless=True)
    whole["progressive.JPEG"] = save(make.textured(), "JPEG", progressive=True)
    for format, data in whole.items():
        yield f"cut-header.{format.lower()}", Odd(data[:20], "truncated")
        for part in (5, 50, 95):
            yield f"cut-{part}.{format.lower()}", Odd(data[: len(data) * part // 100], "truncated")
    photo, half = whole["JPEG"], len(whole["JPEG"]) // 2
    yield "no-end.jpg", Odd(photo[:-2], "truncated")
    yield "zero-tail.jpg", Odd(photo[:half] + bytes(half), "truncated")  # as a download leaves it that made room first
    yield "12-bit.jpg", Odd(photo.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c"), "decode_error")
    yield "noise-inside.jpg", Odd(photo[:half] + b"\x55" * 40 + photo[half + 40 :])  # libjpeg takes it for an image
    for name, place in {"header-sum.png": 24, "data-sum.png": len(whole["PNG"]) // 2}.items():
        flipped = bytearray(whole["PNG"])
        flipped[place] ^= 0xFF
        yield name, Odd(bytes(flipped), "decode_error")
    dot = (1, 1), 8, 0, [b"\0"]
    yield "huge-text.png", Odd(png(*dot, chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(10**8), 9))))
    yield "key-in-words.png", Odd(png(*dot, chunk(b"tEXt", b"transparency\0yes")))
    yield "no-size.png", Odd(png((0, 16), 8, 0, []), "decode_error")
    yield "no-rows.png", Odd(png((16, 16), 8, 0, []), "decode_error")
    yield "half-the-rows.png", Odd(png((16, 16), 8, 0, [bytes(16)] * 8))  # Pillow takes the rest for black


def huge() -> Iterator[tuple[str, Odd]]:
    """Headers that promise more than 178,956,970 pixels, or a shape beyond 100:1, with next to nothing behind them."""
    for shape in ((60000, 60000), (15000, 12000), (2**31 - 1, 2**31 - 1)):
        yield f"{shape[0]}x{shape[1]}.png", Odd(png(shape, 8, 2, [bytes(9)]), "too_large")
    header = jpeg(scene()).index(b"\xff\xc0") + 5
    for height, width, outcome in ((65500, 65500, "too_large"), (65500, 1, "extreme_aspect")):
        data = bytearray(jpeg(scene()))
        data[header : header + 4] = struct.pack(">HH", height, width)
        yield f"{width}x{height}.jpg", Odd(bytes(data), outcome)
    yield "16383x16383.webp", Odd(make.webp_canvas(16383), "too_large")
    yield "65535x65535.gif", Odd(make.gif((65535, 65535), (1, 1)), "too_large")
    yield "frame-65535x65535.gif", Odd(make.gif((1, 1), (65535, 65535)), "too_large")
    yield "40000x40000.bmp", Odd(make.bmp((40000, 40000), 24, bytes(9)), "too_large")
    for width, height in ((1, 10000), (10000, 1), (2, 201)):
        yield f"{width}x{height}.png", Odd(save(flat(RED, height, width), "PNG"), "extreme_aspect")


def beside() -> Iterator[tuple[str, Odd]]:
    """Pixels that are whole, and damage to what lies beside them. Every viewer shows these."""
    rows = [row.tobytes() for row in scene()]
    wrong = {  # chunks of their names; of some the checksum does not fit
        "text": b"tEXtComment\0hello", "words": b"iTXtXML:com.adobe.xmp\0\1\0\0\0\xff", "time": b"tIME\7",
        "profile": b"iCCPx\0\0" + zlib.compress(b"n"), "exif": b"eXIf" + make.exif(6)[:20],
        "key": b"tRNS\0\xff\0\0\0\0",
    }  # fmt: skip
    for name, words in wrong.items():
        body = chunk(words[:4], words[4:])
        yield f"beside-{name}-sum.png", Odd(png((48, 32), 8, 2, rows, body[:-1] + bytes([body[-1] ^ 1])), "ok", scene())
    short = {"gAMA": b"\0", "pHYs": b"", "cHRM": b"\0", "sRGB": b"", "tRNS": b"\0", "acTL": b"", "iCCP": b"x\0\7zip"}
    for name, left in short.items():
        yield f"beside-{name}.png", Odd(png((48, 32), 8, 2, rows, chunk(name.encode(), left)), "ok", scene())
    whole = bytearray(png((48, 32), 8, 2, rows, chunk(b"gAMA", b"\0")))
    whole[-13] ^= 1
    yield "beside-pixels-sum.png", Odd(bytes(whole), "ok", scene())  # the pixels unpack to what they are
    photo = jpeg(scene())
    for name, segment in {
        "jfif": b"\xff\xe0\0\7JFIF\0",
        "adobe": b"\xff\xee\0\7Adobe",
        "icc": b"\xff\xe2\0\x0fICC_PROFILE\0\1",
    }.items():
        yield f"beside-{name}.jpg", Odd(photo[:2] + segment + photo[2:], "ok", scene(), 2)
    picture = save(scene(), "WEBP", lossless=True, exif=make.exif(1), xmp=b"<x/>")
    yield "beside-exif-cut.webp", Odd(picture[:-20], "ok", scene())
    yield "beside-xmp-size.webp", Odd(picture[:-9] + b"\xff" + picture[-8:], "ok", scene())
    frame = save(Image.fromarray(scene()).quantize(4), "GIF")
    at = frame.index(b",", 13 + 3 * 4)
    yield "beside-control.gif", Odd(frame[:at] + b"!\xf9\1\1\0" + frame[at:], "ok", scene())
    grid = make.bmp((2, 2), 8, b"\1\0\0\0\0\1\0\0", palette=bytes((*RED[::-1], 0, *BLUE[::-1], 0)))
    odd = grid[:46] + b"\xff" * 4 + grid[50:]
    yield "beside-colours.bmp", Odd(odd, "ok", np.array([[RED, BLUE], [BLUE, RED]], np.uint8))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, odd in odd_files().items():
        (folder / name).write_bytes(odd.data)
        print(f"{odd.outcome:15} {name}")
