"""What is said of images whose shape a backbone's input is not, worked out by hand."""

import pytest

from imgret.contracts import Item, Preprocess
from imgret.features.proportions import hint, suited
from imgret.reading.items import Collection, collect
from imgret.reading.record import Record

BOTH = {"name": "any", "size": 224, "fit": "squash"}


def collection(*sizes: tuple[int, int]) -> Collection:
    """Images of these widths and heights."""
    return collect(
        [Item(f"{i}.jpg") for i in range(len(sizes))], [Record(f"{i}", "ok", "", *s) for i, s in enumerate(sizes)]
    )


PERSONS = collection((64, 128), (64, 128), (100, 100))
BANNERS = collection((400, 100))


def test_squash() -> None:
    assert hint(PERSONS, Preprocess((224, 224)), BOTH) == (
        "the images are 2.0 times as high as wide (median), and fit=squash to 224x224 does not keep their proportions; "
        "type backbone.size=320x160 or backbone.fit=pad"
    )


def test_crop_cuts_all_but_a_square_of_a_wide_image() -> None:
    assert "4.0 times as wide as high (median), and fit=crop to 224x224 cuts 75% of each off" in hint(
        BANNERS, Preprocess((224, 224), "crop"), BOTH
    )


def test_pad_leaves_half_of_a_square_empty() -> None:
    said = hint(PERSONS, Preprocess((224, 224), "pad"), BOTH)
    assert said.endswith("and fit=pad to 224x224 leaves 50% of the input empty; type backbone.size=320x160")


@pytest.mark.parametrize(
    ("images", "size"),
    [
        (PERSONS, (256, 128)),
        (PERSONS, (250, 128)),  # 1.95: within a quarter of 2
        (collection((100, 150)), (224, 224)),  # 1.5 is not above it
        (collection((150, 100)), (224, 224)),
        (collection((100, 100), (50, 400), (100, 90)), (224, 224)),  # the median decides
        (collect([Item("a.jpg")], [Record("", "truncated", "cut")]), (224, 224)),
    ],
)
def test_where_nothing_is_said(images: Collection, size: tuple[int, int]) -> None:
    assert hint(images, Preprocess(size), BOTH) == ""


def test_an_input_of_the_wrong_way_round() -> None:
    assert "to 128x256" in hint(PERSONS, Preprocess((128, 256)), BOTH)


def test_only_what_the_backbone_takes_is_offered() -> None:
    assert hint(PERSONS, Preprocess((32, 32)), {"name": "any", "size": 32}).endswith("; type backbone.size=48x24")
    assert hint(PERSONS, Preprocess((32, 32)), {"name": "any"}).endswith("does not keep their proportions")


@pytest.mark.parametrize(
    ("shape", "size", "right"),
    [
        (2, (224, 224), (320, 160)),  # sqrt(2) x 224 = 316.8 and 158.4
        (0.5, (224, 224), (160, 320)),
        (3, (224, 224), (384, 128)),  # 388.0 and 129.3
        (2, (518, 518), (728, 364)),  # patches of 14: 732.6 and 366.3
        (2, (32, 32), (48, 24)),  # 45.3 and 22.6: in steps of 32 a square, of 16 thrice as high
        (100, (4, 4), (40, 1)),  # as near as whole pixels come
    ],
)
def test_sizes_that_suit(shape: float, size: tuple[int, int], right: tuple[int, int]) -> None:
    assert suited(shape, *size) == right
