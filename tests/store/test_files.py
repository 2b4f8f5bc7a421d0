"""Files written whole or not at all, what killed writers leave, and arrays as files."""

import errno
import os
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from imgret.store import files
from imgret.store.files import (
    MAX_BYTES,
    STALE,
    clean,
    commit,
    load_array,
    make_folder,
    read_file,
    save_array,
    sync_tree,
)


@pytest.fixture
def forced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What is forced to disk, in order."""
    paths: list[Path] = []
    monkeypatch.setattr(files, "sync_file", paths.append)
    return paths


def test_a_new_folder_lasts_with_all_that_is_new_above_it(tmp_path: Path, forced: list[Path]) -> None:
    make_folder(tmp_path / "a" / "b" / "c")
    assert forced == [tmp_path, tmp_path / "a", tmp_path / "a" / "b"]
    make_folder(tmp_path / "a" / "b" / "c")
    assert len(forced) == 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


def test_a_file_is_forced_to_disk_before_its_name_and_then_the_name(folder: Path, forced: list[Path]) -> None:
    commit(folder / "new", lambda file: file.write_text("x"))
    temporary, then = forced
    assert temporary.parent == then == folder
    assert files.TEMPORARY.fullmatch(temporary.name)
    assert [path.name for path in folder.iterdir()] == ["new"]


@pytest.mark.parametrize(("code", "goes_on"), [(errno.EINVAL, True), (errno.EACCES, True), (errno.EIO, False)])
def test_a_folder_that_cannot_be_forced_to_disk(
    folder: Path, monkeypatch: pytest.MonkeyPatch, code: int, goes_on: bool
) -> None:
    def sync(path: Path) -> None:
        if path.is_dir():
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files, "sync_file", sync)
    with nullcontext() if goes_on else pytest.raises(OSError, match=os.strerror(code)):
        commit(folder / "new", lambda file: file.write_text("x"))
    assert (folder / "new").read_text() == "x"


def test_a_tree_is_forced_to_disk_but_not_what_its_links_lead_to(tmp_path: Path, forced: list[Path]) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x").touch()
    tree = tmp_path / "tree"
    (tree / "in").mkdir(parents=True)
    (tree / "in" / "a").touch()
    (tree / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (tree / "nowhere").symlink_to("gone")
    sync_tree(tree)
    assert forced == [tree / "in" / "a", tree, tree / "in"]


def test_what_killed_writers_left_goes_after_a_day_and_nothing_else_does(folder: Path) -> None:
    left = [".a.npy.0123456789ab.tmp", ".folder.0123456789ab.tmp"]
    others = ["a.npy", ".a.npy.0123456789ab", ".a.npy.12.tmp", "a.0123456789ab.tmp", ".notes.tmp"]
    for name in [*left, *others]:
        (folder / name).mkdir() if "folder" in name else (folder / name).touch()
    (folder / left[1] / "part").touch()
    (folder / "kept").touch()
    (folder / ".link.0123456789ab.tmp").symlink_to(folder / "kept")
    os.utime(folder / ".link.0123456789ab.tmp", (1, 1), follow_symlinks=False)
    now = time.time()
    for name in left:
        os.utime(folder / name, (now - STALE + 60,) * 2)  # its writer may still be at it
    for name in others:
        os.utime(folder / name, (1, 1))
    clean(folder)
    assert {path.name for path in folder.iterdir()} == {*left, *others, "kept"}
    for name in left:
        os.utime(folder / name, (now - STALE - 60,) * 2)
    clean(folder)
    assert {path.name for path in folder.iterdir()} == {*others, "kept"}
    clean(folder / "missing")


def test_an_array_is_written_as_numpy_writes_it(tmp_path: Path) -> None:
    for array in (np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3)), np.empty((0, 4))):
        save_array(tmp_path / "ours.npy", array)
        np.save(tmp_path / "theirs.npy", array)
        assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()
        np.testing.assert_array_equal(load_array(tmp_path / "ours.npy"), array)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
def test_what_kept_an_array_from_being_written_is_said() -> None:
    with pytest.raises(OSError, match="No space left") as error:
        save_array(Path("/dev/full"), np.zeros(10**6))
    assert error.value.errno == errno.ENOSPC


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
