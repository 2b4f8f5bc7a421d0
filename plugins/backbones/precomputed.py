from __future__ import annotations

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
    it is the only one. Row i belongs to the i-th item that the source lists, before `limit`; or `ids` tells: for a
    `.npy` file a text file with the path or SHA-256 of an image a line, for Parquet the name of the column with them.
    Numbers are float16, float32 or float64. New images cannot be searched with.
    """
    import torch

    file = _file("vectors", vectors)
    parts: list[object]
    keys: list[str] | None = None
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


def _read_parquet(file: Path, ids: str, column: str) -> tuple[Any, list[str] | None]:
    """The matrix (m, d) in float32, a missing number as NaN, and the column `ids` as text."""
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
            keys = ["" if key is None else str(key) for key in table.read([ids])[ids].to_pylist()] if ids else None
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
