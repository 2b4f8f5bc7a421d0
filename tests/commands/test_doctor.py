"""`imgret doctor`: what is whole is left alone, and what cannot be mended is said."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from imgret.__main__ import main
from imgret.store.store import home
from tests.care.conftest import damage, doctor, state


@pytest.mark.usefixtures("photos")
def test_what_is_whole_is_left_alone(capsys: Any) -> None:
    before = state(home()) | state(Path("runs/latest"))
    assert doctor(capsys) == doctor(capsys, "--dry") == doctor(capsys, "runs/latest") == (0, [])
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.endswith("\nruns      1 run\nfaults    none\n")
    assert state(home()) | state(Path("runs/latest")) == before


@pytest.mark.usefixtures("photos")
def test_what_cannot_be_made_again_is_left_and_said(capsys: Any) -> None:
    run = Path("runs/latest").resolve()
    damage(run / "metrics.json")
    shutil.rmtree(home() / "features")
    (run / "features.npy").unlink()
    (run / "notes.txt").write_text("mine")
    code, lines = doctor(capsys)
    assert code == 4
    assert [line.split(":")[0].split("/")[-1] for line in lines] == ["metrics.json", "features.npy", "notes.txt"]
    assert lines[0].endswith("the run has to be made again")
    assert (run / "notes.txt").read_text() == "mine"
    (run / "run.json").write_text("{")
    assert doctor(capsys)[0] == 4
