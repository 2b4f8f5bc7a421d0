import struct

import pytest

from imgret.contracts import Preprocess
from imgret.reading.bare import bare
from imgret.reading.decode import decode, picture
from imgret.reading.exif import read_exif
from tests.image_bytes import chunk, exif, jpeg, png, save, scene

SIZE = Preprocess((32, 48), filter="nearest")
ROWS = [row.tobytes() for row in scene()]
PLAIN = png((48, 32), 8, 2, ROWS)


def test_of_a_png_nothing_is_left_but_what_describes_its_pixels() -> None:
    """Texts and times go, wherever they lie; EXIF data come back by themselves; the rest lies as it did."""
    before, after = chunk(b"tEXt", b"a\0b") + chunk(b"eXIf", exif(6)), chunk(b"tIME", bytes(7))
    found = bare(png((48, 32), 8, 2, ROWS, before, after), "PNG")
    assert found.data == PLAIN
    assert read_exif(found.exif).orientation == 6
    key = chunk(b"tRNS", b"\0\xff\0\0\0\0")
    assert bare(png((48, 32), 8, 2, ROWS, key), "PNG").data == png((48, 32), 8, 2, ROWS, key)
    assert bare(png((48, 32), 8, 2, ROWS, key[:-1] + b"?"), "PNG").data == PLAIN


def test_pixels_after_other_chunks_are_no_more_of_them_and_cut_ones_get_no_end() -> None:
    second = chunk(b"IDAT", b"more")
    assert bare(png((48, 32), 8, 2, ROWS, end=chunk(b"tIME", bytes(7)) + second), "PNG").data == PLAIN
    assert bare(PLAIN[:70], "PNG").data == PLAIN[:70]


def test_of_a_jpeg_the_segments_that_say_how_its_colours_are_coded_stay() -> None:
    plain = jpeg(scene())
    told = plain[:2] + b"\xff\xe1\0\x06http\xff\xfe\0\x04hi\xff\xed\0\x02" + b"\0junk" + plain[2:]
    assert bare(told, "JPEG").data == plain
    assert b"JFIF" in plain
    ink = save(picture(plain, 48).convert("CMYK"), "JPEG")
    assert b"Adobe" in ink
    assert bare(ink, "JPEG").data == ink


def test_of_a_jpeg_the_exif_data_stay_in_all_their_segments() -> None:
    mark = exif(8)
    plain = jpeg(scene())
    parts = [b"\xff\xe1" + struct.pack(">H", len(part) + 8) + b"Exif\0\0" + part for part in (mark[:30], mark[30:])]
    found = bare(plain[:2] + b"".join(parts) + plain[2:], "JPEG")
    assert (found.data, read_exif(found.exif).orientation) == (plain, 8)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_any_beginning_of_a_file_can_be_asked(format: str) -> None:
    data = save(scene(), format)
    for length in range(min(len(data), 700)):
        bare(data[:length], format)


def test_a_transposed_image_whose_other_chunks_are_damaged_is_turned_as_its_exif_data_say() -> None:
    seen = decode(png((48, 32), 8, 2, ROWS, chunk(b"gAMA", b"") + chunk(b"eXIf", exif(6))), SIZE)
    assert (seen.outcome, seen.width, seen.height, seen.camera) == ("ok", 32, 48, "odd")


def test_what_is_wrong_with_the_pixels_is_what_is_said() -> None:
    """A file with damage in both is refused for what Pillow met first, as it was."""
    cut = png((48, 32), 8, 2, ROWS, chunk(b"gAMA", b""))[:-40]
    assert decode(cut, SIZE)[:2] == ("truncated", "Truncated gAMA chunk")


def test_a_tiff_with_tags_that_lead_nowhere() -> None:
    """Resolution, software and a profile beyond the end of the file: none of them is of its pixels."""
    data = bytearray(save(scene(), "TIFF", software="imgret", dpi=(72, 72), icc_profile=bytes(200)))
    (start,) = struct.unpack_from("<I", data, 4)
    for at in range(start + 2, start + 2 + 12 * struct.unpack_from("<H", data, start)[0], 12):
        if struct.unpack_from("<H", data, at)[0] in (282, 283, 305, 34675):
            data[at + 4 : at + 12] = struct.pack("<II", 2**31, 2**32 - 1)
    assert decode(bytes(data), SIZE, ["tiff"]).outcome == "ok"
