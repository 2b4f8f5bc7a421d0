"""The format csv: the run's own table."""

import csv
from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret import Run
from imgret.__main__ import main
from imgret.errors import StoreDamaged
from imgret.exporters.csv import harmless
from imgret.findings.names import names
from imgret.store.files import write_csv
from tests.conftest import png, write


def test_it_is_the_table_of_items_with_names(run: Run) -> None:
    place = Path(run.info.root, "t.csv")
    assert main(["export", "csv", str(place)]) == 0
    with place.open(newline="") as stream, (run.folder / "items.csv").open(newline="") as items:
        header, *rows = csv.reader(stream)
        at = header.index("cluster") + 1
        assert header[at] == "cluster_name"
        called = names(run)
        assert {(row[at - 1], row[at]) for row in rows} == {
            ("", ""),
            *((str(c), name) for c, name in enumerate(called)),
        }
        assert [row[:at] + row[at + 1 :] for row in (header, *rows)] == list(csv.reader(items))


def test_the_table_of_a_manifest_can_be_laid_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "in", {f"{n}.png": png((60 * n, 9, 9), noise=n + 1) for n in range(4)})
    text = 'SKU;path;line\nS3;3.png;x\n"S\n0";0.png;y\nS9;;z\nS2;2.png;v\nS7;7.png;w\n'  # of which one has no path
    (tmp_path / "in" / "l.csv").write_text(text)
    run = imgret.run(tmp_path / "in" / "l.csv", backbone="pixels", view="pca", k=1, reports=[])
    items = (run.folder / "items.csv").read_text()
    assert items.startswith("path,")
    assert "line_" not in items
    assert main(["export", "csv", "t.csv"]) == 0  # of the run as it is read again
    with Path("t.csv").open(newline="") as stream:
        found = {row["SKU"]: (row["line"], row["line_"], row["cluster"]) for row in csv.DictReader(stream)}
    assert found == {"S3": ("x", "2", "0"), "S\n0": ("y", "3", "0"), "S2": ("v", "6", "0"), "S7": ("w", "7", "")}
    file = run.folder / "lines.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"\1")
    with pytest.raises(StoreDamaged, match=r"lines\.npy is not"):
        Run.load(run.folder)


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
