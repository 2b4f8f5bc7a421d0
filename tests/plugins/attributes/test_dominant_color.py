"""dominant_color, worked out by hand."""

import numpy as np
import pytest

from imgret.plugins.attributes.dominant_color import _lab, dominant_color


@pytest.mark.parametrize(("colour", "name"), [
    ((255, 0, 0), "red"), ((0, 0, 0), "black"), ((255, 255, 255), "white"), ((128, 128, 128), "gray"),
    ((0, 0, 255), "blue"), ((0, 128, 0), "green"), ((255, 255, 0), "yellow"), ((255, 165, 0), "orange"),
    ((128, 0, 128), "purple"), ((255, 192, 203), "pink"), ((139, 69, 19), "brown"), ((0, 0, 128), "blue"),
    ((135, 206, 235), "blue"), ((34, 139, 34), "green"), ((210, 180, 140), "brown"),
])  # fmt: skip
def test_named_colours_have_their_names(colour: tuple[int, int, int], name: str) -> None:
    said = dominant_color(np.full((4, 5, 3), colour, np.uint8))
    assert said == {"dominant_color": name, "dominant_rgb": "#{:02x}{:02x}{:02x}".format(*colour)}


def test_most_pixels_win_and_the_rest_colours_nothing() -> None:
    image = np.full((10, 10, 3), (250, 250, 250), np.uint8)
    image[:6] = (200, 10, 10)
    image[0] = (190, 0, 0)  # also red: the mean of 5 rows at 200, 10, 10 and one at 190, 0, 0
    assert dominant_color(image) == {"dominant_color": "red", "dominant_rgb": "#c60808"}


def test_lab_of_known_colours() -> None:
    """Values of the sRGB primaries under D65, to a tenth (B. Lindbloom's tables)."""
    lab = _lab(np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0]], np.uint8))
    known = [[53.2, 80.1, 67.2], [87.7, -86.2, 83.2], [32.3, 79.2, -107.9], [100, 0, 0], [0, 0, 0]]
    np.testing.assert_allclose(lab, known, atol=0.1)
