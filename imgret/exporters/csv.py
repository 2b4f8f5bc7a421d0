"""The table of a run's items, one row a file, as CSV."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from imgret.exporters import columns as columns_of
from imgret.runs.run import Run
from imgret.store.files import write_csv
from imgret.words import counted

# What a spreadsheet takes for a formula, and runs: https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def write(run: Run, out: Path, copy: bool, places: Sequence[int], for_spreadsheets: bool = False) -> list[str]:
    """What `columns` gives; the features have no place in a CSV file.

    `for_spreadsheets`: as `harmless` has it, names of columns as well, and with the mark by which Excel knows UTF-8.
    """
    columns = columns_of(run, None if for_spreadsheets else out.parent)
    header, rows = list(columns), ([values[at] for values in columns.values()] for at in places)
    if for_spreadsheets:
        header, rows = [f"\ufeff{header[0]}", *map(harmless, header[1:])], (list(map(harmless, row)) for row in rows)
    write_csv(out, header, rows)
    return [f"{counted(len(places), 'row')}, {counted(len(columns), 'column')}"]


def harmless(cell: str) -> str:
    """A cell that a spreadsheet would run stands behind an apostrophe, and is text there; numbers stay numbers."""
    return f"'{cell}" if cell.startswith(FORMULA) and not NUMBER.fullmatch(cell) else cell
