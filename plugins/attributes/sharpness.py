"""How sharp an image is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import register

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@register("attribute")
def sharpness(thumbnail: NDArray[np.uint8]) -> float:
    """The variance of the Laplacian of the thumbnail's luma, 0..255 (J. L. Pech-Pacheco et al., 2000).

    Near 0 for a blurred image, and for one with nothing in it; thousands for fine texture. To be compared among images
    of one collection. 0 below 3 x 3 pixels.
    """
    import numpy as np

    luma = thumbnail @ np.array([0.299, 0.587, 0.114])  # (h, w)
    if min(luma.shape) < 3:
        return 0.0
    ring = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    return float((ring - 4 * luma[1:-1, 1:-1]).var())
