"""Ways to fit an image into a size: one list, and what is said of each, worked out by hand. Pixels: test_decode.py."""

import inspect
from typing import get_args

import pytest

from imgret.contracts import Preprocess
from imgret.reading.fits import FAITHFUL, FITS, Crop, Fit
from imgret.registry import arguments, options


def test_what_can_be_typed_is_what_there_is() -> None:
    assert tuple(FITS) == get_args(Fit)
    assert FAITHFUL in FITS
    assert Preprocess((9, 9)).fit in FITS
    backbones = [each for each in options("backbone").values() if "fit" in arguments(each)]
    assert len(backbones) == 4
    for backbone in backbones:
        assert inspect.signature(backbone).parameters["fit"].annotation == "Fit"  # no list of its own


@pytest.mark.parametrize(
    ("fit", "target", "cost"),
    [
        ("squash", (40, 20), "does not keep their proportions"),
        ("crop", (40, 80), "cuts 75% of each off"),  # 40 x 20 of 40 x 80
        ("pad", (10, 20), "leaves 75% of the input empty"),
    ],
)
def test_an_image_twice_as_high_as_wide_in_an_input_half_as_high(fit: Fit, target: tuple[int, int], cost: str) -> None:
    preprocess = Preprocess((20, 40), fit)
    assert FITS[fit].target(100, 200, preprocess) == target
    assert FITS[fit].cost(2, preprocess) == cost


def test_what_a_crop_leaves() -> None:
    kept = Crop().kept
    assert kept(2, Preprocess((224, 224), "crop")) == pytest.approx(1 / 2)
    assert kept(2, Preprocess((224, 224), "crop", 256)) == pytest.approx(224 * 224 / (256 * 512))
    assert kept(2, Preprocess((256, 128), "crop")) == pytest.approx(1)
    assert kept(1, Preprocess((256, 128), "crop")) == pytest.approx(1 / 2)
    assert kept(1 / 4, Preprocess((224, 224), "crop")) == pytest.approx(1 / 4)
