"""What can be searched with: images by name, and pictures themselves, which become the bytes of a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeAlias

import numpy as np

from imgret.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

One: TypeAlias = "str | Path | bytes | BinaryIO | Image.Image | NDArray[np.uint8]"
Given: TypeAlias = "One | Sequence[One]"
KEPT = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")  # modes that a PNG keeps as they are


class Picture(NamedTuple):
    """A picture that was given itself: what it is called in an error, the bytes of a file of it.

    `made` says that those bytes were made here, of pixels.
    """

    name: str
    data: bytes
    made: bool


def given(images: Given) -> list[str | Picture]:
    """One name or picture, or several, as a list. Raises UsageError for what is neither.

    A picture is the bytes of a file, or what is opened to be read and gives them; an image of Pillow, or an array
    (h, w, 3) of uint8, RGB. The last two become a PNG, so that they are decoded as a file is: of what the PNG keeps the
    pixels are those of the file.
    """
    from PIL import Image  # here, for the lists of what can be typed come without it

    one = isinstance(images, str | bytes | bytearray | memoryview | Image.Image | np.ndarray)
    one = one or hasattr(images, "read") or not isinstance(images, Iterable)
    several: Iterable[Any] = [images] if one else images  # type: ignore[assignment]
    return [_listed(each, place) for place, each in enumerate(several, 1)]


def _listed(each: Any, place: int) -> str | Picture:
    from PIL import Image

    if isinstance(each, str | Path):
        return str(each)
    name = f"picture {place}"
    if hasattr(each, "read"):
        each = each.read()
    if isinstance(each, bytes | bytearray | memoryview):
        return Picture(name, bytes(each), made=False)
    if isinstance(each, np.ndarray):
        if each.dtype != np.uint8 or each.ndim != 3 or each.shape[2] != 3 or not each.size:
            raise UsageError(f"{name} is an array of {each.dtype} {each.shape}\ngive one of uint8 (h, w, 3), RGB")
        each = Image.fromarray(np.ascontiguousarray(each))
    if not isinstance(each, Image.Image):
        raise UsageError(
            f"{name} is of the type {type(each).__name__}\n"
            "give a path, the bytes of a file, a file opened to be read as bytes, an image of Pillow, "
            "or an array of uint8 (h, w, 3), RGB"
        )
    return Picture(name, _png(each), made=True)


def _png(image: Image.Image) -> bytes:
    more: dict[str, Any] = {"exif": image.getexif()} if image.getexif() else {}  # which says how it is turned
    stream = BytesIO()
    (image if image.mode in KEPT else image.convert("RGB")).save(stream, "PNG", compress_level=1, **more)
    return stream.getvalue()
