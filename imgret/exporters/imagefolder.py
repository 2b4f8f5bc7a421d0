"""A data set as `datasets.load_dataset("imagefolder", data_dir=OUT)` reads it.

    OUT/train/cluster_007/1.jpg ...
    OUT/train/metadata.csv        file_name, relative to its own folder, and the columns of items.csv

https://huggingface.co/docs/datasets/image_dataset#imagefolder
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from imgret.exporters.folders import farewell, place
from imgret.findings.tables import table
from imgret.runs.run import Run
from imgret.store.files import write_csv
from imgret.words import counted

TAKEN = {"file_name", "image"}  # columns that have a meaning there


def write(run: Run, out: Path, copy: bool, places: Sequence[int]) -> list[str]:
    train = out / "train"
    train.mkdir(parents=True)
    placed, gone = place(run, train, copy, places)
    columns = table(run)
    header = ["file_name"]
    for name in columns:
        while name in TAKEN or name in header:
            name += "_"
        header.append(name)
    rows = [(name, *(values[at] for values in columns.values())) for at, name in placed.items()]
    write_csv(train / "metadata.csv", header, rows)
    return [f"{counted(len(placed), 'image')} and train/metadata.csv", *farewell(gone)]
