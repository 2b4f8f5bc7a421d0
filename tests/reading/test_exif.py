"""Blocks of EXIF data made by hand, what they say, and that none of them raises."""

import struct
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from imgret.contracts import Preprocess
from imgret.reading.decode import decode
from imgret.reading.exif import MOST, Exif, read_exif
from tests import image_bytes as make
from tests.image_bytes import chunk, png, save, scene


def block(
    order: str = "<",
    make: bytes = b"Canon\0",
    model: bytes = b"Canon EOS 5D\0",
    taken: bytes = b"2019:07:21 18:04:11\0",
    below: int | None = None,
    tag: int = 0x9003,
) -> bytes:
    """Orientation 6, make, model and DateTime (of 2024) in the first directory; in the second `taken` under `tag`.

    The directories begin at 8 and 74, and have five entries and one; the texts follow at 92.
    """
    texts = b""

    def number(tag: int, value: int) -> bytes:
        return struct.pack(order + "HHII", tag, 4, 1, value)

    def text(tag: int, data: bytes) -> bytes:
        nonlocal texts
        start = struct.pack(order + "HHI", tag, 2, len(data))
        if len(data) <= 4:
            return start + data.ljust(4, b"\0")
        texts += data
        return start + struct.pack(order + "I", 92 + len(texts) - len(data))

    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)
    first = struct.pack(order + "H", 5) + text(0x010F, make) + text(0x0110, model)
    first += struct.pack(order + "HHIHH", 0x0112, 3, 1, 6, 0) + text(0x0132, b"2024:01:02 03:04:05\0")
    first += number(0x8769, 74 if below is None else below) + bytes(4)
    second = struct.pack(order + "H", 1) + text(tag, taken) + bytes(4)
    return head + first + second + texts


WHOLE = Exif(6, "2019-07-21T18:04:11", "Canon EOS 5D")


@pytest.mark.parametrize("order", "<>")
def test_a_whole_block_is_read_and_pillow_reads_the_same(order: str) -> None:
    assert read_exif(block(order)) == WHOLE
    assert read_exif(b"Exif\0\0" + block(order)) == WHOLE
    exif = Image.Exif()
    exif.load(b"Exif\0\0" + block(order))
    assert (exif[0x0112], exif[0x010F], exif[0x0110], exif[0x0132]) == (
        6,
        "Canon",
        "Canon EOS 5D",
        "2024:01:02 03:04:05",
    )
    assert exif.get_ifd(0x8769)[0x9003] == "2019:07:21 18:04:11"


def test_what_pillow_writes_is_read() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0110] = 3, "NIKON CORPORATION", "NIKON D70"
    exif.get_ifd(0x8769)[0x9003] = "2005:12:31 23:59:59"
    assert read_exif(exif.tobytes()) == Exif(3, "2005-12-31T23:59:59", "NIKON D70")


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        (b"2019:07:21 18:04:11", "2019-07-21T18:04:11"),  # no NUL
        (b"2019-07-21T18:04:11\0", "2019-07-21T18:04:11"),
        (b" 2019:07:21 18:04:11 \0\0", "2019-07-21T18:04:11"),
        (b"2020:02:29 00:00:00\0", "2020-02-29T00:00:00"),
        (b"2019:02:29 00:00:00\0", ""),
        (b"0000:00:00 00:00:00\0", ""),
        (b"2019:13:45 18:04:11\0", ""),
        (b"2019:07:21 24:00:00\0", ""),
        (b"2019:07:21 18:04:60\0", ""),
        (b"    :  :     :  :  \0", ""),
        (b"2019:07:21\0", ""),
        ("２０１９:07:21 18:04:11".encode(), ""),
        (b"", ""),
    ],
)
def test_dates(text: bytes, taken: str) -> None:
    assert read_exif(block(taken=text)) == WHOLE._replace(taken=taken)


def test_only_the_time_of_the_photograph_counts() -> None:
    """The first directory's DateTime is there, too; 0x9004 is when a print was scanned."""
    assert read_exif(block(tag=0x9004)).taken == ""
    assert read_exif(block(below=0)).taken == ""


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        (b"Apple\0", b"iPhone 6s\0", "Apple iPhone 6s"),
        (b"NIKON CORPORATION\0", b"NIKON D70\0", "NIKON D70"),
        (b"canon   \0", b"Canon  PowerShot\0\0\0", "Canon PowerShot"),
        (b"OLY\0", b"OLYMPUS C1\0", "OLY OLYMPUS C1"),  # not a word of it
        (b"\0", b"C1\0", "C1"),
        (b"Kodak", b"\0", "Kodak"),
        (b"   \0", b"", ""),
        (b"a\x1b[31m\0", "b\u202ec".encode(), "a\\x1b[31m b\\u202ec"),
        (b"\xff\0", b"x" * 300, "� " + "x" * 98),
    ],
)
def test_cameras(make: bytes, model: bytes, camera: str) -> None:
    found = read_exif(block(make=make, model=model)).camera
    assert found == camera
    assert found.isprintable()


def test_damage_costs_what_is_damaged() -> None:
    good = block()
    assert read_exif(good[:50]) == Exif(6)  # texts lie beyond the end
    assert read_exif(good[:-1]) == WHOLE._replace(taken="")  # the last ends there, though but its NUL is missing
    assert read_exif(good[: 92 + 8]) == Exif(6, "", "Canon")  # of the model two letters are left
    for below in (74 + len(good), 2**32 - 1, 8):  # beyond the end; the first directory once more
        assert read_exif(block(below=below)) == WHOLE._replace(taken="")
    many = good[:8] + b"\xff\xff" + good[10:]
    assert read_exif(many).orientation == 6
    late = b"II*\0" + struct.pack("<IH", 8, 9999) + bytes(12 * MOST) + make.exif(6)[22:34]
    assert read_exif(late) == Exif()  # beyond what is looked at
    for nothing in (None, b"", "II*\0", b"II", b"Exif\0\0", 7):
        assert read_exif(nothing) == Exif()


def test_of_two_entries_of_one_tag_the_first_counts() -> None:
    entries = [struct.pack("<HHIHH", 0x0112, 3, 1, value, 0) for value in (6, 3)]
    entries += [struct.pack("<HHI4s", tag, 2, 2, text) for tag in (0x010F, 0x0110) for text in (b"A", b"B")]
    assert read_exif(b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(entries)) == Exif(6, "", "A")


def assert_holds(data: bytes) -> None:
    found = read_exif(data)
    assert 1 <= found.orientation <= 8
    assert len(found.taken) in (0, 19)
    assert found.camera.isprintable()
    assert len(found.camera) <= 100


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]), st.binary(max_size=200))
def test_noise_never_raises(head: bytes, tail: bytes) -> None:
    assert_holds(head + tail)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.sampled_from("<>"), st.data())
def test_changed_blocks_never_raise(order: str, draw: st.DataObject) -> None:
    changed = bytearray(block(order))
    for place in draw.draw(st.lists(st.integers(4, len(changed) - 1), min_size=1, max_size=8)):
        changed[place] = draw.draw(st.sampled_from([0, 1, 8, 74, 127, 255]))
    assert_holds(bytes(changed[: draw.draw(st.integers(0, len(changed)))]))


def test_every_format_hands_its_block_over() -> None:
    pixels = scene()
    rows = [row.tobytes() for row in pixels]
    files = {
        "JPEG": save(pixels, "JPEG", exif=b"Exif\0\0" + block()),
        "WEBP": save(pixels, "WEBP", exif=block()),
        "PNG": png((48, 32), 8, 2, rows, chunk(b"eXIf", block())),
        "PNG, after the pixels": png((48, 32), 8, 2, rows, end=chunk(b"eXIf", block())),
        "none": save(pixels, "PNG"),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, data in files.items():
            seen = decode(data, Preprocess((8, 8)))
            assert seen.outcome == "ok"
            assert (seen.taken, seen.camera) == (("", "") if name == "none" else WHOLE[1:]), name
