"""Reading files that may be anything, and no more of them than a machine can hold."""

import errno
import os
from pathlib import Path

import pytest

from imgret.files import MAX_BYTES, read_file


def test_whole_or_the_first_bytes(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"12345")
    assert (read_file(file), read_file(file, 2), read_file(file, 9)) == (b"12345", b"12", b"12345")
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "b")


@pytest.mark.skipif(os.name == "nt", reason="no pipes on Windows")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path, "/dev/zero"):
        for first in (None, 9):
            with pytest.raises(OSError, match="not a regular file") as caught:
                read_file(place, first)
            assert caught.value.errno == errno.EINVAL


def test_more_than_any_image_has_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(b"12345")
    os.truncate(file, MAX_BYTES + 1)
    assert read_file(file, 5) == b"12345"
    with pytest.raises(OSError, match=r"1,500,000,001 bytes are more than 1,500,000,000") as caught:
        read_file(file)
    assert caught.value.errno == errno.EFBIG
