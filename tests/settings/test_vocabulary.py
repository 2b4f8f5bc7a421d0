"""Words of our own and of a file."""

from pathlib import Path

import pytest

from imgret import UsageError
from imgret.settings.vocabulary import words


def test_our_own_are_distinct_and_plain() -> None:
    own = words()
    assert len(own) == len(set(own)) > 100
    assert all(word == word.strip().lower() and word.isascii() for word in own)
    assert {"t-shirt", "medical image", "man"} <= set(own)


def test_a_file_has_one_a_line() -> None:
    Path("words.txt").write_text("\ufeffdog\r\n\n  red cat \ndog\n" + "".join(f"w{i}\n" for i in range(8)), "utf-8")
    assert words("words.txt") == ["dog", "red cat", *(f"w{i}" for i in range(8))]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"dog\ncat", "has 2 words\ngive a file of 10 to 10,000"),
        ("dog\ncat\n".encode("utf-16"), "words.txt is text in UTF-16, and UTF-8 is read\ntype iconv"),
        (b"\xff", "it is not UTF-8\ngive a text file"),
        (None, "No such"),
    ],
)
def test_what_is_none(text: bytes | None, says: str) -> None:
    if text is not None:
        Path("words.txt").write_bytes(text)
    with pytest.raises(UsageError, match=says):
        words("words.txt")
