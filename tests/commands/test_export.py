"""`imgret export`: what it leaves alone, what it refuses, what it tells."""

from pathlib import Path
from typing import Any

import numpy as np
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


@pytest.mark.parametrize("format", FORMATS)
def test_some_of_a_run_in_every_format(format: str, run: Run, root: Path, capsys: Any) -> None:
    """Of folder a, three images of each cluster: pixels tell the two colours apart, so they are all of one cluster."""
    if format == "parquet":
        pytest.importorskip("pyarrow")
    assert main(["export", format, "out", "--where", "label = a and outcome != unsupported", "--top", "3"]) == 0
    said = capsys.readouterr().out
    if format in ("csv", "parquet"):
        assert "wrote     out: 3 rows" in said
    elif format == "projector":
        assert "wrote     out: 3 distinct images" in said
        assert len(Path("out/tensors.tsv").read_text().splitlines()) == 3
        rows = Path("out/metadata.tsv").read_text().splitlines()[1:]
        assert [row.split("\t")[3] for row in rows] == ["a"] * 3
        np.testing.assert_allclose(
            np.loadtxt("out/tensors.tsv"), run.X[[run.row_of[row.split("\t")[1]] for row in rows]], atol=1e-5
        )
    else:
        assert "wrote     out: 3 images" in said
        files = list(Path("out").rglob("*.png"))
        assert len(files) == 3
        assert all(file.read_bytes() in {f.read_bytes() for f in (root / "a").glob("*.png")} for file in files)


def test_what_cannot_be_exported_leaves_nothing(run: Run, capsys: Any) -> None:
    assert main(["export", "csv", "out.csv", "--where", "label=z"]) == 2
    assert capsys.readouterr().err == "imgret: no image has label=z\nlabel is a, b\n"
    assert main(["export", "csv", "out.csv", "--top", "0"]) == 2
    assert not list(Path().glob("*out.csv*"))
