"""What is demanded of a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from imgret.checks import Check, Fault, Subject
from imgret.checks.data import small_run
from imgret.demands.objects import report
from imgret.demands.values import written


def files_of(subject: Subject, labels: Sequence[int], folder: Path) -> dict[str, bytes]:
    """Files by name that it writes of a run with these labels. Raises Fault where it returns anything but them."""
    report(subject.component)
    (folder / "run").mkdir(parents=True)
    (folder / "run" / "items.csv").write_bytes(b"not yours")
    run = small_run(np.array(labels, np.int64), subject.name)
    given = subject.component(run, folder / "run")
    files = {p for p in folder.rglob("*") if p.is_file()}
    paths = written(given, folder / "run", [folder / "run" / "items.csv"], files)
    return {p.relative_to(folder / "run").as_posix(): p.read_bytes() for p in paths}


def writes_what_it_says(subject: Subject) -> str:
    """Of a run with odd names, noise and a missing image it writes files into the folder, and returns their paths"""
    with TemporaryDirectory() as folder:
        files = files_of(subject, [0, 0, 0, 1, 1, 0, -1, 1, -1], Path(folder))
    if not files:
        raise Fault("it wrote nothing")
    return ", ".join(list(files)[:4]) + (f" and {len(files) - 4} more" if len(files) > 4 else "")


def repeats_itself(subject: Subject) -> str:
    """Equal runs give equal files, byte for byte"""
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        first, second = (files_of(subject, [0, 0, 1, -1], Path(folder)) for folder in (one, other))
    differ = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    if differ and getattr(subject.component, "deterministic", True):
        raise Fault(f"{differ[0]} differs: write no date, no folder and nothing drawn without a seed")
    return ", ".join(differ) + " differs, as deterministic = False says" if differ else ""


def takes_any_run(subject: Subject) -> None:
    """One image, nothing but noise, and a cluster an image are reported"""
    for labels in ([0], [-1, -1], [0, 1, 2, 3]):
        with TemporaryDirectory() as folder:
            files_of(subject, labels, Path(folder))


CHECKS: list[Check] = [writes_what_it_says, repeats_itself, takes_any_run]
