"""The format parquet: the table and the features, whatever a manifest calls its columns."""

import os
from pathlib import Path

import pytest

import imgret
from imgret import Run
from imgret.__main__ import main
from imgret.findings.tables import table


def test_parquet(run: Run) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    assert main(["export", "parquet", "t.parquet"]) == 0
    found = pq.read_table("t.parquet").to_pydict()
    text = table(run)
    assert found["path"] == text["path"]
    assert found["cluster"] == [int(c) if c else None for c in text["cluster"]]
    rows = run.collection.rows
    assert found["features"] == [run.features[row].tolist() if row >= 0 else None for row in rows]


def test_names_of_columns_are_whatever_a_manifest_says(root: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    name = os.fsdecode(b"\xff.png")
    (root / "a" / "0.png").rename(root / name)
    (root / "list.csv").write_bytes(b"path,a\xffb\n\xff.png,x\xff\na/1.png,y\n")
    imgret.run(root / "list.csv", backbone="pixels", view="pca", reports=[], k=2)
    assert main(["export", "parquet", "t.parquet"]) == 0
    assert pq.read_table("t.parquet").to_pydict()[r"a\udcffb"] == ["y", r"x\udcff"]
