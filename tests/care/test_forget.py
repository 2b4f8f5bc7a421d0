"""Forgetting in a store that is damaged, newer, in use or half forgotten, and of what lies behind links."""

import hashlib
import json
import os
import shutil
import sqlite3
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from imgret.__main__ import main
from imgret.care.forget import chosen, forget
from imgret.errors import UsageError
from imgret.store.store import Store, home
from tests.care.conftest import PICTURES, QUICK, one, state, traces
from tests.conftest import png, write

ONE = png((1, 2, 3))


ID = hashlib.sha256(ONE).hexdigest()


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, of which a run was made: all pictures but one, and behind a link to another folder that one."""
    monkeypatch.setattr("imgret.store.store.WORTH_KEEPING", -1.0)
    folder = write(tmp_path / "in", PICTURES)
    write(tmp_path / "other", {"one.png": ONE})
    (folder / "link").symlink_to(tmp_path / "other", target_is_directory=True)
    assert main([str(folder), *QUICK]) == 0
    return folder


def nothing_left() -> bool:
    found = traces([ID.encode(), bytes.fromhex(ID)]) + [file.name for file in home().rglob(f"*{ID}*")]
    return not found and not list(home().glob("matrices/*")) + list(home().glob("derived/*"))


@pytest.mark.usefixtures("seen")
def test_a_damaged_cache_is_no_obstacle(capsys: Any) -> None:
    (home() / "cache.sqlite").write_bytes(b"no base" * 999)
    assert main(["forget", ID]) == 0
    assert nothing_left()
    assert not (home() / "cache.sqlite").exists()


@pytest.mark.usefixtures("seen")
def test_a_cache_that_is_in_use_is_said_before_anything_goes(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr("imgret.care.forget.sqlite3.connect", lambda file, timeout: connect(file, timeout=0.1))
    before = state(home())
    other = connect(home() / "cache.sqlite")
    other.execute("BEGIN EXCLUSIVE")
    assert main(["forget", ID]) == 2
    other.close()
    assert "when no run is using it" in capsys.readouterr().err
    assert state(home()) == before


@pytest.mark.parametrize("last", ["matrices/*.npy", "derived/*.npy", "features/*/*.safetensors", "cache.sqlite"])
def test_stopped_on_the_way_the_same_again_goes_on(last: str, seen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the file is gone, and known by its path alone."""
    from imgret.care import forget

    (seen / "link" / "one.png").unlink()
    stop_at = sorted(home().glob(last))[0]
    remove, from_shard, from_cache = forget._remove, forget._from_shard, forget._from_cache

    def stopped(file: Path, dry: bool) -> None:
        if file == stop_at and not dry:
            raise KeyboardInterrupt

    def one(file: Path, dry: bool) -> int:
        stopped(file, dry)
        return remove(file, dry)

    def shard(folder: Path, file: Path, ids: Any, dry: bool) -> int:
        stopped(file, dry)
        return from_shard(folder, file, ids, dry)

    def cache(file: Path, ids: Any, paths: Any, dry: bool) -> int:
        stopped(file, dry)
        return from_cache(file, ids, paths, dry)

    with monkeypatch.context() as patch:
        patch.setattr(forget, "_remove", one)
        patch.setattr(forget, "_from_shard", shard)
        patch.setattr(forget, "_from_cache", cache)
        assert main(["forget", str(seen / "link" / "one.png")]) == 130
    assert main(["forget", str(seen / "link" / "one.png")]) == 0
    assert nothing_left()


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize("file", ["store.json", "features/*/set.json"])
def test_what_a_newer_imgret_wrote_is_left_to_it(file: str, capsys: Any) -> None:
    newer = sorted(home().glob(file))[0]
    newer.write_text(json.dumps({"schema": 99, "imgret": "9.0.0"}))
    before = state(home())
    assert main(["forget", ID]) == 4
    assert "was written by imgret 9.0.0" in capsys.readouterr().err
    assert state(home()) == before


def test_a_folder_is_forgotten_with_what_its_links_lead_to(seen: Path) -> None:
    (seen / "itself").symlink_to(seen, target_is_directory=True)
    (home() / "cache.sqlite").unlink()
    assert main(["forget", str(seen)]) == 0
    assert nothing_left()


def test_a_file_that_is_gone_is_known_by_another_spelling_of_its_path(seen: Path, tmp_path: Path) -> None:
    (tmp_path / "as typed").symlink_to(seen, target_is_directory=True)
    (seen / "link" / "one.png").unlink()
    assert main(["forget", str(tmp_path / "as typed" / "link")]) == 0
    assert nothing_left()


@pytest.mark.usefixtures("seen")
def test_what_a_killed_writer_left_goes_as_well(capsys: Any) -> None:
    for shard in home().glob("features/*/*.safetensors"):
        left = shard.with_name(f".{shard.name}.0123456789ab.tmp")
        shutil.copy(shard, left)
        os.utime(left, (time.time() - 90_000,) * 2)
    assert main(["forget", ID, "--dry"]) == 0
    assert left.exists()
    assert main(["forget", ID]) == 0
    assert "1 temporary file" in capsys.readouterr().out
    assert nothing_left()


def test_the_mark_of_a_lost_worker_goes_with_the_thumbnail(tmp_path: Path) -> None:
    """Its name is the image's id."""
    names = [f"thumbnails/1/{id[:2]}/{id}.{kind}" for id in (ID, "0" * 64) for kind in ("jpg", "lost")]
    root = write(tmp_path / "s", dict.fromkeys(names, b""))
    assert forget(root, [ID], []) == {"thumbnails": 2}
    assert sorted(state(root)) == names[2:]


@pytest.mark.parametrize("kind", ["features", "attributes"])
def test_others_are_lost_at_no_moment(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written again without an image is in place before the old file goes: here it never gets there."""
    ids, root = [f"{number:064x}" for number in range(3)], tmp_path / "s"
    if kind == "features":
        Store(root).features({"backbone": "x"}).add(ids, np.eye(3, dtype=np.float32))
    else:
        write(root, {"attributes/x/old.json": json.dumps(dict.fromkeys(ids, 1)).encode()})
    before = state(root)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        with pytest.raises((UsageError, OSError), match="No space left on device"):
            forget(root, ids[:1], [])
    assert state(root) == before
    assert sum(forget(root, ids[:1], []).values()) == 1
    if kind == "features":
        np.testing.assert_array_equal(Store(root).features({"backbone": "x"}).rows(ids[1:]), np.eye(3)[1:])
    else:
        (left,) = root.glob("attributes/x/*.json")
        assert json.loads(left.read_bytes()) == dict.fromkeys(ids[1:], 1)


@pytest.mark.usefixtures("photos")
@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), MemoryError()])
@pytest.mark.parametrize("kind", ["shard", "attributes"])
def test_a_file_that_only_could_not_be_opened_is_kept(
    kind: str, error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Others' features are in it, and it is whole for all that is known."""

    def refuse(*_: Any) -> None:
        raise error

    before = state(home())
    if kind == "shard":
        monkeypatch.setattr("imgret.care.forget.read_shard", refuse)
    else:
        monkeypatch.setattr("imgret.care.forget.json", SimpleNamespace(loads=refuse))
    assert main(["forget", "0" * 64]) == 2
    why = "Permission denied" if isinstance(error, OSError) else "MemoryError"
    assert f"cannot be opened: {why}\ntype the same again when it can be\n" in capsys.readouterr().err
    assert state(home()) == before


def test_what_killed_writers_left_is_forgotten_as_well(photos: Path) -> None:
    id = hashlib.sha256((photos / "sub" / "x.png").read_bytes()).hexdigest()
    needles = [id.encode(), bytes.fromhex(id)]
    held = [f for f in home().rglob("*") if f.is_file() and (f.name in traces(needles) or id in f.name)]
    held = [f for f in held if f.suffix != ".sqlite"]
    assert {f.suffix for f in held} == {".safetensors", ".json", ".jpg"}
    for file in [*held, one("matrices/*.npy")]:  # a matrix does not say which images it has
        shutil.copy(file, file.with_name(f".{file.name}.0123456789ab.tmp"))
    other = one("thumbnails/*/*/*.jpg").with_name(".other.jpg.0123456789ab.tmp")
    other.write_bytes(b"of another image")
    assert main(["forget", id, "--dry"]) == 0
    assert len(list(home().rglob(".*.tmp"))) == len(held) + 2
    assert main(["forget", id]) == 0
    assert traces(needles) == []
    assert list(home().rglob(".*.tmp")) == [other]


@pytest.mark.usefixtures("photos")
def test_attributes_that_no_reader_takes_go() -> None:
    file = one("attributes/*/*.json")
    file.write_text("[" * 99_999)
    assert main(["forget", "0" * 64]) == 0
    assert not file.exists()


def test_a_file_that_cannot_be_read_is_told_of(
    photos: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(file: Path) -> str:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr("imgret.care.forget.sha256", refuse)
    with caplog.at_level("WARNING", "imgret"):
        chosen([str(photos / "sub")], home())
    assert f"{photos / 'sub' / 'x.png'}: Permission denied; it is forgotten by its path only" in caplog.text
