"""Files that are not what their names say, told by their first bytes: text in UTF-16 or UTF-32, Git LFS pointers."""

from __future__ import annotations

import codecs
import os

from imgret.words import quoted

LFS = b"version https://git-lfs.github.com/spec/"  # git-lfs: docs/spec.md, the first line of every pointer
PULL = "type git lfs pull"  # where the files themselves are fetched
TOLD = 512  # bytes that tell
MARKS = {  # the longer ones first: a mark of UTF-32 begins as one of UTF-16 does
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
ZEROS = {  # of four bytes those that are zero in nearly every character of a text in Latin letters, where no mark is
    (1, 3): "UTF-16LE",
    (0, 2): "UTF-16BE",
    (1, 2, 3): "UTF-32LE",
    (0, 1, 2): "UTF-32BE",
}


def other_than_utf8(head: bytes, file: str) -> str:
    """What a file is whose first bytes are `head`, and what to type, in two lines; nothing where it may be UTF-8."""
    if head.startswith(LFS):
        return f"is a Git LFS pointer, not the file itself\n{PULL}"
    if head and not head[:TOLD].strip(b"\0"):
        return "begins with zeros, where text should be\ncopy it once more from where it came"
    coding = next((name for mark, name in MARKS.items() if head.startswith(mark)), "") or _by_zeros(head[:TOLD])
    if not coding:
        return ""
    out = quoted(f"utf8{os.path.splitext(file)[1]}")  # what a file is read as follows from its ending
    return f"is text in {coding[:6]}, and UTF-8 is read\ntype iconv -f {coding} -t UTF-8 {quoted(file)} > {out}"


def _by_zeros(head: bytes) -> str:
    each = [head[first::4] for first in range(4)]
    mostly = (place for place, some in enumerate(each) if 3 * some.count(0) > 2 * len(some))
    return ZEROS.get(tuple(mostly), "")
