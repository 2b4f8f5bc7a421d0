"""Whether the folder that runs are written to is as it should be: what is a run there, `latest`, what was left over."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from imgret.care.faults import DAMAGED, Fault, stale
from imgret.runs.write import point_to

NAMED = re.compile(r"\d{4}-\d\d-\d\d_\d{6}-[0-9a-f]{6}")  # as write.new_folder names a run
LATEST = "latest"


def runs(out: Path) -> list[Path]:
    """The folders in `out` that are runs, also those that have lost their run.json; links are not followed."""
    folders = [entry for entry in sorted(out.glob("[!.]*")) if entry.is_dir() and not entry.is_symlink()]
    return [folder for folder in folders if is_run(folder)]


def is_run(folder: Path) -> bool:
    return os.path.isfile(folder / "run.json") or bool(NAMED.fullmatch(folder.name))


def faults(out: Path) -> Iterator[Fault]:
    """What killed runs have left in `out`, and a `latest` that names no run: it is made to name the newest."""
    yield from stale(sorted(out.glob(".*")))
    latest = out / LATEST
    if not os.path.lexists(latest) or (latest.is_dir() and is_run(latest.resolve())):
        return
    named = latest.read_text(encoding="utf-8", errors="replace").strip() if latest.is_file() else ""
    if named and is_run(out / named):
        return
    whole = [folder.name for folder in runs(out) if NAMED.fullmatch(folder.name) and (folder / "run.json").is_file()]
    what = "it names no run"
    if whole:
        yield Fault(DAMAGED, latest, what, f"made to name {whole[-1]}", partial(point_to, latest, whole[-1]))
    else:
        yield Fault(DAMAGED, latest, what, "removed", partial(latest.unlink, missing_ok=True))
