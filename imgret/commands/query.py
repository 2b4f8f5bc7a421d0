"""`imgret query IMAGE...`: the images of a run that are most like these."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from imgret.registry import UsageError
from imgret.results import Run
from imgret.search import Hit, read
from imgret.words import printable, shown_path


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
    print(f"sheet {shown_path(draw(run, asked.images, hits))}")


def draw(run: Run, queries: Sequence[str], hits: Sequence[Hit]) -> Path:
    """The contact sheet of a query, in the run's folder `queries`; its file."""
    from imgret.sheet import Tile, contact_sheet, save

    tiles = [Tile(partial(read, run, name), Path(name).name, True, "query") for name in queries]
    for hit in hits:
        note = f"{hit.rank} · {hit.score:.3f} · {where(hit)}"
        tiles.append(Tile(partial(run.open, run.row_of[hit.id]), Path(hit.path).name, False, note))
    file = run.folder / "queries" / f"{Path(queries[0]).stem[:80]}.jpg"
    try:
        file.parent.mkdir(exist_ok=True)
        return save(contact_sheet(tiles, f"{len(hits)} hits", run.title), file)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror or error}\ntype --json to print the hits"
        ) from error


def where(hit: Hit) -> str:
    return "noise" if hit.cluster < 0 else f"cluster {hit.cluster}"
