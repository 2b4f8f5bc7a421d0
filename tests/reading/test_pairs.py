"""pairs: originals against one another: what is the same picture, and what only looks like it."""

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from imgret.contracts import Item
from imgret.ops import agreement
from imgret.reading.pairs import Asked, Comparer, inner, large, small, unlike
from tests.conftest import write

WORDS = (
    "the",
    "of",
    "order",
    "number",
    "price",
    "paris",
    "green",
    "winter",
    "sale",
    "shipping",
    "blue",
    "shoe",
    "model",
)


class Files:
    def open(self, item: Item) -> bytes:
        return Path(item.file).read_bytes()


def page(seed: int, total: str = "104.50", size: int = 14) -> Image.Image:
    """A screenshot: a bar, lines of text by seed, and a sum at the same place."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (640, 400), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size)
    pen.rectangle((0, 0, 640, 40), (40, 60, 120))
    pen.text((20, 10), "My account   Orders   Help", "white", font)
    for y in range(60, 330, 22):
        pen.text((20, y), " ".join(rng.choice(WORDS, 9)), "black", font)
    pen.text((20, 350), f"Total: {total}", "black", font)
    return image


def shirt(colour: str, print_: int) -> Image.Image:
    """A product on a cloth: the same cloth, shirts of the same cut, a colour and a print each."""
    grain = np.random.default_rng(0).normal(0, 6, (400, 300, 1)) + np.array([150, 40, 60])
    image = Image.fromarray(grain.clip(0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    pen.polygon([(80, 80), (220, 80), (260, 150), (220, 170), (220, 330), (80, 330), (80, 170), (40, 150)], colour)
    for x, y in np.random.default_rng(print_).integers((110, 130), (190, 220), (12, 2)):
        pen.ellipse((x - 9, y - 9, x + 9, y + 9), "black")
    return image


def saved(image: Image.Image, format: str = "PNG", scale: float = 1, **how: object) -> bytes:
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, format, **how)
    return stream.getvalue()


def _tier(folder: Path, one: bytes, other: bytes, least: float = 0.7) -> str:
    root = write(folder, {"one": one, "other": other})
    asked: list[Asked] = []
    for name, data in (("one", one), ("other", other)):
        with Image.open(io.BytesIO(data)) as image:
            size = image.size if image.getexif().get(274, 1) < 5 else image.size[::-1]
        asked.append((Item(name, str(root / name)), hashlib.sha256(data).hexdigest(), size))
    return Comparer(Files(), least)((asked[0], asked[1]))  # type: ignore[arg-type]


@pytest.mark.parametrize("picture", [page(1), shirt("white", 1)], ids=["page", "shirt"])
def test_the_same_picture_saved_anew(picture: Image.Image, tmp_path: Path) -> None:
    first = saved(picture)
    assert _tier(tmp_path, first, saved(picture, compress_level=1)) == "same pixels"
    assert _tier(tmp_path, first, saved(picture, "JPEG", quality=60)) == "re-encoded"
    assert _tier(tmp_path, first, saved(picture, "JPEG", 0.5, quality=85)) == "re-encoded"
    assert _tier(tmp_path, saved(picture, "JPEG", 0.6), first) == "re-encoded"


def test_pixels_are_those_of_the_upright_image(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6  # to be turned clockwise by 90 degrees
    picture = page(1)
    turned = saved(picture.transpose(Image.Transpose.ROTATE_90), exif=exif)
    assert _tier(tmp_path, saved(picture), turned) == "same pixels"


def test_another_text_on_the_same_page_is_another_picture(tmp_path: Path) -> None:
    first = saved(page(1))
    for other in (page(2), page(1, "287.19"), page(1, "paid")):
        assert _tier(tmp_path, first, saved(other)) == ""
        assert _tier(tmp_path, first, saved(other, "JPEG", quality=80)) == ""


@pytest.mark.parametrize("changed", [1, 5])
def test_other_figures_in_small_print_are_another_picture(changed: int, tmp_path: Path) -> None:
    """In blocks of 16 x 16 the pages agree by .7: most of what is printed there is the same."""
    pages = []
    for figures in ("0" * 9, "8" * changed + "0" * (9 - changed)):
        image = Image.new("RGB", (320, 200), "white")
        pen, font = ImageDraw.Draw(image), ImageFont.load_default(10)
        for line in range(9):
            pen.text((11, 10 + 20 * line), f"message {figures[line]} of line {line} hello hello hello", "black", font)
        pages.append(image)
    one, other = pages
    whole = (np.asarray(each, np.float32)[None, :192] for each in pages)
    assert agreement(*whole)[0].min() > 0.7
    assert _tier(tmp_path, saved(one), saved(other)) == ""
    assert _tier(tmp_path, saved(one), saved(other, "JPEG", quality=60)) == ""
    for quality in (60, 90):
        assert _tier(tmp_path, saved(one), saved(one, "JPEG", quality=quality)) == "re-encoded"


def test_unlike_by_hand() -> None:
    """A white patch of 4 x 4 is all of a part of either grid, one of 2 x 2 a quarter of it; and green weighs most."""
    for at, side, colour, found in (
        ((4, 8), 4, (255, 255, 255), 255.0),
        ((6, 2), 4, (255, 255, 255), 255.0),
        ((5, 9), 2, (255, 255, 255), 63.75),
        ((4, 8), 4, (0, 100, 0), 58.7),
    ):
        A, B = np.zeros((16, 18, 3), np.float32), np.zeros((16, 18, 3), np.float32)
        B[at[0] : at[0] + side, at[1] : at[1] + side] = colour
        assert unlike(A, B) == pytest.approx(found, rel=1e-5)
        assert unlike(B, A) == unlike(A, B)


def test_another_shirt_on_the_same_cloth_is_another_picture(tmp_path: Path) -> None:
    first = saved(shirt("white", 1))
    assert _tier(tmp_path, first, saved(shirt("white", 2))) == ""  # another print
    assert _tier(tmp_path, first, saved(shirt("beige", 1))) == ""  # another colour


def test_how_much_is_asked_for_can_be_typed(tmp_path: Path) -> None:
    picture = shirt("white", 1)
    assert _tier(tmp_path, saved(picture), saved(picture, "JPEG", quality=30), least=0.99) == ""
    assert _tier(tmp_path, saved(picture), saved(picture), least=1) == "same pixels"


def test_what_is_gone_or_has_changed_has_no_tier(tmp_path: Path) -> None:
    first = saved(page(1))
    root = write(tmp_path, {"one": first, "other": first})
    here, gone = (
        (Item(name, str(root / name)), hashlib.sha256(first).hexdigest(), (640, 400)) for name in ("one", "no")
    )
    assert Comparer(Files(), 0.7)((here, gone)) == ""  # type: ignore[arg-type]
    assert Comparer(Files(), 0.7)((here, (here[0], "0" * 64, here[2]))) == ""  # type: ignore[arg-type]
    assert Comparer(Files(), 0.7)((here, here)) == "same pixels"  # type: ignore[arg-type]


def test_a_plain_border_is_found_side_by_side() -> None:
    grey = np.full((40, 60), 250, np.uint8)
    grey[5:33, 9:48] = np.random.default_rng(0).integers(0, 200, (28, 39))
    assert inner(grey) == (9, 5, 48, 33)
    assert inner(np.full((40, 60), 250, np.uint8)) == (0, 0, 60, 40)
    assert inner(grey.T) == (5, 9, 33, 48)
    assert inner(grey[5:]) == (9, 0, 48, 28)  # three sides


def test_canvases_are_whole_and_without_the_border() -> None:
    picture = Image.new("RGB", (200, 256), "white")
    picture.paste(shirt("blue", 3).resize((150, 200)), (25, 28))
    data = saved(picture, "JPEG", quality=90)
    assert small(data).shape == (2, 32, 32)
    whole, bare = large(data)
    assert whole[2, 2].tolist() == pytest.approx([255, 255, 255], abs=6)
    assert bare[6, 6, 0] < 220  # the cloth
    with pytest.raises(OSError, match="cannot identify"):
        small(b"no image")
