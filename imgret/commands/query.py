"""`imgret query IMAGE...`: the images of a run that are most like these, or like a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path, PureWindowsPath

from imgret.commands._parser import CONDITIONS, Parser
from imgret.errors import UsageError
from imgret.runs.run import Run
from imgret.screen import complain, say, say_json
from imgret.search.keys import key
from imgret.search.search import Hit, read
from imgret.store.files import place_in
from imgret.words import counted, printable, shown_path

MORE = f"""
An IMAGE is a file, or an item of the run: its path, its id, or the first 8 characters of that or more; or the name of
its file, or a value of a column (say its SKU), where no other image has it. Several are searched with as their mean.
None of them is among the hits, nor is an image given with --not.

A TEXT needs a backbone with a text tower, such as python -m imgret FOLDER backbone=open_clip; texts and images can be
given together. Their scores are smaller than those of images, and say no more than the order.

{CONDITIONS}

--json prints {{"run", "query", "text", "weights", "not", "not_text", "where", "hits"}} in ASCII: the run's folder, what
was typed (weights: null where none were), and a list of {{"rank", "score", "cluster", "path", "id", "file", "label",
"columns"}}, best first; score is the cosine to the query, cluster -1 is noise, columns are a manifest's and attributes.
In a run with a re-ranker (rerank=NAME) the hits are re-ranked, and score is the re-ranker's; with --where or --text
they are not, and images are compared one by one.
"""
PARSER = Parser("query", __doc__, MORE)
PARSER.add_argument("images", nargs="*", metavar="IMAGE", help="what the hits shall be like")
PARSER.add_argument(
    "--not", dest="unlike", action="append", default=[], metavar="IMAGE", help="and unlike this (repeatable)"
)
PARSER.add_argument("--text", action="append", default=[], metavar="TEXT", help="and like this (repeatable)")
PARSER.add_argument(
    "--not-text", dest="unlike_text", action="append", default=[], metavar="TEXT", help="and unlike this"
)
PARSER.add_argument(
    "--weights", metavar="W,W,...", help="how much each IMAGE counts, then each TEXT (default: all the same)"
)
PARSER.add_where("only images of which this holds")
PARSER.add_argument("--top", type=int, metavar="N", help="how many hits (default: the run's own `top`)")
PARSER.add_run("the run to search")
PARSER.add_json(", and draw nothing")


def main(words: Sequence[str]) -> None:
    asked = PARSER.parse_mixed(words, "images")
    weights = None if asked.weights is None else numbers(asked.weights)
    run = Run.load(asked.run)
    hits = run.search(asked.images, asked.top, asked.unlike, asked.where, weights, asked.text, asked.unlike_text)
    if asked.json:
        query = {"query": asked.images, "text": asked.text, "weights": weights}
        away = {"not": asked.unlike, "not_text": asked.unlike_text, "where": asked.where}
        found = {"run": str(run.folder), **query, **away, "hits": [hit._asdict() for hit in hits]}
        say_json(found)
        return
    column = key(run, [*asked.images, *asked.unlike])
    for hit in hits:
        known = f"  {column}={hit.columns[column]}" if hit.columns.get(column) else ""
        say(f"{hit.rank:>4}  {hit.score:6.3f}  {place(hit):<12} {hit.path}{known}")
    try:
        said = [f'"{text}"' for text in asked.text] + [f'not "{text}"' for text in asked.unlike_text]
        said += [f"where {condition}" for condition in asked.where]
        say(f"sheet {shown_path(draw(run, asked.images, hits, asked.unlike, said, asked.text))}")
    except (OSError, UsageError) as error:  # the hits are what was asked for
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        complain(f"no sheet was drawn: {reason}")


def draw(
    run: Run,
    queries: Sequence[str],
    hits: Sequence[Hit],
    unlike: Sequence[str] = (),
    said: Sequence[str] = (),
    texts: Sequence[str] = (),
) -> Path:
    """The contact sheet of a query, in the run's folder `queries`; its file, named for the first image or text.

    What was asked for beside images is `said` below its title.

    Raises OSError where that cannot be written, UsageError where the run's images cannot be had.
    """
    from imgret.pictures.sheet import Tile, contact_sheet, save

    marked = [*((name, "query") for name in queries), *((name, "not") for name in unlike)]
    tiles = [Tile(partial(read, run, name), Path(name).name, True, note) for name, note in marked]
    for hit in hits:
        note = f"{hit.rank} · {hit.score:.3f} · {place(hit)}"
        tiles.append(Tile(partial(run.thumbnail, run.row_of[hit.id]), Path(hit.path).name, False, note))
    subtitle = " · ".join([run.title, *said])
    name = PureWindowsPath(queries[0]).stem if queries else re.sub(r"[^\w -]", "_", texts[0])
    file = place_in(run.folder, f"queries/{name[:50]}.jpg")
    return save(contact_sheet(tiles, counted(len(hits), "hit"), subtitle, formats=run.settings["formats"]), file)


def numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"--weights {printable(text)}: these are numbers, one for each image\ntype 2,1") from None


def place(hit: Hit) -> str:
    return "noise" if hit.cluster < 0 else f"cluster {hit.cluster}"
