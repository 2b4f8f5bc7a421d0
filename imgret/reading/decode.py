"""Bytes of an image file to the pixels a backbone takes. Never torch: spawned workers import this and must start fast.

What an image is, and which files give one, says `imgret.reading.imagefile`; how it is scaled and cut,
`imgret.reading.fits`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from imgret.reading.fits import FILTERS, FITS, within
from imgret.reading.formats import FORMATS, sniff
from imgret.reading.imagefile import OUTCOMES, Unreadable, read_image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.contracts import Preprocess

__all__ = ["DECODE", "FILTERS", "FORMATS", "OUTCOMES", "REFUSE", "Decoded", "check", "decode", "picture", "sniff"]

DECODE: int = 1  # raised whenever the pixels of any image change: features of unequal numbers are never compared
REFUSE: int = 2  # raised whenever an image is read that was refused: files that were refused before are read again


class Decoded(NamedTuple):
    """What became of one file.

    `outcome` is one of `OUTCOMES`, `reason` one printable line (empty for ok), `pixels` RGB, uint8 (3, h, w), or None
    unless ok. `width` and `height` are those of the upright original, in pixels; 0 where they could not be read.
    `taken` and `camera` are what `imgret.reading.exif` finds.
    """

    outcome: str
    reason: str
    pixels: NDArray[np.uint8] | None
    width: int
    height: int
    taken: str = ""
    camera: str = ""


def check(preprocess: Preprocess) -> None:
    """Raises ValueError, naming what is allowed, for a preprocess that no image can be decoded with."""
    if preprocess.fit not in FITS:
        raise ValueError(f"fit is {preprocess.fit!r}, allowed are {', '.join(FITS)}")
    if preprocess.filter not in FILTERS:
        raise ValueError(f"filter is {preprocess.filter!r}, allowed are {', '.join(FILTERS)}")
    if min(preprocess.size) < 1 or preprocess.resize < 0:
        raise ValueError(f"size is {preprocess.size}, allowed from 1; resize is {preprocess.resize}, allowed from 0")


def decode(data: bytes, preprocess: Preprocess, formats: Collection[str] = ()) -> Decoded:
    """The image in a file's bytes, scaled and cut as `preprocess` says. No data makes it raise.

    `formats` are those that are read when asked for: heic, tiff.

    Raises ValueError for a preprocess that `check` refuses. Images are scaled as torchvision does it, pixel for pixel,
    but for JPEGs of six times the target or more, of which libjpeg gives a smaller draft.
    """
    check(preprocess)
    way = FITS[preprocess.fit]
    resample, background = Image.Resampling[preprocess.filter.upper()], preprocess.background
    try:
        read = read_image(
            data, lambda width, height: way.target(width, height, preprocess), resample, background, formats
        )
    except Unreadable as bad:
        return Decoded(bad.outcome, bad.reason, None, bad.width, bad.height)
    pixels = np.asarray(way.place(read.image, preprocess)).transpose(2, 0, 1).copy()
    return Decoded("ok", "", pixels, read.width, read.height, read.exif.taken, read.exif.camera)


def picture(data: bytes, side: int, formats: Collection[str] = ()) -> Image.Image:
    """The image in a file's bytes as upright RGB, scaled down where it does not fit into side x side pixels.

    Transparency is laid on white. Raises ValueError, with outcome and reason, for a file that is not ok.
    """

    def target(width: int, height: int) -> tuple[int, int]:
        return (width, height) if max(width, height) <= side else within(side, side, width, height)

    return read_image(data, target, Image.Resampling.BICUBIC, (255, 255, 255), formats).image
