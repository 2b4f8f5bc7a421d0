"""The folder of a run: whole or not at all, and rid of what killed runs have left beside it."""

import os
from pathlib import Path

import pytest

from imgret.errors import UsageError
from imgret.runs.write import make_out, new_folder, whole


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "out", "-kind")
    assert folder.name.endswith("-kind")

    def fill(fail: bool) -> None:
        with whole(folder) as temporary:
            (temporary / "a").touch()
            if fail:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fill(fail=True)
    assert list((tmp_path / "out").iterdir()) == []
    fill(fail=False)
    assert [file.relative_to(tmp_path / "out").as_posix() for file in folder.iterdir()] == [f"{folder.name}/a"]
    with pytest.raises(UsageError, match="type out=FOLDER"), whole(folder / "a" / "b"):
        pass


def test_what_killed_runs_left_goes_after_a_day_and_nothing_of_others_does(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    left = [f".{new_folder(out, kind).name}.tmp" for kind in ("", "-sweep")]
    others = ["2020-01-01_000000-abcdef", ".2020-01-01.tmp", ".theirs.0123456789ab.tmp", "latest"]
    for name in [*left, *others]:
        (out / name).mkdir()
        (out / name / "run.json").touch()
        os.utime(out / name, (1, 1))
    live = out / f".{new_folder(out).name}.tmp"
    live.mkdir()
    assert make_out({"out": str(out)}) == out
    assert {path.name for path in out.iterdir()} == {*others, live.name}
