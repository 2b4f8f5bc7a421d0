"""sharpness, worked out by hand."""

import numpy as np
import pytest

from imgret.plugins.attributes.sharpness import sharpness


def test_sharpness_is_the_variance_of_the_laplacian() -> None:
    flat = np.full((5, 5, 3), 90, np.uint8)
    assert sharpness(flat) == pytest.approx(0, abs=1e-18)
    dot = np.zeros((5, 5, 3), np.uint8)
    dot[2, 2] = 100  # the Laplacian of the inner 3 x 3: -400 in the middle, 100 at its 4 sides, 0 in the corners
    assert sharpness(dot) == pytest.approx((400**2 + 4 * 100**2) / 9)  # their mean is 0
    assert sharpness(flat[:2]) == 0.0
