"""Files as they turn up in real collections: other formats, other modes, and broken ones."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

ORIENTATION = 0x0112  # the EXIF tag
SMALL = 240  # pixels of an odd picture's longest side


def odd(form: str, picture: Image.Image) -> bytes:
    """The bytes of an odd file; `form` is one of `_fabric_plan.ODD`."""
    picture.thumbnail((SMALL, SMALL))
    jpeg, png = _bytes(picture, "JPEG", quality=85), _bytes(picture, "PNG")
    match form:
        case "zero_bytes":
            return b""
        case "text":
            return b"These are not the fabrics you are looking for.\n"
        case "truncated":
            return jpeg[: len(jpeg) * 2 // 5]
        case "header_only":
            return jpeg[:24]
        case "damaged":
            middle = len(png) // 2
            return png[:middle] + bytes(64) + png[middle + 64 :]
        case "png_named_jpg":
            return png
        case "sixteen_bit":
            return _bytes(Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257), "PNG")
        case "alpha":
            return _bytes(_faded(picture), "PNG")
        case "palette":
            return _bytes(picture.quantize(32), "PNG", transparency=0)
        case "grey":
            return _bytes(picture.convert("L"), "JPEG", quality=85)
        case "cmyk":
            return _bytes(picture.convert("CMYK"), "JPEG", quality=85)
        case "animated":
            frames = [picture.quantize(64), picture.rotate(90).quantize(64)]
            return _bytes(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=300, loop=0)
        case "webp":
            return _bytes(picture, "WEBP", quality=80)
        case "bmp":
            return _bytes(picture, "BMP")
        case "turned":  # stored on its side, with the note that says so
            exif = Image.Exif()
            exif[ORIENTATION] = 6
            return _bytes(picture.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=85, exif=exif)
        case "one_pixel":
            return _bytes(picture.resize((1, 1)), "PNG")
    raise ValueError(form)


def _bytes(picture: Image.Image, format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format, **options)
    return stream.getvalue()


def _faded(picture: Image.Image) -> Image.Image:
    """A cut-out: opaque in an ellipse, transparent in the corners."""
    x, y = (np.linspace(-1, 1, n) for n in picture.size)
    cover = ((1.05 - np.hypot(x[None, :], y[:, None])) * 12).clip(0, 1)
    cutout = picture.copy()
    cutout.putalpha(Image.fromarray((cover * 255).astype(np.uint8)))
    return cutout
