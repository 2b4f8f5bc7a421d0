"""Every fit and filter against torchvision, or against arrays put together by hand."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from imgret.contracts import Preprocess
from imgret.reading.decode import DECODE, Decoded, check, decode, picture
from imgret.reading.fits import FILTERS
from tests import image_bytes as make
from tests.image_bytes import photo, save
from tests.odd_files import odd_files


def rgb(decoded: Decoded) -> NDArray[np.int64]:
    """(h, w, 3)"""
    assert decoded.pixels is not None, decoded.reason
    return decoded.pixels.transpose(1, 2, 0).astype(np.int64)


def test_pixels_are_planes_of_bytes() -> None:
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    decoded = decode(save(pixels, "PNG"), Preprocess((2, 3)))
    assert decoded[:2] == ("ok", "")
    assert decoded[3:5] == (3, 2)
    assert decoded.pixels is not None
    assert decoded.pixels.dtype == np.uint8
    assert decoded.pixels.tolist() == pixels.transpose(2, 0, 1).tolist()
    assert decoded.pixels.flags.c_contiguous
    assert decoded.pixels.flags.writeable
    assert decoded.pixels.flags.owndata


@pytest.mark.parametrize("filter", FILTERS)
def test_squash_and_crop_are_torchvision_pixel_for_pixel(filter: str) -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    mode = transforms.InterpolationMode(filter)
    for shape in ((320, 213), (213, 320), (301, 300), (57, 200), (33, 31), (7, 9), (1, 1), (600, 24), (112, 112)):
        image = photo(*shape)
        data = save(image, "PNG")
        for size, resize in (((112, 112), 128), ((112, 112), 0), ((64, 32), 71), ((51, 51), 0), ((40, 24), 17)):
            squashed = transforms.Resize(size, mode)(image)
            assert np.array_equal(rgb(decode(data, Preprocess(size, "squash", resize, filter))), squashed)
            cropped = transforms.CenterCrop(size)(transforms.Resize(resize or size[0], mode)(image))
            assert np.array_equal(rgb(decode(data, Preprocess(size, "crop", resize, filter))), cropped)


def test_jpegs_below_six_times_the_target_are_torchvision_pixel_for_pixel() -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    for shape in ((383, 500), (500, 383), (1001, 383)):
        for orientation in (1, 6):
            data = save(photo(*shape), "JPEG", exif=b"Exif\0\0" + make.exif(orientation))
            expected = transforms.Resize((64, 64))(ImageOps.exif_transpose(Image.open(BytesIO(data))))
            assert np.array_equal(rgb(decode(data, Preprocess((64, 64)))), expected)


def test_crop_without_resize_just_covers_the_size() -> None:
    image = photo(90, 40)  # the height decides: 45 x 20
    expected = np.asarray(image.resize((45, 20), Image.Resampling.BILINEAR))[:, 2:42]
    assert np.array_equal(rgb(decode(save(image, "PNG"), Preprocess((20, 40), "crop"))), expected)
    image = photo(70, 40)  # the width decides: 40 x 22.86
    expected = np.asarray(image.resize((40, 22), Image.Resampling.BILINEAR))[1:21]
    assert np.array_equal(rgb(decode(save(image, "PNG"), Preprocess((20, 40), "crop"))), expected)


@pytest.mark.parametrize(
    ("shape", "size", "scaled", "at"),
    [
        ((90, 40), (60, 60), (60, 27), (0, 16)),  # 26.67 rows; of 33 that are left, 16 above
        ((40, 90), (60, 60), (27, 60), (16, 0)),
        ((40, 90), (256, 128), (114, 256), (7, 0)),  # 113.78 columns
        ((2, 200), (60, 60), (1, 60), (29, 0)),  # 0.6 of a column is one
        ((10, 10), (30, 20), (20, 20), (0, 5)),
    ],
)
def test_pad_shows_the_whole_image_on_the_background(
    shape: tuple[int, int], size: tuple[int, int], scaled: tuple[int, int], at: tuple[int, int]
) -> None:
    image = photo(*shape)
    expected = np.full((*size, 3), (9, 99, 199), np.uint8)
    small = np.asarray(image.resize(scaled, Image.Resampling.BILINEAR))
    expected[at[1] : at[1] + scaled[1], at[0] : at[0] + scaled[0]] = small
    decoded = decode(save(image, "PNG"), Preprocess(size, "pad", background=(9, 99, 199)))
    assert np.array_equal(rgb(decoded), expected)


def test_transparency_lies_on_the_chosen_background() -> None:
    red = np.array([[[255, 0, 0, 0], [255, 0, 0, 51], [255, 0, 0, 255]]], np.uint8)
    decoded = decode(save(red, "PNG"), Preprocess((1, 3), background=(0, 100, 200)))
    assert rgb(decoded).tolist() == [[[0, 100, 200], [51, 80, 160], [255, 0, 0]]]


def test_pictures_keep_their_shape_and_are_never_enlarged() -> None:
    data = save(photo(300, 100), "PNG")
    for side, size in ((600, (300, 100)), (300, (300, 100)), (90, (90, 30)), (1, (1, 1))):
        assert picture(data, side).size == size


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fit": "stretch"}, "squash, crop, pad"),
        ({"filter": "cubic"}, "bilinear, bicubic, lanczos, box, nearest"),
        ({"size": (0, 9)}, "size"),
        ({"resize": -1}, "resize"),
    ],
)
def test_an_unknown_fit_or_filter_is_told_what_there_is(change: dict[str, Any], words: str) -> None:
    preprocess = Preprocess(**{"size": (9, 9), **change})
    for call in (lambda: check(preprocess), lambda: decode(b"", preprocess)):
        with pytest.raises(ValueError, match=words):
            call()


def test_pixels_are_those_of_this_number() -> None:
    """Whoever changes a pixel raises DECODE and writes its digest here: old and new features must not be compared."""
    y, x = np.mgrid[:47, :61]
    image = np.stack([x * 4 + y, x * y % 256, (x * 31 + y * 57) % 256], axis=2).astype(np.uint8)  # no random stream
    odd, files = odd_files(), [save(image, "PNG"), save(image, "BMP")]
    files += [odd[name].data for name in ("grey-16.png", "rgb-16.png", "palette-alpha.png", "rgba.png", "exif-6.png")]
    digest = hashlib.sha256()
    for data in files:
        for fit in ("squash", "crop", "pad"):
            for filter in ("bilinear", "bicubic", "box", "nearest"):
                digest.update(rgb(decode(data, Preprocess((24, 20), fit, filter=filter))).astype(np.uint8).tobytes())
    assert (DECODE, digest.hexdigest()[:16]) == (1, "3086f47c0c293d95")


def test_photographs_are_torchvision_pixel_for_pixel(photographs: Path) -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    files = sorted(photographs.rglob("*.jpg"))[::400]
    assert files
    for file in files:
        with Image.open(file) as image:
            expected = transforms.CenterCrop(224)(transforms.Resize(256)(image.convert("RGB")))
        assert np.array_equal(rgb(decode(file.read_bytes(), Preprocess((224, 224), "crop", 256))), expected)
