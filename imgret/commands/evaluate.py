"""`imgret evaluate`: how good the clusters and the search of a run are, each figure with its interval."""

from __future__ import annotations

import os
from collections.abc import Sequence

from imgret.commands._parser import Parser
from imgret.errors import UsageError, unwritable
from imgret.runs.run import Run
from imgret.screen import say, say_json
from imgret.words import printable, quoted, shown_path, typed_path

MORE = """
Labels and groups of the run score it; what it followed, and what its search costs, is told without them too. Nothing is
written into the run. Protocols, and what each interval means: docs/evaluate.md

--queries DIR: a folder laid out like the images of the run; labels and groups are read by the run's own `source`
options. Its images are searched for in the run's: for Market-1501, make the run of bounding_box_test with
preset=market1501, and give the folder `query`.

--json prints {"run", "clusterer", "repeat", "seed", "clusters", "retrieval", "search", "follows"} in ASCII; an interval
is {"value", "low", "high"}.
"""
PARSER = Parser("evaluate", __doc__, MORE)
PARSER.add_run()
PARSER.add_argument("--queries", metavar="DIR", help="images to search for (default: those of the run, in turn)")
PARSER.add_argument("--plot", metavar="FILE", help="draw recall and share scanned against probes: a .png")
PARSER.add_json()


def main(words: Sequence[str]) -> None:
    asked = PARSER.parse_args(words)
    plot = typed_path(asked.plot) if asked.plot else None
    if plot and plot.suffix.lower() != ".png":
        raise UsageError(f"--plot {printable(asked.plot)}: a drawing is a PNG\nname a file that ends in .png")

    if plot and os.path.lexists(plot):  # it might be somebody's picture
        raise UsageError(
            f"--plot {printable(asked.plot)} exists, and nothing is overwritten\ngive a name that is not taken"
        )

    from imgret.evaluation import probes, queryset
    from imgret.evaluation.evaluate import clusters, follows, retrieval
    from imgret.evaluation.evaluatetable import Evaluation, text

    run = Run.load(asked.run)
    repeat = f"python -m imgret evaluate --run {quoted(shown_path(run.folder))}"
    repeat += f" --queries {quoted(asked.queries)}" if asked.queries else ""
    queries = queryset.read(run, asked.queries) if asked.queries else None
    parts = clusters(run), retrieval(run, queries), probes.cost(run), follows(run)
    found = Evaluation(str(run.folder), run.called("clusterer"), repeat, run.seed, *parts)
    if asked.json:
        say_json(found.plain())
    else:
        say(*text(found, run.group_word))
    if plot:
        try:
            file = probes.draw(found.search, run.title, repeat, plot)
        except OSError as error:
            raise unwritable(printable(asked.plot), error, "name another file: --plot FILE.png") from error
        if not asked.json:
            say(f"plot       {shown_path(file)}")
