"""Files that are not what their names say, and are told by their first bytes: text in UTF-16, and Git LFS pointers."""

from __future__ import annotations

import codecs

from imgret.words import quoted

LFS = b"version https://git-lfs.github.com/spec/"  # git-lfs: docs/spec.md, the first line of every pointer
PULL = "type git lfs pull"  # where the files themselves are fetched
TOLD = 512  # bytes that tell
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def other_than_utf8(head: bytes, file: str) -> str:
    """What a file is whose first bytes are `head`, and what to type, in two lines; nothing where it may be UTF-8."""
    if head.startswith(LFS):
        return f"is a Git LFS pointer, not the file itself\n{PULL}"
    head = head[:TOLD]
    zeros = max(head[0::2].count(0), head[1::2].count(0))  # every other byte of a text in Latin letters
    if head.startswith(UTF16) or (len(head) > 3 and 3 * zeros > len(head)):
        return f"is text in UTF-16, and UTF-8 is read\ntype iconv -f UTF-16 -t UTF-8 {quoted(file)} > utf8.txt"
    return ""
