"""Which way is up: the eight orientations of EXIF data, 1 as it is stored."""

from __future__ import annotations

from PIL import Image


def upright(orientation: int, size: tuple[int, int]) -> tuple[int, int]:
    """The width and height that an image of `size` has upright."""
    return size if orientation < 5 else size[::-1]


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,  # Pillow turns counter-clockwise
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def turn(
    image: Image.Image, orientation: int, extent: tuple[float, float]
) -> tuple[Image.Image, tuple[float, float, float, float]]:
    """The image set upright, and the box in it that is covered: `extent` (width, height) of what is stored."""
    if orientation > 1:
        image = image.transpose(_TURNS[orientation])
    width, height = extent if orientation < 5 else extent[::-1]
    left = image.width - width if orientation in (2, 3, 6, 7) else 0.0
    top = image.height - height if orientation in (3, 4, 7, 8) else 0.0
    return image, (left, top, left + width, top + height)
