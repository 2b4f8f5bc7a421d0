"""`imgret export FORMAT OUT`: a run in a form that other programs read."""

from __future__ import annotations

from collections.abc import Sequence

from imgret.commands._parser import CONDITIONS, Parser
from imgret.errors import UsageError
from imgret.exporters import FORMATS, write
from imgret.runs.run import Run
from imgret.screen import say
from imgret.search.chosen import chosen
from imgret.words import printable, shown_path, typed_path

MORE = "\n".join(["formats:", *(f"  {name:<12} {what}" for name, what in FORMATS.items()), "", CONDITIONS])
PARSER = Parser("export", __doc__, MORE)
PARSER.add_argument("format", choices=list(FORMATS), help=", ".join(FORMATS))
PARSER.add_argument("out", metavar="OUT", help="the file (csv, parquet) or folder to write; nothing may be there")
PARSER.add_run("the run to export")
PARSER.add_where("only files of which this holds")
PARSER.add_argument("--survivors", action="store_true", help="only one file of each group of the same picture")
PARSER.add_argument(
    "--top", type=int, metavar="N", help="only the N images nearest to the middle of each cluster, without noise"
)
PARSER.add_argument("--copy", action="store_true", help="copy images, where links to them are made otherwise")
PARSER.add_argument(
    "--for-spreadsheets", action="store_true", help="csv: cells that a spreadsheet would run are text, behind an '"
)


def main(words: Sequence[str]) -> None:
    asked = PARSER.parse_args(words)
    out = typed_path(asked.out)
    if not out.name:
        raise UsageError(f"{printable(asked.out)}: give the name of a file or folder that is to be written")
    if asked.for_spreadsheets and asked.format != "csv":
        raise UsageError(f"--for-spreadsheets: {asked.format} is no table that they open\ntype export csv OUT.csv")
    options = {"for_spreadsheets": True} if asked.for_spreadsheets else {}
    run = Run.load(asked.run)
    first, *more = write(
        asked.format, run, out, asked.copy, chosen(run, asked.where, asked.top, asked.survivors), **options
    )
    say(f"wrote     {shown_path(out)}: {first}", *(f"          {line}" for line in more))
