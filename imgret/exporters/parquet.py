"""The table of a run's items, one row a file, as Parquet: with types, and the features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from imgret.errors import UsageError
from imgret.exporters import columns as columns_of
from imgret.ops import blocks
from imgret.runs.run import Run
from imgret.words import counted

WHOLE = ("cluster", "representative", "width", "height")
REAL = ("distance", "x", "y")
GROUP = 8192  # rows of a row group: what is in memory at a time


def write(run: Run, out: Path, copy: bool, places: Sequence[int]) -> list[str]:
    r"""What `columns` gives, and `features`, a list of float32, null for a file that is no readable image.

    Cluster, representative, width and height are int64; distance, x and y float64; an empty cell of these is null.
    The rest is text, in which bytes that are no UTF-8 stand as `\udcff`. Raises UsageError without pyarrow.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise UsageError('a Parquet file takes pyarrow\ntype pip install "imgret[parquet]"') from error
    columns = columns_of(run, out.parent)
    types: dict[str, Any] = dict.fromkeys(columns, pa.string())
    types |= dict.fromkeys(WHOLE, pa.int64()) | dict.fromkeys(REAL, pa.float64())
    features = "features"
    while features in columns:  # a manifest's own
        features += "_"
    schema = pa.schema([*((_text(name), kind) for name, kind in types.items()), (features, pa.list_(pa.float32()))])
    with pq.ParquetWriter(out, schema) as writer:
        for part in blocks(len(places), GROUP):
            inside = places[part]
            arrays = [
                pa.array(_typed(name, [values[at] for at in inside]), types[name]) for name, values in columns.items()
            ]
            arrays.append(_vectors(run.features, run.collection.rows[inside]))
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    d = run.features.shape[1]
    return [f"{counted(len(places), 'row')}, {counted(len(schema), 'column')}, features of {d:,} numbers in {features}"]


def _typed(name: str, values: list[str]) -> list[Any]:
    if name in WHOLE or name in REAL:
        kind = int if name in WHOLE else float
        return [kind(value) if value else None for value in values]
    return list(map(_text, values))


def _text(value: str) -> str:
    return value.encode("utf-8", "backslashreplace").decode()


def _vectors(features: Any, rows: Any) -> Any:
    """A list array of the features (n, d) of these rows (m,), null where a row is -1."""
    import pyarrow as pa

    there = rows >= 0
    d = features.shape[1]
    offsets = np.concatenate([[0], np.cumsum(there) * d]).astype(np.int32)
    flat = pa.array(np.ascontiguousarray(features[rows[there]]).reshape(-1), pa.float32())
    return pa.ListArray.from_arrays(pa.array(offsets), flat, mask=pa.array(~there))
