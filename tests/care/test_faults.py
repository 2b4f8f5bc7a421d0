"""What is done about a fault: removed, set aside, left; and an error in a few words."""

import os
import time
from pathlib import Path

import pytest

from imgret.care.faults import removed, set_aside, stale, why
from imgret.errors import UsageError
from tests.conftest import write


def test_removed_or_kept_under_a_name_that_nothing_reads(tmp_path: Path) -> None:
    write(tmp_path, {"a.npy": b"a", "b.safetensors": b"b"})
    one = removed(tmp_path / "a.npy", "it is cut")
    other = set_aside(tmp_path / "b.safetensors", "it is cut", "its images are computed again")
    assert (one.kind, one.cure) == ("damaged", "removed; made again when it is needed")
    assert (other.kind, other.cure) == ("damaged", "set aside; its images are computed again")
    assert one.mend
    assert other.mend
    one.mend()
    one.mend()  # another process was faster
    other.mend()
    assert {file.name: file.read_bytes() for file in tmp_path.glob("*.*")} == {"b.damaged": b"b"}


def test_what_a_killed_writer_left_goes_after_a_day(tmp_path: Path) -> None:
    write(tmp_path, {".old.tmp": b"", ".folder.tmp/x": b"", ".new.tmp": b"", "old.txt": b""})
    (tmp_path / ".link.tmp").symlink_to("old.txt")
    for name, days in {".old.tmp": 1.1, ".folder.tmp": 1.1, ".new.tmp": 0.9, ".link.tmp": 1.1, "old.txt": 9}.items():
        os.utime(tmp_path / name, (time.time() - 86_400 * days,) * 2, follow_symlinks=False)
    found = list(stale([*sorted(tmp_path.iterdir()), tmp_path / ".gone.tmp"]))
    assert [(fault.kind, fault.file.name) for fault in found] == [
        ("left over", ".folder.tmp"), ("left over", ".link.tmp"), ("left over", ".old.tmp"),
    ]  # fmt: skip
    for fault in found:
        assert fault.mend
        fault.mend()
    assert sorted(file.name for file in tmp_path.iterdir() if file.name[0] in ".o") == [".new.tmp", "old.txt"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (UsageError("what was given\nwhat to type"), "what was given"),
        (ValueError("it has\n  no  schema"), "it has no schema"),
        (OSError("not a file"), "not a file"),
        (FileNotFoundError(2, "No such file or directory", "x"), "No such file or directory"),
        (KeyError("config"), "KeyError: 'config'"),
        (MemoryError(), "MemoryError"),
        (ValueError("x" * 500), "x" * 200),
    ],
)
def test_an_error_in_a_few_words(error: Exception, said: str) -> None:
    assert why(error) == said
