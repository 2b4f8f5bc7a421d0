"""What is no text in UTF-8, by its first bytes."""

import pytest

from imgret.reading.textfile import other_than_utf8

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"


@pytest.mark.parametrize("mark", [True, False])
@pytest.mark.parametrize("coding", ["UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"])
def test_wide_text_is_told_with_what_makes_utf8_of_it(coding: str, mark: bool) -> None:
    said = other_than_utf8(("\ufeff" * mark + "path,label\n\u00e9.png,\u732b\n").encode(coding), "my list.csv")
    asked = coding[:6] if mark else coding
    assert said == (
        f"is text in {coding[:6]}, and UTF-8 is read\ntype iconv -f {asked} -t UTF-8 'my list.csv' > utf8.csv"
    )


def test_zeros_are_no_text() -> None:
    assert other_than_utf8(bytes(10240), "a.csv").startswith("begins with zeros")


def test_a_pointer_is_named() -> None:
    assert other_than_utf8(POINTER, "a.csv") == "is a Git LFS pointer, not the file itself\ntype git lfs pull"


@pytest.mark.parametrize(
    "text", [b"", b"a", "\ufeffp\u00e4th,x\n".encode(), b"caf\xe9", b"a,\0,b,c,d,e,f", b"version https://git"]
)
def test_all_else_may_be_utf8(text: bytes) -> None:
    assert other_than_utf8(text, "a.csv") == ""
