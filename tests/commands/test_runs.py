"""`imgret runs`: each run of a folder in a line, a damaged one too."""

import os
import shutil
from typing import Any

import pytest

from imgret import Run
from imgret.__main__ import main


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
    shutil.copytree(run.folder, run.folder.parent / "2000-damaged")
    (run.folder.parent / "2000-damaged" / file).write_text(text)
    capsys.readouterr()
    assert main(["runs"]) == 0
    whole, damaged = capsys.readouterr().out.splitlines()
    assert "24 images  clusters 3  noise 0" in whole
    assert "2000-damaged  cannot be read: " in damaged


def test_runs_in_folders_as_typed(capsys: Any) -> None:
    os.mkdir("~out")
    assert main(["runs", "~out"]) == 0
    for name in ("a" * 300, "~nouser/x"):
        assert main(["runs", name]) == 2
        assert "does not exist" in capsys.readouterr().err
