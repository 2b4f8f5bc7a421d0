"""The table of a run's items, one row a file, as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from imgret.findings.tables import table
from imgret.runs.run import Run
from imgret.store.files import write_csv
from imgret.words import counted


def write(run: Run, out: Path, copy: bool, places: Sequence[int]) -> list[str]:
    """The columns of items.csv; the features have no place in a CSV file."""
    columns = table(run)
    write_csv(out, list(columns), ([values[at] for values in columns.values()] for at in places))
    return [f"{counted(len(places), 'row')}, {counted(len(columns), 'column')}"]
