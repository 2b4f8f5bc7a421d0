"""A TIFF's first page, byte by byte: what is kept of its directory, and where it is cut."""

import struct

import pytest

from imgret.reading.tiff import facts, first_page, is_cut

Entry = tuple[int, int, int, int]  # tag, type, number of values, value or place


def tiff(*entries: Entry, order: str = "<", after: bytes = b"") -> bytes:
    """A directory at byte 8, which names a further page, and bytes after it."""
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)
    packed = b"".join(
        struct.pack(order + ("HHIHH" if kind == 3 else "HHII"), tag, kind, n, *((at, 0) if kind == 3 else (at,)))
        for tag, kind, n, at in entries
    )
    return head + struct.pack(order + "H", len(entries)) + packed + struct.pack(order + "I", 8) + after


@pytest.mark.parametrize("order", "<>")
def test_the_new_directory_has_the_tags_of_the_pixels_and_no_further_page(order: str) -> None:
    """4 x 2 pixels; two strips, whose places lie at byte 86; turned, and with a maker's own tag."""
    data = tiff(
        (256, 3, 1, 4), (257, 3, 1, 2), (273, 4, 2, 86), (274, 3, 1, 6), (279, 4, 2, 94), (37500, 4, 1, 7),
        order=order, after=struct.pack(order + "4I", 102, 106, 4, 4) + b"8 pixels",
    )  # fmt: skip
    made = first_page(data)
    (start,) = struct.unpack_from(order + "I", made, 4)
    assert start == len(data) == 110
    assert made[8:start] == data[8:]
    assert struct.unpack_from(order + "H", made, start) == (4,)
    assert [struct.unpack_from(order + "H", made, start + 2 + 12 * i)[0] for i in range(4)] == [256, 257, 273, 279]
    assert made[start + 2 + 12 * 4 :] == bytes(4)
    assert facts(data) == facts(made) == {256: (4,), 257: (2,), 273: (102, 106), 279: (4, 4)}


def test_of_two_entries_of_one_tag_the_first_counts() -> None:
    assert facts(first_page(tiff((256, 4, 1, 4), (256, 4, 1, 60000)))) == {256: (4,)}


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ((256, 2, 1, 4), "tag 256 has 1 values of type 2"),  # a text
        ((256, 4, 2, 4), "tag 256 has 2 values of type 4"),  # two widths
        ((256, 4, 0, 4), "tag 256 has 0 values"),
        ((347, 4, 1, 4), "tag 347 has 1 values of type 4"),  # tables are bytes
        ((258, 3, 3, 500), "the values of tag 258 lie beyond the end of the file"),
    ],
)
def test_what_a_reader_would_stumble_over_is_refused(entry: Entry, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        first_page(tiff(entry))


def test_where_a_file_is_cut() -> None:
    whole = tiff((256, 4, 1, 4), (273, 4, 1, 50), (279, 4, 1, 8), after=b"8 pixels")
    assert len(whole) == 58
    assert not is_cut(whole)
    assert is_cut(whole[:-1])  # the last strip
    assert is_cut(whole[:45])  # the directory
    assert is_cut(whole[:9])
    assert is_cut(b"")
    assert is_cut(tiff((258, 3, 3, 25)))  # bytes 25 to 31 of 26
