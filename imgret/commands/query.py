"""`imgret query IMAGE...`: the images of a run that are most like these."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from imgret.registry import UsageError
from imgret.results import Run
from imgret.search import Hit, read
from imgret.words import counted, printable, shown_path


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="imgret query", description=__doc__)
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="a file, or the path or id of an item of the run")
    parser.add_argument("--top", type=int, metavar="N", help="how many hits (default: the run's own `top`)")
    parser.add_argument("--run", default="runs/latest", metavar="DIR", help="the run to search (default: the last one)")
    parser.add_argument("--json", action="store_true", help="print JSON, and draw nothing")
    asked = parser.parse_args(words)
    run = Run.load(asked.run)
    hits = run.search(asked.images, asked.top)
    if asked.json:
        print(
            json.dumps(
                {"run": str(run.folder), "query": asked.images, "hits": [hit._asdict() for hit in hits]}, indent=1
            )
        )
        return
    for hit in hits:
        print(f"{hit.rank:>4}  {hit.score:6.3f}  {where(hit):<12} {printable(hit.path)}")
    try:
        print(f"sheet {printable(shown_path(draw(run, asked.images, hits)))}")
    except (OSError, UsageError) as error:  # the hits are what was asked for
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        print(f"imgret: no sheet was drawn: {reason}", file=sys.stderr)


def draw(run: Run, queries: Sequence[str], hits: Sequence[Hit]) -> Path:
    """The contact sheet of a query, in the run's folder `queries`; its file.

    Raises OSError where that cannot be written, UsageError where the run's images cannot be had.
    """
    from imgret.sheet import Tile, contact_sheet, save

    tiles = [Tile(partial(read, run, name), Path(name).name, True, "query") for name in queries]
    for hit in hits:
        note = f"{hit.rank} · {hit.score:.3f} · {where(hit)}"
        tiles.append(Tile(partial(run.open, run.row_of[hit.id]), Path(hit.path).name, False, note))
    file = run.folder / "queries" / f"{Path(queries[0]).stem[:60]}.jpg"
    file.parent.mkdir(exist_ok=True)
    return save(contact_sheet(tiles, counted(len(hits), "hit"), run.title, formats=run.settings["formats"]), file)


def where(hit: Hit) -> str:
    return "noise" if hit.cluster < 0 else f"cluster {hit.cluster}"
