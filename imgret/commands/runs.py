"""`imgret runs`: the runs in a folder, newest first."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from imgret.commands._parser import Parser
from imgret.errors import UsageError
from imgret.findings.info import Info
from imgret.findings.tables import read_figures
from imgret.registry import figures, load_plugins
from imgret.screen import say
from imgret.store.files import read_json
from imgret.words import counted, shown_path, typed_path

PARSER = Parser("runs", __doc__)
PARSER.add_argument("out", nargs="?", default="runs", metavar="DIR", help="the folder with the runs (default: runs)")


def main(words: Sequence[str]) -> None:
    out = typed_path(PARSER.parse_args(words).out)
    if not os.path.isdir(out):
        raise UsageError(f"{out} does not exist\nmake a run with `python -m imgret FOLDER`")
    folders = [file.parent for file in out.glob("[!.]*/run.json") if not file.parent.is_symlink()]
    if not folders:
        say(f"no runs in {shown_path(out)}")
    load_plugins()  # metrics say how their figures are called
    for folder in sorted(folders, key=lambda f: f.name, reverse=True):
        say(f"{shown_path(folder)}  {described(folder)}")


def described(folder: Path) -> str:
    """The title and figures of a run, or that it cannot be read: one damaged run hides no other."""
    try:
        info, found = Info.of(read_json(folder / "run.json")), read_figures(folder / "metrics.json")
        files, ok = sum(info.outcomes.values()), info.outcomes["ok"]
        of = f" of {counted(files, 'file')}" if files > ok else ""
        words = [f"{info.title} · {counted(ok, 'image')}{of}"]
        words += [f"{each.title} {each.written(found[each.name])}" for each in figures().among(found, where="line")]
        return "  ".join(words)
    except Exception as error:  # what a damaged file can raise is anyone's guess
        return f"cannot be read: {type(error).__name__}"
