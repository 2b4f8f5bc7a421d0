"""Contact sheets: what lies where, what names may do, and what a missing image looks like."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imgret.errors import UsageError
from imgret.pictures import sheet
from imgret.pictures.sheet import ACCENT, MAT, PAPER, Pen, Tile, contact_sheet
from imgret.words import printable

RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)
TOP = 72 + 62 + 36  # margin, title (1.35 x 46), half as much again as a gap
ANY_TEXT = st.text(st.characters(codec=None), max_size=40)


def png(colour: tuple[int, int, int], width: int = 60, height: int = 60) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, "PNG")
    return stream.getvalue()


def gone() -> bytes:
    raise FileNotFoundError(2, "No such file or directory", "/secret/place.jpg")


def test_tiles_lie_in_reading_order_in_six_columns_of_squares() -> None:
    tiles = [Tile(png(c)) for c in (RED, GREEN, BLUE, RED, GREEN, BLUE, GREEN)]
    page = contact_sheet(tiles, "title")
    step = 240 + 12 + 31 + 24  # cell, gap, caption, gap
    assert page.size == (1560 + 2 * 72, TOP + 2 * step - 24 + 72)
    first = [page.getpixel((72 + 264 * i + 120, TOP + 120)) for i in range(6)]
    assert first == [RED, GREEN, BLUE, RED, GREEN, BLUE]
    assert page.getpixel((72 + 120, TOP + step + 120)) == GREEN
    assert page.getpixel((72 + 264 + 120, TOP + step + 120)) == PAPER


def test_tiles_that_are_first_begin_a_row() -> None:
    tiles = [Tile(png(c), first=first) for c, first in ((RED, True), (GREEN, False), (BLUE, True), (RED, True))]
    page = contact_sheet(tiles, "title")
    step = 240 + 12 + 31 + 24  # cell, gap, caption, gap
    assert page.size == (1560 + 2 * 72, TOP + 3 * step - 24 + 72)
    seen = [[page.getpixel((72 + 264 * x + 120, TOP + y * step + 120)) for x in range(2)] for y in range(3)]
    assert seen == [[RED, GREEN], [BLUE, PAPER], [RED, PAPER]]


def test_a_picture_keeps_its_shape_and_lies_in_the_middle_of_its_cell() -> None:
    page = contact_sheet([Tile(png(RED)), Tile(png(GREEN, 120, 60)), Tile(png(BLUE))], "")
    column = [page.getpixel((72 + 264 + 120, TOP + y)) for y in range(240)]
    assert column == [MAT] * 60 + [GREEN] * 120 + [MAT] * 60
    assert {page.getpixel((72 + 264 + x, TOP + 120)) for x in range(240)} == {GREEN}


def test_cells_have_the_common_shape() -> None:
    tall = contact_sheet([Tile(png(RED, 30, 60))] * 9, "")
    assert tall.getpixel((72 + 198 * 7 + 87, TOP + 174)) == RED  # eight columns of 174 x 348
    wide = contact_sheet([Tile(png(RED, 120, 60))] * 5, "")
    assert wide.getpixel((72 + 396 * 3 + 186, TOP + 93)) == RED  # four of 372 x 186
    assert wide.getpixel((72 + 396 * 3 + 186 + 200, TOP + 93)) == PAPER


def test_tiny_pictures_are_enlarged_four_times_at_most() -> None:
    page = contact_sheet([Tile(png(RED, 10, 10))], "")
    row = [page.getpixel((72 + x, TOP + 120)) for x in range(240)]
    assert row == [MAT] * 100 + [RED] * 40 + [MAT] * 100


def test_only_marked_tiles_have_the_accent() -> None:
    page = np.asarray(contact_sheet([Tile(png(RED), "a"), Tile(png(RED), "b", mark=True)], ""))
    accent = (page == ACCENT).all(axis=2)
    assert not accent[:, : 72 + 240].any()
    assert accent[TOP - 8 : TOP - 4, 72 + 264 - 8 : 72 + 264 + 248].all()


def test_what_cannot_be_read_is_a_grey_tile_between_the_others() -> None:
    page = contact_sheet([Tile(png(RED)), Tile(None), Tile(gone), Tile(b"junk"), Tile(png(BLUE))], "")
    assert page.getpixel((72 + 120, TOP + 120)) == RED
    assert page.getpixel((72 + 4 * 264 + 120, TOP + 120)) == BLUE
    for i in (1, 2, 3):
        cell = np.asarray(page)[TOP : TOP + 240, 72 + 264 * i : 72 + 264 * i + 240]
        assert 0.8 < (cell == MAT).all(axis=2).mean() < 1  # grey, with a few words on it


def test_the_reason_is_said_without_the_path() -> None:
    none, missing, junk, fine = sheet.load_pictures([None, gone, b"junk", png(RED, 50, 20)], 25)
    assert (none, missing) == ("no image", "No such file or directory")
    assert isinstance(junk, str)
    assert junk
    assert isinstance(fine, Image.Image)
    assert fine.size == (25, 10)


def test_each_image_is_opened_once() -> None:
    opened: list[int] = []

    def reader(i: int) -> Callable[[], bytes]:
        return lambda: (opened.append(i), png(RED))[1]

    contact_sheet([Tile(reader(i)) for i in range(9)], "")
    assert sorted(opened) == list(range(9))


def test_no_tiles_and_too_many() -> None:
    assert contact_sheet([], "nothing").size[0] == 1704
    asked: list[int] = []

    def reader() -> bytes:
        asked.append(1)
        raise OSError("gone")

    most = contact_sheet([Tile(reader)] * 240, "", "some")
    assert contact_sheet([Tile(reader)] * 5000, "", "some").size == most.size
    assert len(asked) == 480
    contact_sheet([Tile(reader, first=True)] * 100, "", "some")
    assert len(asked) == 540  # 60 rows: as many as 240 tiles take at the most


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_equal_sheets_are_equal_files(tmp_path: Path, suffix: str) -> None:
    files = [
        sheet.save(contact_sheet([Tile(png(RED), "a", note="b")], "title"), tmp_path / f"{i}{suffix}") for i in (0, 1)
    ]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_drawing_says_nothing_about_when_and_how(tmp_path: Path) -> None:
    with Image.open(sheet.save(Image.new("RGB", (4, 4)), tmp_path / "a.PNG")) as image:
        assert image.info == {}


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'.bmp'\nname a file that ends in .jpg, .jpeg, .png, .webp"):
        sheet.save(Image.new("RGB", (4, 4)), tmp_path / "a.bmp")


def test_aspect() -> None:
    def shapes(*sizes: tuple[int, int]) -> float:
        return sheet.aspect([Image.new("RGB", size) for size in sizes])

    assert shapes((10, 10), (30, 40), (10, 90)) == 0.75
    assert shapes((90, 10)) == 2
    assert shapes((10, 90)) == 0.5
    assert sheet.aspect(["no image"]) == 1


@given(st.text(st.characters(codec=None, exclude_characters="…"), max_size=40), st.integers(0, 400))
@settings(deadline=None)
def test_shortened_text_fits_and_keeps_both_ends(text: str, width: int) -> None:
    pen, whole = Pen(Image.new("RGB", (1, 1))), printable(text)
    short = pen.shorten(text, 20, width)
    assert short == "…" or pen.font(short, 20).getlength(short) <= width
    if short != whole:
        head, tail = short.split("…")
        assert whole.startswith(head)
        assert whole.endswith(tail)
        assert 0 <= len(head) - len(tail) <= 1


def test_text_is_shortened_no_more_than_needed() -> None:
    pen = Pen(Image.new("RGB", (1, 1)))
    text = "mnopq" * 20
    length = pen.font("m", 20).getlength
    fits = [n for n in range(100) if length(f"{text[: (n + 1) // 2]}…{text[100 - n // 2 :]}") <= 300]
    assert len(pen.shorten(text, 20, 300)) == max(fits) + 1
    assert pen.shorten(text, 20, int(length(text)) + 1) == text


def test_a_name_of_a_megabyte_keeps_its_ends() -> None:
    head, tail = Pen(Image.new("RGB", (1, 1))).shorten("a" + "\n" * 10**6 + ".jpg", 20, 200).split("…")
    assert head.startswith("a\\n")
    assert tail.endswith("\\n.jpg")


@given(ANY_TEXT)
@settings(deadline=None, max_examples=50)
def test_wrapping_keeps_every_word(text: str) -> None:
    lines = sheet.wrap(text, 100, partial(Pen(Image.new("RGB", (1, 1))).length, 20))
    assert " ".join(lines).split() == printable(text).split()


@given(ANY_TEXT.map(lambda text: text + "a" + "\u0302" * 30))
@settings(deadline=None, max_examples=50)
def test_nothing_is_written_outside_of_the_box(text: str) -> None:
    page = Image.new("RGB", (200, 100), PAPER)
    taken = Pen(page).write((50, 40), text, 20, (0, 0, 0), 90)
    assert taken <= 90
    outside = np.asarray(page).copy()
    outside[40 : 40 + 27, 50:140] = 255
    assert (outside == 255).all()


def test_the_main_label() -> None:
    names = ["hat", "shoe", "sock"]
    assert sheet.main_label(np.array([2, 1, 2, -1]), names) == ("sock", 2, 3)
    assert sheet.main_label(np.array([1, 0, -1]), names) == ("hat", 1, 2)
    assert sheet.main_label(np.array([-1, -1]), []) == ("", 0, 0)
