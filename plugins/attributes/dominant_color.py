"""The colour that most of an image has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import register

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BASIC = {  # the basic colour terms of B. Berlin and P. Kay, 1969, each by one or more typical colours
    "black": ["#0c0c0c"],
    "white": ["#f6f6f6"],
    "gray": ["#5a5a5a", "#8c8c8c", "#bcbcbc"],
    "red": ["#c01c1c", "#e03a3a"],
    "orange": ["#f08a24"],
    "yellow": ["#f2dc3c"],
    "green": ["#1f7a34", "#6cb84a", "#59695a"],
    "blue": ["#0000ff", "#000080", "#1e3f9c", "#3b82d6", "#8fbce6", "#28304e"],
    "purple": ["#6a2a8c", "#a678c8"],
    "pink": ["#f06aa6", "#f4b6c4"],
    "brown": ["#5a3418", "#8c5a34", "#c09c74"],
}


@register("attribute")
def dominant_color(thumbnail: NDArray[np.uint8]) -> dict[str, str]:
    """dominant_color: the basic colour term of most pixels. dominant_rgb: the mean of those pixels, as #rrggbb.

    A pixel has the term whose typical colour is nearest in CIELAB. Of equally common terms the first by name counts.
    """
    import numpy as np

    terms = sorted((term, colour) for term, colours in BASIC.items() for colour in colours)
    typical = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for _, colour in terms], np.uint8)
    pixels = thumbnail.reshape(-1, 3)  # (p, 3)
    coarse, place, counts = np.unique(pixels >> 3, axis=0, return_inverse=True, return_counts=True)
    distances = ((_lab(coarse << 3 | 4)[:, None] - _lab(typical)) ** 2).sum(axis=2)  # (c, typical)
    names = np.array([term for term, _ in terms])[distances.argmin(axis=1)]  # (c,)
    found, of = np.unique(names, return_inverse=True)
    winner = int(np.bincount(of, counts).argmax())
    mean = pixels[(of == winner)[place.ravel()]].mean(axis=0).round().astype(int)
    return {"dominant_color": str(found[winner]), "dominant_rgb": "#{:02x}{:02x}{:02x}".format(*mean)}


def _lab(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """CIELAB (c, 3) of sRGB colours (c, 3), white point D65 (IEC 61966-2-1; CIE 15)."""
    import numpy as np

    linear = rgb / 255
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ to_xyz.T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)
