"""Writing a run down: what went in, what it took, what came out, in a folder that is there whole or not at all."""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from imgret.blame import is_ours, sentence, warn
from imgret.demands.values import written
from imgret.errors import is_full, unwritable
from imgret.findings import tables
from imgret.registry import find
from imgret.runs.clock import Clock
from imgret.runs.previous import since
from imgret.runs.run import Run
from imgret.store.files import clean, link, make_folder, save_array, sha256, sync_folder, sync_tree
from imgret.store.versions import versions
from imgret.words import typed_path

STARTED = re.compile(r"\.(\d{4}-\d\d-\d\d_\d{6}-[0-9a-f]{6}(-sweep)?|(latest\.|imgret-)[0-9a-f]{6,12})\.tmp")
log = logging.getLogger("imgret")


def make_out(settings: Mapping[str, Any]) -> Path:
    """The folder that runs are written to, made, found to be writable, and rid of what killed runs left in it.

    Raises UsageError.
    """
    out = typed_path(settings["out"])
    try:
        make_folder(out)
        clean(out, STARTED)
        trial = out / f".imgret-{secrets.token_hex(6)}.tmp"
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise unwritable(f"out={out}", error, "type out=FOLDER, a folder that can be written to") from error
    return out


def save(run: Run, matrix: Path, clock: Clock) -> Run:
    """Write the run and its reports to `out`/<date-time-id>, let `latest` point there, and return it."""
    folder = new_folder(typed_path(run.settings["out"]))
    with whole(folder) as temporary:
        run.save(temporary)
        tables.write_skipped(temporary, getattr(run.source, "skipped_rows", None) or ())
        try:
            link(matrix, temporary / "features.npy")
        except FileNotFoundError:  # freed or forgotten since this run began: no run linked it yet
            save_array(temporary / "features.npy", run.features)
        run.info = replace(run.info, versions=versions(), since=since(run, folder.parent))  # reports tell of them
        with clock.stage("reports"):
            failed = draw(run, temporary)
        run.info = replace(
            run.info,
            made=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            cores=os.cpu_count(),
            stages=clock.stages,
            peak_of=clock.peak_of,
            failed_reports=failed,
            digests=digests(temporary),
        )
        run.info.write(temporary)
    latest = folder.with_name("latest")
    try:
        point_to(latest, folder.name)
    except OSError as error:  # the run is there all the same
        log.warning("%s does not point to the new run: %s", latest, error.strerror)
    run.folder = folder
    return run


def new_folder(out: Path, what: str = "") -> Path:
    """A name in `out` that no other run has: <date-time-id>, and what it is where it is no run."""
    return out / f"{time.strftime('%Y-%m-%d_%H%M%S')}-{secrets.token_hex(3)}{what}"


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """A folder to fill, which then becomes `folder`; nothing is left of it where that fails.

    Raises UsageError where it cannot be written.
    """
    temporary = folder.with_name(f".{folder.name}.tmp")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        sync_tree(temporary)
        os.replace(temporary, folder)
        sync_folder(folder.parent)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, OSError):
            raise unwritable(folder.parent, error, "type out=FOLDER") from error
        raise


def draw(run: Run, folder: Path) -> dict[str, str]:
    """Draw and write what the settings name, and why there are so many clusters where the run was to find out.

    A report that fails is named in the log and loses nothing.
    """
    failed = {}
    reports = {name: find("report", name) for name in run.settings["reports"]}
    if run.info.k:
        reports["k"] = _draw_k
    for name, report in reports.items():
        before = set() if is_ours(report) else _files(folder)
        try:
            paths = report(run, folder)
            if not is_ours(report):
                written(paths, folder, before, _files(folder))
        except Exception as error:
            if is_full(error):  # no report will fit, nor will run.json
                raise
            run.faults.append(warn(error, "report", name, report))
            failed[name] = sentence(error)
    return failed


def _files(folder: Path) -> set[Path]:
    return {file for file in folder.rglob("*") if file.is_file()}


def _draw_k(run: Run, folder: Path) -> None:
    """k.png: the evidence for the number of clusters."""
    from imgret.clusters.chart import draw

    if run.info.k:
        draw(run.info.k, run.title, folder / "k.png")


def digests(folder: Path) -> dict[str, str]:
    """The digests of a run's files by name, but for those in `thumbs`: one an image would make run.json megabytes."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.parts[len(folder.parts)] != "thumbs")
    return {file.relative_to(folder).as_posix(): sha256(file) for file in files}


def point_to(latest: Path, name: str) -> None:
    """Make `latest` a link to the run, or a file with its name where there are no links. Raises OSError."""
    temporary = latest.with_name(f".latest.{secrets.token_hex(3)}.tmp")
    try:
        try:
            temporary.symlink_to(name, target_is_directory=True)
        except (OSError, NotImplementedError):
            temporary.write_text(name, encoding="utf-8")
        os.replace(temporary, latest)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
