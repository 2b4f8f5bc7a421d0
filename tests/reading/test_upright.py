"""Images set upright, against Pillow's own way, and the part of them that is covered."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from imgret.reading.upright import turn, upright


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_as_pillow_does(orientation: int) -> None:
    image = Image.fromarray(np.arange(18, dtype=np.uint8).reshape(2, 3, 3))
    image.getexif()[0x0112] = orientation
    expected = ImageOps.exif_transpose(image)
    found, box = turn(image, orientation, (3, 2))
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
    assert box == (0, 0, *expected.size)
    assert upright(orientation, (3, 2)) == expected.size


@pytest.mark.parametrize(
    ("orientation", "box"),
    [(1, (0, 0, 2.5, 2)), (2, (0.5, 0, 3, 2)), (3, (0.5, 0, 3, 2)), (4, (0, 0, 2.5, 2)),
     (5, (0, 0, 2, 2.5)), (6, (0, 0, 2, 2.5)), (7, (0, 0.5, 2, 3)), (8, (0, 0.5, 2, 3))],
)  # fmt: skip
def test_what_is_stored_may_end_before_the_last_column(orientation: int, box: tuple[float, ...]) -> None:
    """2.5 of 3 columns are covered, from the left as stored."""
    assert turn(Image.new("RGB", (3, 2)), orientation, (2.5, 2))[1] == box
