"""doctor beside others: it changes nothing where it only looks, leaves what is newer, and a run may be at work."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imgret.__main__ import main
from imgret.care.runcheck import RunCheck
from imgret.runs.run import Run
from imgret.store.store import home
from tests.care.conftest import damage, doctor, one, state
from tests.conftest import write

ARRAYS = ("features.npy", "view.npy")


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


def test_what_others_are_made_from_is_mended_first(run: Path) -> None:
    for name in ("map.png", "view.npy", "features.npy"):
        (run / name).unlink()
    (run / "notes.txt").write_text("mine")
    found = []
    for fault in RunCheck(run, home()).faults():
        found.append((fault.kind, fault.file.name))
        if fault.mend:
            fault.mend()
    wanted = [("damaged", "features.npy"), ("damaged", "view.npy"), ("damaged", "map.png"), ("unknown", "notes.txt")]
    assert found == wanted
    assert [fault.file.name for fault in RunCheck(run, home()).faults()] == ["notes.txt"]


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


def _gone(file: Path) -> None:
    file.unlink()


@pytest.mark.usefixtures("photos")
@pytest.mark.parametrize("harm", [damage, _gone])
def test_a_run_s_arrays_come_back_as_the_very_bytes(harm: Callable[[Path], None], capsys: Any) -> None:
    run = Path("runs/latest").resolve()
    before = state(run)
    for name in ("features.npy", "labels.npy", "mean.npy", "view.npy"):
        harm(run / name)
    assert main(["query", "1.png"]) == 4
    code, lines = doctor(capsys)
    assert (code, len(lines)) == (0, 4)
    assert all(line.endswith("made again, the same bytes") for line in lines)
    assert state(run) == before
    assert main(["query", "1.png"]) == 0


@pytest.mark.usefixtures("photos")
def test_pictures_are_drawn_again(capsys: Any) -> None:
    run = Path("runs/latest").resolve()
    names = ["map.png", "report.html", "clusters.csv"]
    damage(run / names[0])
    damage(run / names[1])
    (run / names[2]).unlink()
    code, lines = doctor(capsys)
    assert (code, len(lines)) == (0, 3)
    info = json.loads((run / "run.json").read_text())
    for name in names:
        assert info["digests"][name] == hashlib.sha256((run / name).read_bytes()).hexdigest()
    assert doctor(capsys) == (0, [])
    assert Run.load(run).metrics


def test_a_picture_of_a_run_that_cannot_be_read_is_left_with_one_reason(photos: Path, capsys: Any) -> None:
    folder = Path("runs/latest").resolve()
    (folder / "map.png").unlink()
    with (folder / "items.csv").open("a") as table:
        table.write("x\n")
    code, lines = doctor(capsys)
    said = next(line for line in lines if "map.png" in line)
    reason = "ValueError: items.csv has a row that is shorter or longer than its header"
    assert (code, said.endswith(f"could not be mended: {folder} is not a whole run: {reason}")) == (4, True)
    assert main(["query", "0.png"]) == 4
    name = folder.relative_to(Path.cwd())
    assert capsys.readouterr().err.endswith(f"see what can be mended: python -m imgret doctor {name}\n")
