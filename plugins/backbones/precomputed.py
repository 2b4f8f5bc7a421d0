from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

from imgret import UsageError, register
from imgret.plugin import (
    Backbone,
    Preprocess,
    Vectors,
    digest,
    load_array,
    other_than_utf8,
    printable,
    sha256,
    typed_path,
)


@register("backbone")
def precomputed(vectors: str, ids: str = "", column: str = "") -> Backbone:
    """Features that you have: no network runs. Images are read for their ids and pictures only.

    `vectors` is a `.npy` file (m, d) or a Parquet file with a column of lists, `column`, which need not be named where
    it is the only one. `ids` tells whose a row is: for a `.npy` file a text file with a line for each, for Parquet the
    name of the column. A line is the path or SHA-256 of an image, the name of its file, or what one column of a
    manifest says of it; the way that finds most vectors is taken, and told. Without `ids`, the columns of a Parquet
    file are tried, each as path or SHA-256 and as the manifest's column of its name; the `features.npy` of a run is
    known by the run's items.csv; and any other row i belongs to the i-th item that the source lists, before `limit`.
    Numbers are float16, float32 or float64. New images cannot be searched with.
    """
    import torch

    file = _file("vectors", vectors)
    parts: list[object]
    keys: list[str] | dict[str, list[str]] | None = None
    if _is_parquet(file):
        matrix, keys = _read_parquet(file, ids, column)
        parts = [sha256(file), ids, column]
    else:
        if column:
            raise UsageError(f"backbone.column={column}: {printable(vectors)} is no Parquet file\nleave it out")
        matrix = _read_npy(file)
        parts = [sha256(file)]
        if ids:
            names = _file("ids", ids)
            text = names.read_text(encoding="utf-8-sig", errors="surrogateescape")
            keys = text.removesuffix("\n").split("\n")
            parts.append(sha256(names))
        else:
            keys = _of_run(file)
    shape = f"{matrix.shape[0]} x {matrix.shape[1]}"
    facts = {"model": f"vectors of {file.name}", "vectors": str(file.resolve()), "shape": shape}
    preprocess = Preprocess((16, 16), filter="box")  # the pixels are thrown away
    found = Vectors(matrix, keys, digest(*parts))
    return Backbone(torch.nn.Identity(), preprocess, "that of the vectors", facts, found)


def _file(argument: str, text: str) -> Path:
    file = typed_path(text)
    if not os.path.isfile(file):
        what = "is no file" if os.path.exists(file) else "does not exist"
        raise UsageError(f"backbone.{argument}={printable(text)} {what}\ngive the file with the vectors or their ids")
    with file.open("rb") as stream:
        named = other_than_utf8(stream.read(512), str(file))
    if named and (argument == "ids" or "LFS" in named):  # numbers may look like UTF-16
        raise UsageError(f"backbone.{argument}={printable(text)} {named}")
    return file


def _is_parquet(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(4) == b"PAR1"


def _read_npy(file: Path) -> Any:
    """The matrix (m, d), mapped."""
    import numpy as np

    try:
        matrix = load_array(file, mapped=True)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UsageError(f"{printable(str(file))} is neither a .npy file of numbers nor Parquet: {reason}") from error
    if matrix.ndim != 2 or not matrix.size or matrix.dtype.newbyteorder("=") not in (np.float16, np.float32, float):
        raise UsageError(
            f"{printable(str(file))} holds {matrix.dtype} {matrix.shape}\n"
            "give a matrix (m, d) of float16, float32 or float64, one row an image"
        )
    return matrix


def _of_run(file: Path) -> list[str] | None:
    """The ids of the rows of a run's features.npy, which are those of its distinct images in order; None for others."""
    table = file.parent / "items.csv"
    if file.name != "features.npy" or not table.is_file():
        return None
    with table.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        try:
            return sorted({row["id"] for row in csv.DictReader(stream) if row["outcome"] == "ok"})
        except (KeyError, csv.Error):
            return None


def _read_parquet(file: Path, ids: str, column: str) -> tuple[Any, list[str] | dict[str, list[str]]]:
    """The matrix (m, d) in float32, a missing number as NaN; the column `ids` as text, or all that may be of keys."""
    import numpy as np

    try:
        import pyarrow as pa
        import pyarrow.compute
        import pyarrow.parquet as pq
    except ImportError as error:
        raise UsageError('a Parquet file takes pyarrow\ntype pip install "imgret[parquet]"') from error
    try:
        with pq.ParquetFile(file) as table:
            schema = table.schema_arrow
            lists = [f.name for f in schema if pa.types.is_list(f.type) or pa.types.is_large_list(f.type)
                     or pa.types.is_fixed_size_list(f.type)]  # fmt: skip
            chosen = column or (lists[0] if len(lists) == 1 else "")
            if chosen not in lists:
                raise UsageError(f"columns of lists in {printable(str(file))}: {printable(', '.join(lists)) or 'none'}"
                                 "\ntype backbone.column=...")  # fmt: skip
            if ids and ids not in schema.names:
                raise UsageError(f"backbone.ids={ids}: {printable(str(file))} has {printable(', '.join(schema.names))}")
            kinds = pa.types.is_string, pa.types.is_large_string, pa.types.is_integer
            names = [ids] if ids else [f.name for f in schema if any(kind(f.type) for kind in kinds)]
            read = table.read(names).to_pydict()
            found = {name: ["" if key is None else str(key) for key in read[name]] for name in names}
            keys: Any = found[ids] if ids else found
            m, matrix, row = table.metadata.num_rows, np.empty((0, 0), np.float32), 0
            for batch in table.iter_batches(8192, columns=[chosen]):
                lists_ = batch.column(0)
                lengths = {n for n in pa.compute.list_value_length(lists_).to_pylist() if n is not None}
                d = matrix.shape[1] or max(lengths, default=0)
                if lengths - {d}:
                    raise UsageError(f"the lists in {printable(chosen)} are of different lengths, {d} for one")
                if not matrix.size and d:
                    matrix = np.full((m, d), np.nan, np.float32)
                there = np.flatnonzero(lists_.is_valid().to_numpy(zero_copy_only=False))
                with np.errstate(over="ignore"):
                    values = lists_.flatten().to_numpy(zero_copy_only=False).astype(np.float32)
                if d:
                    matrix[row + there] = values.reshape(-1, d)
                row += len(lists_)
    except (OSError, ValueError, pa.ArrowException) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{printable(str(file))} cannot be read: {' '.join(str(error).split())[:200]}") from error
    if not matrix.size:
        raise UsageError(f"{printable(str(file))} has no vector in it")
    return matrix, keys
