"""doctor beside others: it changes nothing where it only looks, leaves what is newer, and a run may be at work."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret.__main__ import main
from imgret.care.runcheck import RunCheck
from imgret.runs.run import Run
from imgret.store.store import home
from tests.care.conftest import damage, doctor, one, state
from tests.conftest import png, write
from tests.runs.test_run import seal

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


def _nan(array: Any) -> Any:
    array = array.copy()
    array.flat[-1] = np.nan
    return array


@pytest.mark.parametrize(
    ("name", "spoilt", "said"),
    [
        ("features.npy", _nan, "features.npy holds non-finite values"),
        ("view.npy", _nan, "view.npy holds non-finite values"),
        ("mean.npy", lambda array: array.astype(np.float64), "ValueError: mean.npy holds float64"),
        ("labels.npy", lambda array: array[1:], "ValueError: labels.npy holds int64"),
        ("labels.npy", lambda array: array[::-1], "items.csv has other clusters than labels.npy"),
        ("features.npy", lambda array: np.array([array.tolist(), {}], object), "holds no array: ValueError"),
    ],
)
def test_what_query_does_not_open_is_told_whatever_its_digest(
    name: str, spoilt: Callable[[Any], Any], said: str, run: Path, capsys: Any
) -> None:
    array = spoilt(np.load(run / name))
    (run / name).unlink()  # features.npy is a link to the store's
    np.save(run / name, array, allow_pickle=True)
    seal(run)
    before = state(run)
    code, lines = doctor(capsys, str(run))
    assert (code, len(lines)) == (4, 1)
    assert said in lines[0]
    assert lines[0].endswith("the run has to be made again")
    assert state(run) == before
    refused = main(["query", "0.png", "--run", str(run)])
    assert refused == (0 if "other clusters" in said else 4)
    assert ("doctor" in capsys.readouterr().err) == bool(refused)


def test_all_is_looked_at_before_anything_is_changed(run: Path, tmp_path: Path, capsys: Any) -> None:
    """One file is a link, another lies in a folder that is one: neither is taken away."""
    yours = write(tmp_path / "yours", {"map.png": b"mine", "thumbs/aa/0.jpg": b"mine"})
    (run / "map.png").unlink()
    (run / "map.png").symlink_to(yours / "map.png")
    shutil.rmtree(run / "thumbs")
    (run / "thumbs").symlink_to(yours / "thumbs")
    before = sorted(run.rglob("*"))
    code, lines = doctor(capsys, str(run))
    assert code == 4
    assert len(lines) >= 2
    assert all("leads out of its folder" in line or "not written by imgret" in line for line in lines)
    assert (run / "map.png").is_symlink()
    assert sorted(run.rglob("*")) == before
    assert {file.read_bytes() for file in yours.rglob("*.*")} == {b"mine"}
    (run / "thumbs").unlink()
    (run / "report.html").unlink()
    (run / "report.html").mkdir()
    assert doctor(capsys, str(run))[0] == 4
    assert (run / "map.png").is_symlink()


def test_a_view_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """A run from elsewhere may ask for a billion iterations."""
    photos = write(tmp_path / "in", {f"{n}.png": png((20 * n, 90, 200), noise=n + 1) for n in range(12)})
    run = imgret.run(photos, backbone="pixels", view="pca", k=2, reports=[]).folder
    (run / "view.npy").unlink()
    info = json.loads((run / "run.json").read_text())
    info["config"]["view"] = {"name": "tsne", "n_iter": 10**9}
    (run / "run.json").write_text(json.dumps(info))
    monkeypatch.setattr("imgret.care.runcheck.VIEW", 2)
    code, lines = doctor(capsys, str(run))
    assert code == 4
    assert [line.partition("; ")[2] for line in lines] == ["no result after 2 s; the run has to be made again"]
