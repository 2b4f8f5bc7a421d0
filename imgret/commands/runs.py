"""`imgret runs`: the runs and sweeps in a folder, newest first, with what was typed for each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from imgret.commands._parser import Parser
from imgret.errors import UsageError
from imgret.findings.info import Info
from imgret.findings.tables import read_figures
from imgret.registry import figures, load_plugins
from imgret.runs import again, sweeps
from imgret.runs.causes import reached
from imgret.runs.previous import age
from imgret.screen import say
from imgret.store.files import read_json
from imgret.words import counted, shortened, shown_path, typed_path

TITLED = ("images", "source", "backbone", "clusterer")  # in a title
LONG = 40  # characters of a setting
REASON = 100  # of why a run cannot be read
PARSER = Parser("runs", __doc__)
PARSER.add_argument("out", nargs="?", default="runs", metavar="DIR", help="the folder with the runs (default: runs)")


def main(words: Sequence[str]) -> None:
    out = typed_path(PARSER.parse_args(words).out)
    if not os.path.isdir(out):
        raise UsageError(f"{out} does not exist\nmake a run with `python -m imgret FOLDER`")
    files = (file for name in ("run.json", sweeps.JOBS) for file in out.glob(f"[!.]*/{name}"))
    folders = [file.parent for file in files if not file.parent.is_symlink()]
    if not folders:
        say(f"no runs in {shown_path(out)}")
    load_plugins()  # metrics say how their figures are called
    for folder in sorted(folders, key=_made, reverse=True):
        said = described(folder) if (folder / "run.json").exists() else of_sweep(folder)
        say(f"{shown_path(folder)}  {said}")


def _made(folder: Path) -> tuple[str, bool, int, str]:
    """What sorts the later one behind: of one second, a sweep behind its runs."""
    date, written, name = age(folder)
    return date, (folder / sweeps.JOBS).exists(), written, name


def described(folder: Path) -> str:
    """The title and figures of a run, or that it cannot be read: one damaged run hides no other."""
    try:
        info, found = Info.of(read_json(folder / "run.json")), read_figures(folder / "metrics.json")
        files, ok = sum(info.outcomes.values()), info.outcomes["ok"]
        of = f" of {counted(files, 'file')}" if files > ok else ""
        words = [f"{info.title} · {counted(ok, 'image')}{of}"]
        words += [f"{each.title} {each.written(found[each.name])}" for each in figures().among(found, where="line")]
        typed = [word for word in again.of_run(info).words if _matters(again.key_of(word), info)]
        words += [" ".join(shortened(word, LONG) for word in typed)] if typed else []
        return "  ".join(words)
    except Exception as error:  # what a damaged file can raise is anyone's guess
        return f"cannot be read: {shortened(' '.join(f'{type(error).__name__}: {error}'.split()), REASON)}"


def _matters(setting: str, info: Info) -> bool:
    """Whether a setting tells this run from others: it may be why a figure differs, and is not in the title."""
    return setting not in TITLED and (setting == "preset" or bool(reached(setting, [info.config])))


def of_sweep(folder: Path) -> str:
    """How many runs a sweep has, and what was typed; of an earlier version's, or a damaged one, that it is one."""
    try:
        done = [bool(run) for run in sweeps.runs(folder)]
        words = again.read(str(folder)).words if (folder / again.NAME).exists() else []
        failed = f", {done.count(False):,} failed" if not all(done) else ""
        typed = " ".join(shortened(word, LONG) for word in words if word != again.SWEEP)
        return f"a sweep of {counted(sum(done), 'run')}{failed}  {typed}".rstrip()
    except Exception as error:  # as above
        return f"a sweep that cannot be read: {type(error).__name__}"
