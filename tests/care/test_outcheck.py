"""The folder of runs: `latest`, runs that have lost their run.json, what killed writers have left."""

import os
from pathlib import Path
from typing import Any

import pytest

from imgret.__main__ import main
from imgret.care.outcheck import is_run, runs
from tests.care.conftest import doctor


def _run() -> Path:
    return Path("runs/latest").resolve()


@pytest.mark.usefixtures("photos")
def test_a_latest_that_leads_nowhere_is_made_to_name_the_newest(capsys: Any) -> None:
    run, latest = _run(), Path("runs/latest")
    for leads in (lambda: latest.symlink_to("gone"), lambda: latest.write_text("gone")):
        latest.unlink()
        leads()
        code, lines = doctor(capsys, "--dry")
        assert (code, lines) == (4, [f"damaged   runs/latest: it names no run; would be made to name {run.name}"])
        assert doctor(capsys) == (0, [f"damaged   runs/latest: it names no run; made to name {run.name}"])
        assert _run() == run
        assert doctor(capsys) == (0, [])


@pytest.mark.usefixtures("photos")
def test_a_latest_without_any_run_goes(capsys: Any) -> None:
    (_run() / "run.json").rename("aside")
    for file in sorted(_run().rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    _run().rmdir()
    assert doctor(capsys) == (0, ["damaged   runs/latest: it names no run; removed"])
    assert doctor(capsys) == (0, [])


@pytest.mark.usefixtures("photos")
def test_a_latest_that_is_a_file_with_a_name_is_whole(capsys: Any) -> None:
    name = _run().name
    Path("runs/latest").unlink()
    Path("runs/latest").write_text(name)
    assert doctor(capsys) == (0, [])


@pytest.mark.usefixtures("photos")
def test_a_run_that_has_lost_its_run_json_is_damaged(capsys: Any) -> None:
    run = _run()
    (run / "run.json").unlink()
    assert is_run(run)
    assert runs(Path("runs")) == [run.relative_to(Path.cwd())]
    for words in ((), (str(run),)):
        code, lines = doctor(capsys, *words)
        assert code == 4
        assert any("run.json: there is no file run.json; the run has to be made again" in line for line in lines)


@pytest.mark.usefixtures("photos")
def test_a_folder_that_is_no_run_is_not_taken_for_one(capsys: Any) -> None:
    Path("runs/mine").mkdir()
    Path("runs/mine/notes.txt").touch()
    assert doctor(capsys) == (0, [])
    assert main(["doctor", "runs/mine"]) == 2


@pytest.mark.usefixtures("photos")
def test_what_killed_writers_left_in_runs_goes(capsys: Any) -> None:
    left = [_run() / ".imgret-abcdefgh.tmp", Path("runs/.2026-01-01_000000-abcdef.tmp")]
    for folder in left:
        folder.mkdir()
        (folder / "map.png").touch()
        os.utime(folder, (1, 1))
    code, lines = doctor(capsys)
    assert (code, len(lines)) == (0, 2)
    assert not any(folder.exists() for folder in left)


@pytest.mark.usefixtures("photos")
def test_a_cut_thumbnail_of_the_page_is_drawn_again(capsys: Any) -> None:
    thumbnail = sorted(_run().glob("thumbs/*/*.jpg"))[0]
    whole = thumbnail.read_bytes()
    thumbnail.unlink()  # what it is linked to stays whole
    thumbnail.write_bytes(whole[:20])
    code, lines = doctor(capsys)
    assert (code, len(lines)) == (0, 1)
    assert lines[0].endswith("it is no whole JPEG; drawn again")
    assert thumbnail.read_bytes() == whole
