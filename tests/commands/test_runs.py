"""`imgret runs`: each run of a folder in a line, a damaged one too."""

import json
import os
import shutil
from typing import Any

import pytest

from imgret import Run
from imgret.__main__ import main


def test_what_cannot_be_read_of_a_run_is_said(run: Run, capsys: Any) -> None:
    forged = run.folder.parent / "2000-01-01_000000-forged"
    shutil.copytree(run.folder, forged)
    said = json.loads((forged / "run.json").read_text())
    (forged / "run.json").write_text(json.dumps({**said, "config": {**said["config"], "typed": 3}}))
    capsys.readouterr()
    assert main(["runs"]) == 0
    reason = "config.typed in run.json is not list: 3"
    assert f"-forged  cannot be read: ValueError: {reason}\n" in capsys.readouterr().out
    for words in (["sweep-k", "--run", str(forged)], ["--from", str(forged)]):
        assert main(words) in (2, 4)
        assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("metrics.json", '{"nmi": "high"}'),
        ("metrics.json", '{"nmi": null}'),
        ("metrics.json", "[]"),
        ("run.json", "[" * 100_000),
        ("run.json", '{"title": "x", "outcomes": []}'),
        ("run.json", '{"title": "x", "outcomes": {"ok": "all"}}'),
        ("run.json", ""),
    ],
)
def test_a_damaged_run_hides_no_other(run: Run, file: str, text: str, capsys: Any) -> None:
    shutil.copytree(run.folder, run.folder.parent / "2000-01-01_000000-damaged")
    (run.folder.parent / "2000-01-01_000000-damaged" / file).write_text(text)
    capsys.readouterr()
    assert main(["runs"]) == 0
    whole, damaged = capsys.readouterr().out.splitlines()
    assert "24 images  clusters 3  noise 0" in whole
    assert "2000-01-01_000000-damaged  cannot be read: " in damaged


def test_of_runs_that_began_in_one_second_the_last_written_comes_first(run: Run, capsys: Any) -> None:
    out = run.folder.parent
    for name, nanoseconds in (("fffff", 1), ("aaaaa", 3), ("ccccc", 2)):
        folder = out / f"2000-01-01_000000-{name}"
        shutil.copytree(run.folder, folder)
        os.utime(folder / "run.json", ns=(nanoseconds, nanoseconds))
    capsys.readouterr()
    assert main(["runs"]) == 0
    shown = [line.split("  ")[0][-5:] for line in capsys.readouterr().out.splitlines()]
    assert shown == [run.folder.name[-5:], "aaaaa", "ccccc", "fffff"]


def test_runs_in_folders_as_typed(capsys: Any) -> None:
    os.mkdir("~out")
    assert main(["runs", "~out"]) == 0
    for name in ("a" * 300, "~nouser/x"):
        assert main(["runs", name]) == 2
        assert "does not exist" in capsys.readouterr().err
