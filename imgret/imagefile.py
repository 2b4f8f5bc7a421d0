"""Bytes of an image file to an upright RGB image, or to the reason why there is none.

The image is what a viewer shows: its first frame, turned as its EXIF data say, transparency laid on a background,
16 bits a channel brought to 8. Colours are the numbers stored: an ICC profile is left alone, and CMYK becomes RGB by
the plain formula (1 - c)(1 - k). Damage within the compressed data of a JPEG often goes unnoticed by libjpeg, rows that
a PNG or a bitmap never had go unnoticed by Pillow, and so both by us.

Pillow's readers are called one by one: `Image.open` warns of sizes that are allowed here, and warnings cannot be
silenced for one thread. No setting of Pillow is changed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

    from imgret.contracts import RGB

OUTCOMES: tuple[str, ...] = ("ok", "unsupported", "decode_error", "truncated", "too_large", "extreme_aspect")
FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
MAX_PIXELS = 178_956_970  # where Pillow, too, speaks of a bomb: 683 MiB as Pillow holds RGB
# At 100:1 two rows of a square of 224 are left for the whole image, or a hundredth of it is seen. Scaling the shorter
# side to 256 makes 26 MB of such an image, and 2.6 GB of 1 x 10000. The limit is the same for every way to fit: which
# images a collection has must not depend on the backbone.
MAX_ASPECT = 100

_JPEG_END = b"\xff\xd9"  # cannot occur within a scan, where a zero follows each 0xff that is data

Target = Callable[[int, int], tuple[int, int]]  # width and height of an upright image to those of its scaled copy


class Unreadable(ValueError):
    """A file that gives no image: outcome, a printable line as reason, width and height (0 where unknown)."""

    def __init__(self, outcome: str, reason: str, width: int = 0, height: int = 0) -> None:
        reason = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in reason)[:200]
        super().__init__(f"{outcome}: {reason}")
        self.outcome, self.reason, self.width, self.height = outcome, reason, width, height


class _Jpeg(JpegImageFile):
    def _read_dpi_from_exif(self) -> None:
        """Pillow would parse the EXIF data for a resolution that nobody asks for, and warn where they are damaged."""


_READERS: dict[str, type[ImageFile]] = {
    "JPEG": _Jpeg,
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
    "GIF": GifImageFile,
    "BMP": BmpImageFile,
}


def sniff(head: bytes) -> str | None:
    """Which of `FORMATS` a file is, by its first 32 bytes and never by its name; None for anything else."""
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
    return None


def read_image(
    data: bytes, target: Target, resample: Image.Resampling, background: RGB
) -> tuple[Image.Image, int, int]:
    """The upright RGB image in a file's bytes, scaled to its target; and the width and height it had.

    No more than the header is read of an image that is too large or too narrow. Raises Unreadable, whatever the data.
    """
    kind = sniff(data[:32])
    if kind is None:
        raise _foreign(data[:32])
    width = height = 0
    try:
        image = _READERS[kind](BytesIO(data))
        stored = image.size
        orientation, width, height = _upright(image.info, stored)
        if width * height > MAX_PIXELS:
            raise Unreadable("too_large", f"{width} x {height} is more than {MAX_PIXELS} pixels", width, height)
        if max(width, height) > MAX_ASPECT * min(width, height):
            raise Unreadable("extreme_aspect", f"{width} x {height} is beyond {MAX_ASPECT}:1", width, height)
        if kind == "JPEG" and image.fp and data.find(_JPEG_END, image.fp.tell()) < 0:
            raise Unreadable("truncated", "no end marker after the start of the scan", width, height)
        extent: tuple[float, float] = stored
        if kind == "JPEG" and resample != Image.Resampling.NEAREST:
            # libjpeg gives an image at 1/2, 1/4 or 1/8 for the price of the entropy decoding: most of the inverse
            # transform is skipped. Both sides stay at least three times the target, where the resize hides the
            # difference; so an image below six times its target is read whole.
            w, h = target(width, height) if orientation < 5 else target(width, height)[::-1]
            if drafted := image.draft(None, (3 * w, 3 * h)):
                extent = drafted[1][2:]  # a draft's last row and column may reach beyond the image
        rgb = _rgb(image, data, kind, background)
        orientation, width, height = _upright(image.info, stored)  # a PNG may bring its EXIF data after the pixels
        rgb, box = _turn(rgb, orientation, extent)
        return rgb.resize(target(width, height), resample, box), width, height
    except Unreadable:
        raise
    except (Image.DecompressionBombError, MemoryError) as error:  # Pillow itself measures WebP and a GIF's frames
        raise Unreadable("too_large", str(error) or "not enough memory", width, height) from error
    except Exception as error:  # Pillow's readers raise whatever their parsing runs into
        outcome = "truncated" if _is_cut(data, kind) else "decode_error"
        raise Unreadable(outcome, str(error) or type(error).__name__, width, height) from error


def _rgb(image: ImageFile, data: bytes, kind: str, background: RGB) -> Image.Image:
    """The pixels as stored, laid on the background."""
    image.load()
    key = image.info.get("transparency")  # the sample or the colour that is transparent, or alpha by palette index
    if image.mode.startswith("I"):
        # Grey of 16 bits: Pillow's conversion cuts off at 255. Of 16-bit RGB it takes the high byte; so do we.
        samples = np.clip(np.asarray(image), 0, 65535)
        rgb = Image.fromarray((samples >> 8).astype(np.uint8)).convert("RGB")
        if key is None:
            return rgb
        rgb.putalpha(Image.fromarray((samples != key).view(np.uint8) * 255))
        return _flatten(rgb, background)
    if kind == "PNG" and key is not None:
        # The key has the depth of the file, but the pixels that Pillow gives have 8 bits.
        depth = data[24]
        if image.mode == "L" and depth < 8:
            image.info["transparency"] = key * 255 // (2**depth - 1)
        elif image.mode == "RGB" and depth == 16:
            image.info["transparency"] = tuple(value >> 8 for value in key)
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    rgba = image.convert("RGBA")
    # Many writers of 32-bit bitmaps leave the fourth byte at zero, and viewers show an opaque image then.
    if kind == "BMP" and rgba.getchannel("A").getextrema() == (0, 0):
        return rgba.convert("RGB")
    return _flatten(rgba, background)


def _flatten(rgba: Image.Image, background: RGB) -> Image.Image:
    ground = Image.new("RGB", rgba.size, background)
    ground.paste(rgba, mask=rgba)
    return ground


def _upright(info: dict[str | tuple[int, int], Any], size: tuple[int, int]) -> tuple[int, int, int]:
    """EXIF orientation (1 where none can be read), and the width and height that an image of `size` has upright.

    Tag 0x0112 of the first directory, EXIF 2.32, 4.6.4 A. By hand: Pillow's reader warns of damage to any tag.
    """
    exif = info.get("exif")
    tiff = exif.removeprefix(b"Exif\0\0") if isinstance(exif, bytes) else b""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1, *size
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * entries, 12):
            tag, kind, count, value = struct.unpack_from(order + "HHIH", tiff, at)
            if tag == 0x0112 and kind == 3 and count == 1 and 1 <= value <= 8:
                return value, *(size if value < 5 else size[::-1])
    except struct.error:
        pass
    return 1, *size


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,  # Pillow turns counter-clockwise
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _turn(
    image: Image.Image, orientation: int, extent: tuple[float, float]
) -> tuple[Image.Image, tuple[float, float, float, float]]:
    """The image set upright, and the box in it that is covered: `extent` (width, height) of what is stored."""
    if orientation > 1:
        image = image.transpose(_TURNS[orientation])
    width, height = extent if orientation < 5 else extent[::-1]
    left = image.width - width if orientation in (2, 3, 6, 7) else 0.0
    top = image.height - height if orientation in (3, 4, 7, 8) else 0.0
    return image, (left, top, left + width, top + height)


def _is_cut(data: bytes, kind: str) -> bool:
    """Whether a file that failed lacks its end: told by its format's rules, not by the words of an error."""
    if kind == "WEBP":
        return len(data) < 8 + int.from_bytes(data[4:8], "little")
    if kind == "BMP":
        return len(data) < int.from_bytes(data[2:6], "little")
    end = {"JPEG": _JPEG_END, "PNG": b"IEND\xaeB`\x82", "GIF": b"\0;"}[kind]
    return not data.rstrip(b"\0").endswith(end)


def _foreign(head: bytes) -> Unreadable:
    """What to say of a file in none of `FORMATS`. Photo archives hold HEIC, and people want to know."""
    if not head:
        return Unreadable("decode_error", "the file is empty")
    if head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypmsf1", b"ftyphevc"):
        return Unreadable("unsupported", "a HEIC file, which is not read; convert it to JPEG or PNG")
    return Unreadable("unsupported", f"not a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} file")
