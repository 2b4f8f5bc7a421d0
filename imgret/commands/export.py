"""`imgret export FORMAT OUT`: a run in a form that other programs read."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from imgret.errors import UsageError
from imgret.exporters import FORMATS, write
from imgret.runs.run import Run
from imgret.words import printable, shown_path, typed_path


def main(words: Sequence[str]) -> None:
    about = "\n".join(f"  {name:<12} {what}" for name, what in FORMATS.items())
    parser = argparse.ArgumentParser(
        prog="imgret export",
        description=f"{__doc__}\n\nformats:\n{about}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("format", choices=list(FORMATS), metavar="FORMAT", help=", ".join(FORMATS))
    parser.add_argument("out", metavar="OUT", help="the file (csv, parquet) or folder to write; nothing may be there")
    parser.add_argument("--run", default="runs/latest", metavar="DIR", help="the run to export (default: the last one)")
    parser.add_argument("--copy", action="store_true", help="copy images, where links to them are made otherwise")
    asked = parser.parse_args(words)
    out = typed_path(asked.out)
    if not out.name:
        raise UsageError(f"{printable(asked.out)}: give the name of a file or folder that is to be written")
    run = Run.load(asked.run)
    first, *more = write(asked.format, run, out, asked.copy)
    print(f"wrote     {printable(shown_path(out))}: {first}")
    for line in more:
        print(f"          {line}")
