"""`imgret export`: what it leaves alone, what it refuses, what it tells."""

from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret import Run
from imgret.__main__ import main
from imgret.exporters import FORMATS
from tests.exporters.conftest import pictures


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return pictures(tmp_path / "in")


@pytest.fixture
def run(root: Path) -> Run:
    return imgret.run(root, backbone="pixels", view="pca", reports=[], k=2)


def state(root: Path) -> dict[str, Any]:
    return {str(f): (f.read_bytes(), f.stat().st_mtime_ns) for f in sorted(root.rglob("*")) if f.is_file()}


@pytest.mark.parametrize("format", FORMATS)
def test_originals_stay_and_nothing_is_overwritten(format: str, run: Run, root: Path, capsys: Any) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow")
    before = state(root)
    for more in ([], ["--copy"]):
        assert main(["export", format, f"out{len(more)}", *more]) == 0
        assert capsys.readouterr().out.startswith("wrote     out")
    assert state(root) == before
    assert main(["export", format, "out0"]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    assert not list(Path().glob(".imgret-*"))


def test_what_is_gone_is_counted(run: Run, root: Path, capsys: Any) -> None:
    (root / "a/0.png").unlink()
    assert main(["export", "folders", "out"]) == 0
    assert "1 image of the run is gone or changed" in capsys.readouterr().out
    assert main(["export", "projector", "p"]) == 0
    assert "1 image of the run gone, and blank" in capsys.readouterr().out
