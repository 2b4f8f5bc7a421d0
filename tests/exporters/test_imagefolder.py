"""The format imagefolder: a file for each row of its metadata, and columns set apart."""

import csv
from pathlib import Path
from typing import Any

import pytest

from imgret import Run
from imgret.__main__ import main
from imgret.exporters import imagefolder


def test_each_row_of_the_metadata_has_its_file(run: Run) -> None:
    assert main(["export", "imagefolder", "out"]) == 0
    with open("out/train/metadata.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["path"] for row in rows] == [
        i.path for i, r in zip(run.collection.items, run.collection.rows, strict=True) if r >= 0
    ]
    assert all((Path("out/train") / row["file_name"]).is_file() for row in rows)


@pytest.mark.parametrize(
    ("theirs", "header"),
    [
        (["file_name", "file_name_", "image"], ["file_name", "path", "file_name_", "file_name__", "image_"]),
        (["file_name_", "image_", "file_name", "image"],
         ["file_name", "path", "file_name_", "image_", "file_name__", "image__"]),
    ],
)  # fmt: skip
def test_columns_of_an_imagefolder_are_set_apart(
    theirs: list[str], header: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader by name, as `datasets` is, would lose one of two columns of one name."""
    monkeypatch.setattr(imagefolder, "place", lambda run, train, copy, places: ({1: "cluster_000/1.jpg"}, 0))
    monkeypatch.setattr(imagefolder, "table", lambda run: {name: ["", name] for name in ["path", *theirs]})
    run: Any = None
    imagefolder.write(run, Path("out"), False, [])
    with open("out/train/metadata.csv", newline="") as stream:
        assert list(csv.reader(stream)) == [header, ["cluster_000/1.jpg", "path", *theirs]]
