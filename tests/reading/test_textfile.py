"""What is no text in UTF-8, by its first bytes."""

import pytest

from imgret.reading.textfile import other_than_utf8

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf16_with_and_without_a_mark(coding: str) -> None:
    said = other_than_utf8("path,label\n\u00e9.png,\u732b\n".encode(coding), "my list.csv")
    assert said.endswith("\ntype iconv -f UTF-16 -t UTF-8 'my list.csv' > utf8.txt")


def test_a_pointer_is_named() -> None:
    assert other_than_utf8(POINTER, "a.csv") == "is a Git LFS pointer, not the file itself\ntype git lfs pull"


@pytest.mark.parametrize(
    "text", [b"", b"a", "\ufeffp\u00e4th,x\n".encode(), b"caf\xe9", b"a,\0,b,c,d,e,f", b"version https://git"]
)
def test_all_else_may_be_utf8(text: bytes) -> None:
    assert other_than_utf8(text, "a.csv") == ""
