"""The table of a run's items, one row a file, as CSV."""

from __future__ import annotations

from pathlib import Path

from imgret.findings.tables import table
from imgret.runs.run import Run
from imgret.store.files import write_csv
from imgret.words import counted


def write(run: Run, out: Path, copy: bool) -> list[str]:
    """The columns of items.csv; the features have no place in a CSV file."""
    columns = table(run)
    write_csv(out, list(columns), zip(*columns.values(), strict=True))
    return [f"{counted(len(run.collection.items), 'row')}, {counted(len(columns), 'column')}"]
