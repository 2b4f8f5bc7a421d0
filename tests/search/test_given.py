"""Pictures given themselves are searched with as their files are, where nothing of them is lost."""

from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import imgret
from imgret import Run, UsageError
from imgret.search.given import Picture, given
from tests.conftest import png, write


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("given")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGRET_HOME", str(folder / "store"))
        pictures = {f"{i}.png": png((40 * i, 20, 200 - 30 * i), noise=i) for i in range(1, 7)}
        settings: dict[str, Any] = {"view": "pca", "reports": [], "attributes": [], "metrics": []}
        return imgret.run(write(folder / "in", pictures), out=folder, backbone="pixels", k=2, **settings)


def _turned() -> bytes:
    """A PNG whose EXIF data say that it stands on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = BytesIO()
    Image.open(BytesIO(png((200, 100, 50), noise=9))).save(stream, "PNG", exif=exif)
    return stream.getvalue()


@pytest.mark.parametrize("make", [lambda: png((120, 20, 110), noise=3), lambda: png((9, 99, 9), noise=8), _turned])
def test_a_picture_gives_what_its_file_gives(make: Any, run: Run, tmp_path: Path) -> None:
    """One of the run, one that is not, one that is to be turned."""
    data = make()
    file = tmp_path / "query.png"
    file.write_bytes(data)
    by_file = run.search(file, 6)
    assert run.search(data, 6) == run.search([Image.open(file)], 6) == by_file
    with file.open("rb") as stream:
        assert run.search(BytesIO(data), 6) == run.search([stream], 6) == by_file
    if make is not _turned:
        pixels = np.asarray(Image.open(file))
        assert run.search(pixels, 6) == by_file
    assert run.search("1.png", 3, unlike=data) == run.search("1.png", 3, unlike=file)


def test_modes_that_a_png_has_not_become_rgb() -> None:
    for mode in ("CMYK", "F", "HSV", "LA", "1", "I;16"):
        (picture,) = given(Image.new(mode, (3, 2)))
        assert isinstance(picture, Picture)
        assert Image.open(BytesIO(picture.data)).size == (3, 2)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (np.zeros((4, 4)), r"picture 1 is an array of float64 \(4, 4\)\ngive one of uint8"),
        (np.zeros((4, 4, 4), np.uint8), r"uint8 \(4, 4, 4\)"),
        (["1.png", 3.5], "picture 2 is of the type float\ngive a path, the bytes"),
        (
            StringIO("no image"),
            "picture 1 is of the type str\ngive a path, the bytes of a file, a file opened to be read",
        ),
        (b"no image", "picture 1 cannot be used as an image: unsupported"),
    ],
)
def test_what_is_no_picture_is_said(wrong: Any, says: str, run: Run) -> None:
    with pytest.raises(UsageError, match=says):
        run.search(wrong)
