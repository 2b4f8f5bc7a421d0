"""Pictures for the comparison of images: small canvases of thumbnails, and two originals held against each other."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from imgret.contracts import Item, Source
from imgret.ops.samepicture import ENCODED, LARGE, LUMA, PIXELS, SMALL, agreement
from imgret.reading.decode import picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.contracts import Floats

SIDE = 1024  # pixels: originals are compared at the size of the smaller one, or at this
BLOCK = 16  # pixels: of such blocks
PLAIN = 12  # grey levels that a plain border may vary by
STROKE = 4  # pixels: the side of what a figure in a text differs in at the least
FAINT, SCALED = 30, 45  # grey levels by which the means of such may differ between encodings, and between sizes
Asked = tuple[Item, str, tuple[int, int]]  # with its id, width and height


def small(jpeg: bytes) -> NDArray[np.uint8]:
    """A thumbnail stretched onto squares of grey, whole and without its plain border: (2, 32, 32).

    Raises OSError or ValueError for what is no image.
    """
    with Image.open(BytesIO(jpeg)) as opened:
        opened.draft("L", (2 * SMALL, 2 * SMALL))
        image = opened.convert("L")
    return _framed(image, inner(np.asarray(image)), SMALL)


def large(jpeg: bytes) -> NDArray[np.uint8]:
    """The same of RGB, (2, 128, 128, 3)."""
    with Image.open(BytesIO(jpeg)) as opened:
        opened.draft("RGB", (LARGE, LARGE))
        image = opened.convert("RGB")
    left, top, right, bottom = inner(np.asarray(image.convert("L").reduce(2)))
    return _framed(image, (2 * left, 2 * top, min(2 * right, image.width), min(2 * bottom, image.height)), LARGE)


def _framed(image: Image.Image, box: tuple[int, int, int, int], side: int) -> NDArray[np.uint8]:
    square = (side, side)
    return np.stack([np.asarray(image.resize(square, Image.Resampling.HAMMING, each)) for each in (None, box)])


def inner(grey: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """The box (left, top, right, bottom) in a grey picture (h, w) without its plain border; all of a plain picture.

    A border's rows and columns have about the value of the outermost; a side has one or none, whatever the others.
    """
    ends = []
    for lines in (grey, grey.T):
        for side in (lines, lines[::-1]):
            outermost = np.sort(side[0])
            median = int(outermost[(len(outermost) - 1) // 2]) + int(outermost[len(outermost) // 2])  # twice
            other = (side > median // 2 + PLAIN) | (side < (median + 1) // 2 - PLAIN)
            parted = other.sum(axis=1) > 0.02 * len(outermost)
            ends.append(int(parted.argmax()) if parted.any() else len(side))
    top, bottom, left, right = ends
    h, w = grey.shape
    if top + bottom > h - 8 or left + right > w - 8:
        return 0, 0, w, h
    return left, top, w - right, h - bottom


def unlike(A: Floats, B: Floats) -> float:
    """The largest difference of the mean grey in 4 x 4 pixels of two pictures (h, w, 3), on two grids that overlap.

    Encoding a picture anew hardly moves it, as its errors are fine; another letter in a text does.
    """
    grey = (A - B) @ np.array(LUMA, np.float32)
    parts = (grey[off:, off:] for off in (0, STROKE // 2))
    cut = (part[: part.shape[0] // STROKE * STROKE, : part.shape[1] // STROKE * STROKE] for part in parts)
    sums = (each.reshape(-1, STROKE, each.shape[1]).sum(axis=1).reshape(-1, STROKE) @ np.ones(STROKE) for each in cut)
    return max(float(np.abs(each).max()) for each in sums) / STROKE**2


class Comparer:
    """What the workers do: whether two originals, as they lie, have the same pixels, or are one picture encoded twice.

    `least` is how much every block of 16 x 16 pixels agrees at the least, of `ops.samepicture.agreement`; and no 4 x 4
    pixels are `unlike`.
    """

    def __init__(self, source: Source, least: float, formats: Collection[str] = ()) -> None:
        self.source, self.least, self.formats = source, least, formats

    def __call__(self, pair: tuple[Asked, Asked]) -> str:
        """The tier; empty where there is none, or one of the files is gone or another than its id says."""
        (_, _, one), (_, _, other) = pair
        side = min(SIDE, max(one), max(other))
        try:
            images = [self._picture(each, max(one) if one == other else SIDE) for each in pair]
        except (OSError, ValueError):
            return ""
        if one == other and np.array_equal(np.asarray(images[0]), np.asarray(images[1])):
            return PIXELS
        across = max(4, side // BLOCK)
        square = across * BLOCK, across * BLOCK
        a, b = (np.asarray(each.resize(square, Image.Resampling.HAMMING)) for each in images)
        faint = FAINT if one == other else SCALED
        for top in range(0, square[1], BLOCK):  # one row of blocks at a time: their squares take room
            A, B = (each[None, top : top + BLOCK].astype(np.float32) for each in (a, b))
            if agreement(A, B, size=BLOCK)[0].min() < self.least or unlike(A[0], B[0]) > faint:
                return ""
        return ENCODED

    def _picture(self, asked: Asked, side: int) -> Image.Image:
        item, id, _ = asked
        data = self.source.open(item)
        if hashlib.sha256(data).hexdigest() != id:
            raise ValueError("another file than its features were made of")
        return picture(data, side, self.formats)
