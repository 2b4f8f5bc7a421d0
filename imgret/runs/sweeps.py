"""The folder of a sweep, as far as other commands have to know it: that it is one, and which runs it made."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from imgret.store.files import regular

JOBS = "jobs.csv"  # of every sweep
LARGEST = 2**26  # bytes of it


def is_sweep(folder: Path) -> bool:
    return os.path.isfile(folder / JOBS) and not os.path.isfile(folder / "run.json")


def runs(folder: Path) -> list[str]:
    """The run of each job, as seen from the folder; empty for a job that failed.

    Raises what a damaged file makes its reader raise: OSError, KeyError, ValueError and csv.Error among others.
    """
    file = regular(folder / JOBS)
    if file.stat().st_size > LARGEST:
        raise ValueError(f"{JOBS} is too large")
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        return [row["run"] for row in csv.DictReader(stream)]
