"""Files as they turn up in real collections: other formats, other modes, and broken ones."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

ORIENTATION = 0x0112  # the EXIF tag


def encoded(picture: Image.Image, format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format, **options)
    return stream.getvalue()


def _jpeg(picture: Image.Image, **options: Any) -> bytes:
    return encoded(picture, "JPEG", quality=85, **options)


def _damaged(picture: Image.Image) -> bytes:
    png = encoded(picture, "PNG")
    middle = len(png) // 2
    return png[:middle] + bytes(64) + png[middle + 64 :]


def _sixteen_bit(picture: Image.Image) -> bytes:
    return encoded(Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257), "PNG")


def _alpha(picture: Image.Image) -> bytes:
    """A cut-out: opaque in an ellipse, transparent in the corners."""
    x, y = (np.linspace(-1, 1, n) for n in picture.size)
    cover = ((1.05 - np.hypot(x[None, :], y[:, None])) * 12).clip(0, 1)
    picture.putalpha(Image.fromarray((cover * 255).astype(np.uint8)))
    return encoded(picture, "PNG")


def _animated(picture: Image.Image) -> bytes:
    frames = [picture.quantize(64), picture.rotate(90).quantize(64)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=300, loop=0)


def _turned(picture: Image.Image) -> bytes:
    """Stored on its side, with the note that says so."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    return _jpeg(picture.transpose(Image.Transpose.ROTATE_90), exif=exif)


ODD: dict[str, tuple[str, Callable[[Image.Image], bytes]]] = {  # form -> ending of the name, bytes made of a picture
    "zero_bytes": (".jpg", lambda _: b""),
    "text": (".jpg", lambda _: b"These are not the fabrics you are looking for.\n"),
    "truncated": (".jpg", lambda picture: (whole := _jpeg(picture))[: len(whole) * 2 // 5]),
    "png_named_jpg": (".jpg", lambda picture: encoded(picture, "PNG")),
    "sixteen_bit": (".png", _sixteen_bit),
    "alpha": (".png", _alpha),
    "grey": (".jpg", lambda picture: _jpeg(picture.convert("L"))),
    "cmyk": (".jpg", lambda picture: _jpeg(picture.convert("CMYK"))),
    "animated": (".gif", _animated),
    "webp": (".webp", lambda picture: encoded(picture, "WEBP", quality=80)),
    "turned": (".jpg", _turned),
    "one_pixel": (".png", lambda picture: encoded(picture.resize((1, 1)), "PNG")),
    "palette": (".png", lambda picture: encoded(picture.quantize(32), "PNG", transparency=0)),
    "header_only": (".jpg", lambda picture: _jpeg(picture)[:24]),
    "bmp": (".bmp", lambda picture: encoded(picture, "BMP")),
    "damaged": (".png", _damaged),
}
NO_FABRIC = (
    "zero_bytes",
    "text",
    "truncated",
    "one_pixel",
    "header_only",
    "damaged",
)  # the others are named like shots
