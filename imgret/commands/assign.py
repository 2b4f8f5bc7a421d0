"""`imgret assign IMAGE...`: which clusters of a run new images belong to, without a new fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from imgret.commands._parser import Parser
from imgret.errors import UsageError
from imgret.runs.run import Run
from imgret.screen import say, say_json
from imgret.search.assign import Assigned
from imgret.words import counted, listed

MORE = """
An IMAGE is a file, a folder (read recursively), or an item of the run: its path, its id, or the first 8 characters of
that or more; or the name of its file, or a value of a column, where no other image has it. An image that the run has is
in its own cluster there, any other in the one whose centroid is nearest, also where the clusterer finds clusters by
their density and might have left it out. How far out it lies is told by how many of the cluster's images lie nearer to
the centroid; farther out than all of them is an outlier. The run stays as it is. What cannot be read is named with its
outcome; exit code 2 where that is all of it.

--json prints {"run", "images"} in ASCII: the run's folder, and for each image, in the order given, {"image",
"outcome", "reason", "id", "of_run", "cluster", "distance", "nearer", "outlier", "representative"}. cluster -1 is noise,
which only an image of the run can be; distance is Euclidean between features of unit length, from the centroid, of
noise from the nearest one; nearer is a share, from 0 to 1. What is not known is null.
"""
PARSER = Parser("assign", __doc__, MORE)
PARSER.add_argument("images", nargs="*", metavar="IMAGE", help="an image, or a folder of them")
PARSER.add_run("the run with the clusters")
PARSER.add_json()


def main(words: Sequence[str]) -> None:
    asked = PARSER.parse_mixed(words, "images")
    run = Run.load(asked.run)
    images = run.assign(asked.images)
    if asked.json:
        found = {"run": str(run.folder), "images": [image._asdict() for image in images]}
        say_json(found)
    else:
        for image in images:
            say(line(image))
    outcomes = Counter(image.outcome for image in images)
    if "ok" not in outcomes:
        what = listed({name: outcomes[name] for name in sorted(outcomes)})
        raise UsageError(f"none of {counted(len(images), 'image')} could be assigned: {what}")


def line(image: Assigned) -> str:
    """Where an image belongs, or why that is not known."""
    name = image.image
    if image.cluster is None:
        return f"{image.outcome:<20} {name}: {image.reason}"
    place = "noise" if image.cluster < 0 else f"cluster {image.cluster}"
    said = [_out(image), f"with {image.representative}" if image.representative else ""]
    said += ["an image of the run" if image.of_run else ""]
    return f"{place:<12} {image.distance:7.3f} {name}  ({', '.join(filter(None, said))})"


def _out(image: Assigned) -> str:
    if image.nearer is None:
        return "from the nearest centroid"
    if image.outlier:
        return "farther out than all of its images: an outlier"
    return f"farther out than {int(100 * image.nearer)} % of its images"
