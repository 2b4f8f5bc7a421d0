"""What a plug-in may import: this module, and `imgret` itself.

    from imgret import UsageError, register
    from imgret.plugin import Floats, Ints, ops

Whatever else lies in the package may move from one release to the next. What is here stays; what has to go warns for a
release first. CONTRIBUTING.md has a component of each kind in ten lines.

contracts   what each kind must be, and what it is handed: `Item`, `Backbone`, `Preprocess`, ...; arrays are `Floats`
            and `Ints`, names for type checkers only; `Fit` is the type of an argument `fit`
Figure      what is to be known of a figure to show it; `figures()` knows all of them, by the names in metrics.json
Pair        of `run.pairs`: two rows that are one picture, or like one; `TIERS` from same bytes to alike,
            `SAME` the first three, of which one image stands for all; `Member`, of a group in `run.duplicates`
ops         array functions: blocks, nearest neighbours, principal components, ranking, contingency tables
sheet       contact sheets, and the type and colours of all pictures
pages       HTML filled by jinja2 with scripts and styles inlined
charts      a page with a title and matplotlib's axes on it, in the same type and colours
weights     `Remote`, `fetch_weights`, `read_weights`, ...: a file of weights is fetched, checked, never unpickled
files       read whole or refused, written whole or not at all; tables that any name survives; where the store lies
words       names, counts and paths as people read them: nothing of a stranger's is printed but through `printable`
processes   worker processes that begin with nothing of this one; `spread` has them go through things, one of which may
            crash or hang and is `Lost` then, and `Progress` says how far a long stage is
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import ops
from imgret.contracts import (
    RGB,
    Attribute,
    Backbone,
    Clusterer,
    Item,
    Metric,
    Preprocess,
    Reducer,
    Report,
    Reranker,
    Retriever,
    Source,
    TextTower,
    Vectors,
)
from imgret.errors import unwritable
from imgret.executors import processes
from imgret.executors.local import Lost, spread
from imgret.features.weights import Remote, WeightsUnavailable, parse_size, seeded
from imgret.features.weights import fetch as fetch_weights
from imgret.features.weights import fill as fill_weights
from imgret.features.weights import load as load_weights
from imgret.features.weights import local as local_weights
from imgret.features.weights import read as read_weights
from imgret.figures import A_LITTLE, Figure, above_chance
from imgret.findings.duplicates import Member
from imgret.ops.samepicture import SAME, TIERS, Pair
from imgret.pictures import charts, pages, sheet
from imgret.pictures.sheet import Tile, contact_sheet, main_label
from imgret.progress import Progress
from imgret.reading.fits import FILTERS, Fit
from imgret.reading.formats import sniff
from imgret.reading.outcomes import NO_FAILURE
from imgret.reading.textfile import other_than_utf8
from imgret.registry import figures, unknown
from imgret.store.files import (
    MOST_COLUMNS,
    check_size,
    clean,
    load_array,
    read_file,
    sha256,
    sync_tree,
    write_csv,
)
from imgret.store.store import digest, home
from imgret.words import MISSING, counted, percent, printable, tells_a_place, typed_path

if TYPE_CHECKING:
    from imgret.contracts import Floats, Ints

__all__ = [
    "A_LITTLE",
    "FILTERS",
    "MISSING",
    "MOST_COLUMNS",
    "NO_FAILURE",
    "RGB",
    "SAME",
    "TIERS",
    "Attribute",
    "Backbone",
    "Clusterer",
    "Figure",
    "Fit",
    "Floats",
    "Ints",
    "Item",
    "Lost",
    "Member",
    "Metric",
    "Pair",
    "Preprocess",
    "Progress",
    "Reducer",
    "Remote",
    "Report",
    "Reranker",
    "Retriever",
    "Source",
    "TextTower",
    "Tile",
    "Vectors",
    "WeightsUnavailable",
    "above_chance",
    "charts",
    "check_size",
    "clean",
    "contact_sheet",
    "counted",
    "digest",
    "fetch_weights",
    "figures",
    "fill_weights",
    "home",
    "load_array",
    "load_weights",
    "local_weights",
    "main_label",
    "ops",
    "other_than_utf8",
    "pages",
    "parse_size",
    "percent",
    "printable",
    "processes",
    "read_file",
    "read_weights",
    "seeded",
    "sha256",
    "sheet",
    "sniff",
    "spread",
    "sync_tree",
    "tells_a_place",
    "typed_path",
    "unknown",
    "unwritable",
    "write_csv",
]
