"""Whether a store is as it was written: damage is named and made again, what is newer or no one's is left."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from imgret.__main__ import main
from imgret.care.storecheck import StoreCheck
from imgret.store.store import home
from tests.care.conftest import QUICK, damage, doctor, one, state
from tests.conftest import write


@pytest.mark.parametrize(
    ("pattern", "says"),
    [("features/*/*.safetensors", "set aside; its images are computed again"), ("matrices/*.npy", "removed"),
     ("derived/*.npy", "removed"), ("attributes/*/*.json", "removed"), ("features/*/set.json", "set aside")],
)  # fmt: skip
def test_damage_in_the_store_is_named_and_made_again(pattern: str, says: str, photos: Path, capsys: Any) -> None:
    wanted = state(Path("runs/latest"))
    file = one(pattern)
    damage(file)
    code, lines = doctor(capsys, "--dry")
    assert code == 4
    assert file.exists()
    code, lines = doctor(capsys)
    assert code == 0
    assert [line for line in lines if file.name in line and says in line]
    assert not file.exists() or file.name == "set.json"
    assert doctor(capsys)[0] == 0
    assert main([str(photos), *QUICK]) == 0
    for name in ("items.csv", "metrics.json", "features.npy", "labels.npy", "view.npy", "mean.npy"):
        assert (Path("runs/latest") / name).read_bytes() == wanted[name]
    assert doctor(capsys) == (0, [])


@pytest.mark.usefixtures("photos")
def test_what_matplotlib_keeps_there_is_its_own(capsys: Any) -> None:
    write(home() / "matplotlib", {"fontlist-v0.json": b"{}"})
    assert doctor(capsys) == (0, [])


def test_thumbnails_caches_and_strangers(photos: Path, capsys: Any) -> None:
    thumbnail = one("thumbnails/*/*/*.jpg")
    thumbnail.write_bytes(thumbnail.read_bytes()[:-9])
    (home() / "cache.sqlite").write_bytes(b"no base" * 999)
    write(home(), {"mine.txt": b"a note", ".old.0123456789ab.tmp": b"half", ".new.0123456789ab.tmp": b"half"})
    os.utime(home() / ".old.0123456789ab.tmp", (time.time() - 90_000,) * 2)
    code, lines = doctor(capsys)
    assert code == 0
    assert [line.split()[0] for line in lines] == ["left", "damaged", "unknown", "damaged"]
    assert not thumbnail.exists()
    assert (home() / "mine.txt").read_bytes() == b"a note"
    assert (home() / ".new.0123456789ab.tmp").exists()  # it may be in use
    assert not (home() / ".old.0123456789ab.tmp").exists()
    assert main([str(photos), *QUICK]) == 0
    assert [line.split()[0] for line in doctor(capsys)[1]] == ["unknown"]


@pytest.mark.usefixtures("run")
def test_a_newer_set_of_features_is_left_alone(capsys: Any) -> None:
    held, shard = one("features/*/set.json"), one("features/*/*.safetensors")
    held.write_text(json.dumps({"schema": 99}))
    shard.write_bytes(b"as a newer imgret has it")
    code, lines = doctor(capsys)
    assert (code, [line.split("; ")[-1] for line in lines]) == (4, ["left alone"])
    assert shard.exists()


@pytest.mark.usefixtures("run")
def test_what_comes_and_goes_under_doctor_s_eyes(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    journal = home() / "cache.sqlite-journal"
    look = StoreCheck._file

    def late(check: StoreCheck, file: Path) -> Any:
        journal.unlink(missing_ok=True)
        return look(check, file)

    journal.touch()
    monkeypatch.setattr(StoreCheck, "_file", late)
    assert doctor(capsys) == (0, [])
    pipe = one("matrices/*.npy").with_name(f"{'0' * 32}.npy")
    os.mkfifo(pipe)
    code, lines = doctor(capsys)
    assert (code, len(lines), pipe.name in lines[0]) == (0, 1, True)
