"""The format csv: the run's own table."""

import csv
from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret import Run
from imgret.__main__ import main
from imgret.exporters.csv import harmless
from imgret.store.files import write_csv
from tests.conftest import png, write


def test_it_is_the_table_of_items(run: Run) -> None:
    place = Path(run.info.root, "t.csv")
    assert main(["export", "csv", str(place)]) == 0
    assert place.read_bytes() == (run.folder / "items.csv").read_bytes()


def test_elsewhere_it_says_where_the_files_lie(run: Run) -> None:
    assert main(["export", "csv", "t.csv"]) == 0
    with Path("t.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0])[-1] == "file"
    assert {row["path"]: row["file"] for row in rows if row["file"]} == {
        item.path: item.file for item in run.collection.items if item.path != "a/note.txt"
    }


@pytest.mark.parametrize(
    "cell", ["=cmd|' /C calc'!A0", "+1+cmd", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\uff1d1", "+49 170 1", "-"]
)
def test_a_formula_is_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "-1", "+3.5", "-.5e-3", "1e5", "a=b", "'x", "2021-06-01", "写真"])
def test_numbers_and_plain_texts_stay_what_they_are(cell: str) -> None:
    assert harmless(cell) == cell


def test_a_table_for_spreadsheets(tmp_path: Path, capsys: Any) -> None:
    names = ["=1+1.png", "@b.png", "c.png"]
    write(tmp_path / "in", {name: png((60 * n, 9, 9), noise=n + 1) for n, name in enumerate(names)})
    write_csv(tmp_path / "in" / "l.csv", ["path", "+a", "price"], [[name, "-x", "-3"] for name in names])
    imgret.run(tmp_path / "in" / "l.csv", backbone="pixels", view="pca", k=1, reports=[])
    assert main(["export", "csv", "t.csv", "--for-spreadsheets"]) == 0
    assert Path("t.csv").read_bytes().startswith("\ufeffpath,".encode())
    with Path("t.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["path"] for row in rows] == ["'=1+1.png", "'@b.png", "c.png"]
    assert {(row["'+a"], row["price"]) for row in rows} == {("'-x", "-3")}
    assert all(float(row["x"]) is not None for row in rows)
    assert main(["export", "parquet", "t.parquet", "--for-spreadsheets"]) == 2
    assert "type export csv" in capsys.readouterr().err
