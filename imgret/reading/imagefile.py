"""Bytes of an image file to an upright RGB image, or to the reason why there is none.

The image is what a viewer shows: its first frame or page, turned as its EXIF data say, transparency laid on a
background, 16 bits a channel brought to 8. Colours are the numbers stored: an ICC profile is left alone, and CMYK
becomes RGB by the plain formula (1 - c)(1 - k). Damage within the compressed data of a JPEG often goes unnoticed by
libjpeg, rows that a PNG or a bitmap never had go unnoticed by Pillow, and so both by us.

Pillow's readers are called one by one: `Image.open` warns of sizes that are allowed here, and warnings cannot be
silenced for one thread. No setting of Pillow is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from imgret.errors import UsageError
from imgret.reading.bare import bare
from imgret.reading.exif import Exif, read_exif
from imgret.reading.formats import HEAD, is_cut, is_raw, is_read, require, sniff, why_not
from imgret.reading.tiff import facts, first_page
from imgret.reading.upright import turn, upright

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.ImageFile import ImageFile

    from imgret.contracts import RGB

OUTCOMES: tuple[str, ...] = ("ok", "unsupported", "decode_error", "truncated", "too_large", "extreme_aspect")
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


class Read(NamedTuple):
    """An upright RGB image, scaled; the width and height that it had, in pixels; and what its EXIF data say."""

    image: Image.Image
    width: int
    height: int
    exif: Exif


def read_image(
    data: bytes, target: Target, resample: Image.Resampling, background: RGB, formats: Collection[str] = ()
) -> Read:
    """The image in a file's bytes, scaled to its target. `formats`: of `FURTHER`, those that are asked for.

    A file that is refused is read once more without what says nothing of its pixels: see `imgret.reading.bare`.

    No more than the header is read of an image that is too large or too narrow. Raises Unreadable, whatever the data.
    """
    kind = _kind(data, formats)
    try:
        return _read(data, kind, target, resample, background)
    except Unreadable as refused:
        if refused.outcome not in ("decode_error", "truncated"):
            raise
        pixels, beside = bare(data, kind)
        if pixels == data:
            raise
        try:
            return _read(pixels, kind, target, resample, background, beside)
        except Unreadable:  # its pixels are not whole: what Pillow said of the file itself
            raise refused from None


def _read(
    data: bytes, kind: str, target: Target, resample: Image.Resampling, background: RGB, beside: bytes | None = None
) -> Read:
    """The same of data of a known kind, whose EXIF data may lie `beside` them."""
    width = height = 0
    try:
        image = _open(data, kind)
        stored = image.size
        exif = _exif(image, data, kind, beside)
        width, height = upright(exif.orientation, stored)
        _check_size(width, height)
        if kind == "JPEG" and image.fp and data.find(_JPEG_END, image.fp.tell()) < 0:
            raise Unreadable("truncated", "no end marker after the start of the scan", width, height)
        extent: tuple[float, float] = stored
        if kind == "JPEG" and resample != Image.Resampling.NEAREST:
            # libjpeg gives an image at 1/2, 1/4 or 1/8 for the price of the entropy decoding: most of the inverse
            # transform is skipped. Both sides stay at least three times the target, where the resize hides the
            # difference; so an image below six times its target is read whole.
            w, h = target(width, height) if exif.orientation < 5 else target(width, height)[::-1]
            if drafted := image.draft(None, (3 * w, 3 * h)):
                extent = drafted[1][2:]  # a draft's last row and column may reach beyond the image
        rgb = _rgb(image, data, kind, background)
        if kind == "HEIC":  # its coded size may be another than its container said
            extent = stored = rgb.size
        exif = _exif(image, data, kind, beside)  # a PNG may bring its EXIF data after the pixels
        width, height = upright(exif.orientation, stored)
        _check_size(width, height)
        rgb, box = turn(rgb, exif.orientation, extent)
        return Read(rgb.resize(target(width, height), resample, box), width, height, exif)
    except Unreadable:
        raise
    except (Image.DecompressionBombError, MemoryError) as error:  # Pillow itself measures WebP and a GIF's frames
        raise Unreadable("too_large", str(error) or "not enough memory", width, height) from error
    except Exception as error:  # Pillow's readers raise whatever their parsing runs into
        outcome = "truncated" if is_cut(data, kind) else "decode_error"
        raise Unreadable(outcome, str(error) or type(error).__name__, width, height) from error


def _kind(data: bytes, formats: Collection[str]) -> str:
    """The format to read the data as. Raises Unreadable where there is none, or its package is not there."""
    if not data:
        raise Unreadable("decode_error", "the file is empty")
    kind = sniff(data[:HEAD])
    if kind is None or not is_read(kind, formats):
        raise Unreadable("unsupported", why_not(data[:HEAD], formats))
    try:
        require([kind.lower()])
    except UsageError as error:
        raise Unreadable("unsupported", "; ".join(str(error).splitlines())) from error
    if kind == "TIFF" and is_raw(data):
        raise Unreadable("unsupported", "a camera's raw file, which is not read")
    return kind


def _open(data: bytes, kind: str) -> ImageFile:
    """Pillow's image, of which no pixel has been read."""
    if kind == "HEIC":
        from pillow_heif import HeifImageFile  # its class, without the registration that would change Pillow

        heif: ImageFile = HeifImageFile(BytesIO(data))  # type: ignore[no-untyped-call]
        return heif
    if kind == "AVIF":
        from imgret.reading.avif import Avif

        return Avif(BytesIO(data))
    if kind == "TIFF":
        from PIL.TiffImagePlugin import TiffImageFile

        found = facts(data)
        _check_tile(found.get(322, (0,)), found.get(323, (0,)))
        image: ImageFile = TiffImageFile(BytesIO(first_page(data)))
        if image.mode in ("I", "F"):
            raise Unreadable("unsupported", "a TIFF of numbers that have no agreed black and white", *image.size)
        return image
    return _READERS[kind](BytesIO(data))


def _check_tile(width: tuple[int, ...], height: tuple[int, ...]) -> None:
    """A tile is unpacked whole, however little of it the image shows."""
    if width and height and width[0] * height[0] > MAX_PIXELS:
        raise Unreadable("too_large", f"a tile of {width[0]:,} x {height[0]:,} is more than {MAX_PIXELS:,} pixels")


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise Unreadable("too_large", f"{width:,} x {height:,} is more than {MAX_PIXELS:,} pixels", width, height)
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise Unreadable("extreme_aspect", f"{width} x {height} is beyond {MAX_ASPECT}:1", width, height)


def _exif(image: ImageFile, data: bytes, kind: str, beside: bytes | None) -> Exif:
    """What the EXIF data say. A TIFF's are its directory. A HEIC is turned already; an AVIF itself says how."""
    exif = read_exif(data if kind == "TIFF" else image.info.get("exif") if beside is None else beside)
    if kind == "AVIF":
        return exif._replace(orientation=getattr(image, "orientation", 1))
    return exif._replace(orientation=1) if kind == "HEIC" else exif


def _rgb(image: ImageFile, data: bytes, kind: str, background: RGB) -> Image.Image:
    """The pixels as stored, laid on the background."""
    image.load()
    key = image.info.get("transparency")  # the sample or the colour that is transparent, or alpha by palette index
    if image.mode.startswith("I"):
        # Grey of 16 bits: Pillow's conversion cuts off at 255. Of 16-bit RGB it takes the high byte; so do we.
        samples = np.clip(np.asarray(image), 0, 65535)
        if kind == "TIFF":
            samples = _full_scale(samples, facts(data))
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


def _full_scale(samples: NDArray[Any], found: dict[int, tuple[int, ...]]) -> NDArray[Any]:
    """Grey samples of a TIFF from 0, black, to 65535: of 12 bits Pillow leaves the range, of black ink the sense."""
    (bits,) = found.get(258) or (16,)
    samples = samples.astype(np.uint16) << (16 - bits)
    return samples if found.get(262, (0,))[0] else 65535 - samples
