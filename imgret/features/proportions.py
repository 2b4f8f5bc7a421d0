"""What a backbone's input does to images that are much higher than wide, or wider than high, and what else to type."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from statistics import median
from typing import TYPE_CHECKING, Any

from imgret.reading.fits import FAITHFUL, FITS

if TYPE_CHECKING:
    from imgret.contracts import Preprocess
    from imgret.reading.items import Collection

UPRIGHT = 1.5  # the longer side by the shorter one, from which on the shape of a collection is worth a line
ALIKE = 1.25  # the same of an image's shape by the input's, up to which the input fits
STEPS = 32, 16, 14, 8, 4, 2, 1  # pixels: sides that are their multiples suit networks, which halve them or cut patches


def hint(collection: Collection, preprocess: Preprocess, node: Mapping[str, Any]) -> str:
    """One line on what becomes of the median of the images' shapes, and what to type instead; "" where it fits.

    `node` is the backbone's, whose arguments are what can be typed.
    """
    records = [collection.records[place] for place in collection.first]
    shapes = [record.height / record.width for record in records if record.width and record.height]
    shape = median(shapes) if shapes else 1.0  # height by width
    height, width = preprocess.size
    if _apart(shape, 1) <= UPRIGHT or _apart(shape, height / width) <= ALIKE:
        return ""
    what = FITS[preprocess.fit].cost(shape, preprocess)
    high, wide = suited(shape, height, width)
    typed = [f"backbone.size={high}x{wide}"] * ("size" in node)
    typed += [f"backbone.fit={FAITHFUL}"] * ("fit" in node and preprocess.fit != FAITHFUL)
    long = f"{_apart(shape, 1):.1f} times as {'high as wide' if shape > 1 else 'wide as high'}"
    line = f"the images are {long} (median), and fit={preprocess.fit} to {height}x{width} {what}"
    return line + (f"; type {' or '.join(typed)}" if typed else "")


def suited(shape: float, height: int, width: int) -> tuple[int, int]:
    """Height and width of about this shape with about as many pixels, in the coarsest steps that divide the input."""
    for step in STEPS:
        high, wide = (max(step, step * round(sqrt(height * width * by) / step)) for by in (shape, 1 / shape))
        if height % step == width % step == 0 and _apart(high / wide, shape) <= ALIKE:
            break
    return high, wide


def _apart(a: float, b: float) -> float:
    return max(a / b, b / a)
