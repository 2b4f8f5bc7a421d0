"""doctor beside others: it changes nothing where it only looks, leaves what is newer, and a run may be at work."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from imgret.__main__ import main
from imgret.care.storecheck import StoreCheck
from imgret.store.store import home
from tests.commands.test_doctor import PICTURES, QUICK, damage, doctor, one, state
from tests.conftest import write

ARRAYS = ("features.npy", "view.npy")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("imgret.store.store.WORTH_KEEPING", -1.0)
    assert main([str(write(tmp_path / "in", PICTURES)), *QUICK]) == 0
    return Path("runs/latest").resolve()


@pytest.mark.parametrize("harmed", ["features/*/*.safetensors", "derived/*.npy", "store.json", ""])
def test_looking_changes_nothing(harmed: str, run: Path, capsys: Any) -> None:
    if harmed:
        damage(one(harmed))
    else:
        shutil.rmtree(home() / "derived")
    for name in ARRAYS if "features" in harmed else ARRAYS[1:]:
        (run / name).unlink()
    before = state(home())
    code, lines = doctor(capsys, "--dry")
    assert code == 4
    assert sum("would be made again" in line for line in lines) == (0 if "features" in harmed else 1)
    assert state(home()) == before


@pytest.mark.parametrize("label", [b'{"schema": 99}', b"{", b'{"schema": 1}', b'{"schema": 1, "recipe": []}'])
def test_a_set_that_cannot_be_read_hides_no_other(label: bytes, run: Path, capsys: Any) -> None:
    wanted = (run / "features.npy").read_bytes()
    write(home() / "features" / ("0" * 32), {"set.json": label})
    (run / "features.npy").unlink()
    assert any("made again, the same bytes" in line for line in doctor(capsys, str(run))[1])
    assert (run / "features.npy").read_bytes() == wanted


def test_features_come_from_several_shards_past_a_damaged_one(run: Path, capsys: Any) -> None:
    from imgret.care.storecheck import read_shard
    from imgret.store.store import write_shard

    wanted = (run / "features.npy").read_bytes()
    whole = one("features/*/*.safetensors")
    raw, features = read_shard(whole)
    ids = [each.tobytes().hex() for each in raw]
    write_shard(whole.parent, ids[:3], features[:3])
    write_shard(whole.parent, ids[2:], features[2:])
    damage(whole)
    (run / "features.npy").unlink()
    assert doctor(capsys)[0] == 0
    assert (run / "features.npy").read_bytes() == wanted


@pytest.mark.usefixtures("run")
def test_a_newer_set_of_features_is_left_alone(capsys: Any) -> None:
    held, shard = one("features/*/set.json"), one("features/*/*.safetensors")
    held.write_text(json.dumps({"schema": 99}))
    shard.write_bytes(b"as a newer imgret has it")
    code, lines = doctor(capsys)
    assert (code, [line.split("; ")[-1] for line in lines]) == (4, ["left alone"])
    assert shard.exists()


@pytest.mark.usefixtures("run")
def test_freeing_beside_a_run_at_work(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    shutil.rmtree("runs")
    stat = Path.stat

    def renamed(file: Path, **how: Any) -> Any:
        if file.suffix in (".npy", ".tmp"):
            raise FileNotFoundError(2, "No such file or directory", str(file))
        return stat(file, **how)

    def busy(folder: Path) -> None:
        raise OSError(39, "Directory not empty", str(folder))

    write(one("features/*"), {".half.tmp": b"half"})
    monkeypatch.setattr(Path, "stat", renamed)
    assert main(["doctor", "--gc", "features", "--dry"]) == 0
    monkeypatch.setattr("imgret.care.gc.shutil.rmtree", busy)
    assert main(["doctor", "--gc", "features", "--yes"]) == 2
    said = capsys.readouterr().err
    assert "cannot be freed: Directory not empty\ntype the same again when no run is using it" in said


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
