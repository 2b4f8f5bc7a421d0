"""What imgret wrote, imgret reads: every table and every folder that it exports is a collection again."""

from pathlib import Path

import pytest

import imgret
from imgret import Run
from imgret.__main__ import main
from tests.conftest import png, write

QUICK = {"backbone": "pixels", "view": "pca", "reports": [], "attributes": [], "metrics": ["agreement"], "k": 2}
COLOURS = {"re,d": (240, 9, 9), 'bl"ue é': (9, 9, 240)}


@pytest.fixture
def first(tmp_path: Path) -> Run:
    """Ten pictures of two labels, with a duplicate, a text, and a name that a table has to quote."""
    shots = {
        f"{label}/{i}.png": png(c, noise=i + 20 * (label > "c") + 1) for label, c in COLOURS.items() for i in range(5)
    }
    twin = {"re,d/twin, of 0.png": shots["re,d/0.png"], "re,d/note.txt": b"no image"}
    return imgret.run(write(tmp_path / "in", {**shots, **twin}), **QUICK)


def _known(run: Run) -> dict[str, str]:
    """The label of each image, by its bytes."""
    return {id: run.truth_names[code] for id, code in zip(run.ids, run.truth.tolist(), strict=True)}


def test_its_own_table(first: Run) -> None:
    again = imgret.run(first.folder / "items.csv", **QUICK)
    assert _known(again) == _known(first)
    assert (again.labels == first.labels).all()
    assert (first.features == again.features).all()
    assert again.collection.outcomes["duplicate"] == 1


@pytest.mark.parametrize("format", ["csv", "parquet", "imagefolder", "folders", "coco"])
@pytest.mark.parametrize("copy", [True, False], ids=["copies", "links"])
def test_exports(format: str, copy: bool, first: Run) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow")
    name = {"csv": "out.csv", "parquet": "out.parquet"}.get(format, "out")
    assert main(["export", format, name, *["--copy"] * copy]) == 0
    table = {"imagefolder": "out/train/metadata.csv"}.get(format, name)
    if format in ("csv", "parquet"):  # beside the images, as a manifest lies
        Path(name).rename(Path(first.info.root, name))
        table = str(Path(first.info.root, name))
    again = imgret.run(table, **QUICK)
    assert again.ids == first.ids
    assert (again.features == first.features).all()
    if format in ("csv", "parquet", "imagefolder"):
        assert _known(again) == _known(first)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_that_another_program_has_saved_again(first: Run, encoding: str, separator: str) -> None:
    import csv

    with (first.folder / "items.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    file = Path(first.info.root, "saved.csv")
    with file.open("w", newline="", encoding=encoding) as stream:
        csv.writer(stream, delimiter=separator).writerows(rows)
    assert _known(imgret.run(file, **QUICK)) == _known(first)
