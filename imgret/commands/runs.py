"""`imgret runs`: the runs in a folder, newest first."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from imgret.registry import UsageError
from imgret.words import counted, printable, shown_path

SHOWN = {"n_clusters": "clusters", "noise_share": "noise", "nmi": "NMI", "silhouette": "silhouette", "map": "mAP"}


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="imgret runs", description=__doc__)
    parser.add_argument(
        "out", nargs="?", default="runs", metavar="DIR", help="the folder with the runs (default: runs)"
    )
    out = Path(parser.parse_args(words).out).expanduser()
    if not out.is_dir():
        raise UsageError(f"{out} does not exist\nmake a run with `python -m imgret FOLDER`")
    folders = [file.parent for file in out.glob("*/run.json") if not file.parent.is_symlink()]
    if not folders:
        print(f"no runs in {shown_path(out)}")
    for folder in sorted(folders, key=lambda f: f.name, reverse=True):
        try:
            info = json.loads((folder / "run.json").read_text(encoding="ascii"))
            title = f"{info['title']} · {counted(info['outcomes']['ok'], 'image')}"
            metrics = json.loads((folder / "metrics.json").read_text(encoding="ascii"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            title, metrics = f"cannot be read: {type(error).__name__}", {}
        figures = "  ".join(f"{name} {metrics[key]:.4g}" for key, name in SHOWN.items() if key in metrics)
        print(f"{shown_path(folder)}  {printable(title)}  {figures}".rstrip())
