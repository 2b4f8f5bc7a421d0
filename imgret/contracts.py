"""What each kind of component must be: one Protocol a kind, shapes and units in its docstring.

n images, d features, q queries, m hits. Arrays are NumPy, float32 unless said, rows in order of item id.
A component needs no base class: whatever has these methods is one. A parameter called `knn` is no option: a run hands
over a function of ops.knn's contract that finds the neighbours in an array once for all (see `neighbours`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int64]

RGB = tuple[int, int, int]
TEXTS = 32  # that a text tower reads at once


@dataclass(frozen=True, slots=True)
class Item:
    """One file of a collection, before anything of it is read.

    `path` is its name in the collection, relative, with forward slashes. `file` is where its bytes lie,
    if they lie in a file of their own. An empty `label` or `group` means that none is known. `columns` is what else
    is known of it, as text by name: the further columns of a manifest, and the like. `line` is that of its row there,
    from 1; 0 where it has none.
    """

    path: str
    file: str = ""
    label: str = ""
    group: str = ""
    columns: Mapping[str, str] = field(default_factory=dict, hash=False)
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Preprocess:
    """How an image becomes the pixels that a backbone takes: data, not a callable.

    `size` is (height, width) in pixels. `fit` is a key of `FITS` in imgret/reading/fits.py, where each way is said;
    `resize` (pixels; 0 = the size itself) is what `crop` scales the shorter side to. Transparency is laid on
    `background`, which `pad` fills up with as well. `filter` is one of `FILTERS` there. `mean` and `std` are per
    channel, in units of 0..1; the device applies them, not the decoder.
    """

    size: tuple[int, int]
    fit: str = "squash"
    resize: int = 0
    filter: str = "bilinear"
    background: RGB = (255, 255, 255)
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Vectors:
    """Features that were computed elsewhere: `matrix` (m, d), float16, float32 or float64, mapped or in memory.

    `keys` (m,) name the image of each row: by path, id, file name, or what a column of a manifest says of it. By name,
    they are columns of which any may hold the keys. None: row i is of the i-th item that the source lists.
    `digest` stands for the files that all of this came from.
    """

    matrix: Any
    keys: Sequence[str] | Mapping[str, Sequence[str]] | None
    digest: str


@dataclass(frozen=True)
class TextTower:
    """Texts to features: called with t texts it gives (t, d) float32, in the same space as the images' features.

    `tokenize` makes whole numbers (t, length) of texts; `module` maps these to features (t, d). Eval mode, no-grad,
    batching and the fingerprint, which is of the module's weights, are imgret's; it runs on the CPU, in float32.
    """

    module: torch.nn.Module
    tokenize: Callable[[Sequence[str]], torch.Tensor]

    def __call__(self, texts: Sequence[str]) -> Floats:
        import numpy as np
        import torch

        module = self.module.eval()
        with torch.inference_mode():
            parts = [
                module(self.tokenize(texts[start : start + TEXTS])).float().numpy()
                for start in range(0, len(texts), TEXTS)
            ]
        return np.concatenate(parts)


@dataclass(frozen=True)
class Backbone:
    """A feature extractor. `module` maps normalised float images (b, 3, h, w) to features (b, d).

    Eval mode, no-grad, device, precision, batching, the check for finite values and the fingerprint are imgret's.
    `facts` are recorded in run.json: where the weights came from, the model's name, and the like. Where there are
    `vectors`, those are the features, `module` is never called, and images are read for their ids and sizes only.
    Where there is a `text`, a `TextTower`, a run can be searched with texts.
    """

    module: torch.nn.Module
    preprocess: Preprocess
    licence: str
    facts: Mapping[str, str] = field(default_factory=dict)
    vectors: Vectors | None = None
    text: TextTower | None = None


@runtime_checkable
class Source(Protocol):
    """Where images come from. Listed once a run, lazily; pickled into the worker processes, which call `open`.

    `skipped` counts, by reason, what the listing passed over; it is read after the iteration. So are `notes`, where a
    source has any: lines that a run says of it; and `skipped_rows` of one that reads rows: the line and the reason of
    each row that became no item. Items of one path are rows that name one file.
    """

    skipped: Mapping[str, int]

    def __iter__(self) -> Iterator[Item]: ...

    def open(self, item: Item) -> bytes:
        """The bytes of an item. Raises OSError where they cannot be read."""


@runtime_checkable
class Reducer(Protocol):
    """X (n, d) to fewer columns (n, r), as scikit-learn's transformers do."""

    def fit_transform(self, X: Floats) -> Floats: ...


@runtime_checkable
class Clusterer(Protocol):
    """Points (n, r) to labels (n,), whole numbers; -1 is noise. Numbering does not matter: imgret renumbers."""

    def fit_predict(self, X: Floats) -> Ints: ...


@runtime_checkable
class Retriever(Protocol):
    """Nearest neighbours among X (n, d), given the clusters' labels (n,), -1 for noise.

    Rows are of unit length, or zero; of any length with normalize=none. One that does not compare each query with
    every row may say with how many: `scanned(Q, top) -> (q,)`.
    """

    def fit(self, X: Floats, labels: Ints) -> Any: ...

    def kneighbors(self, Q: Floats, top: int) -> tuple[Floats, Ints]:
        """For queries (q, d) the scores (q, m) and rows (q, m) of the m = min(top, n) best, best first.

        Scores are inner products with the rows of X: the cosine, higher is nearer. Equal scores: lower row first.
        """


@runtime_checkable
class Reranker(Protocol):
    """A retriever around a retriever: it asks for hits, and answers with better ones, or the same in another order.

    Its constructor's parameter `retriever` receives a Retriever that is built and not fitted, which is its own, to fit
    to what it likes; a parameter `knn`, if there is one, a function of the contract of `ops.knn`. One that keeps the
    former as `retriever` lets a loaded run have what that has learned. It may have `scores(Q)`, for queries (q, d) the
    scores (q, n) float32 of every row: metrics rank by it, and without it by `kneighbors(Q, n)`, which takes longer.
    """

    def fit(self, X: Floats, labels: Ints) -> Any: ...

    def kneighbors(self, Q: Floats, top: int) -> tuple[Floats, Ints]:
        """For queries (q, d) the scores (q, m) float32 and rows (q, m) int64 of the m = min(top, n) best, best first.

        Scores are finite, and its own: its docstring says what they are; higher is nearer. Equal scores: lower row
        first. A smaller `top` gives the beginning of the same hits. Where it reorders the first hits only, the others
        follow behind them in the order of the retriever.
        """


class Attribute(Protocol):
    """A function that says something of an image by its thumbnail (h, w, 3), uint8 RGB, 256 pixels at the most.

    It returns a number or a text, which stands in the column of its name, or several by name. It is called in worker
    processes, so it is a function or class of a module, and once for an image: what it said is kept in the store.
    """

    def __call__(self, thumbnail: NDArray[np.uint8]) -> float | str | Mapping[str, float | str]: ...


OFFERED = {  # what a metric may ask for, by the name of a parameter; a run may lack what is said to be of some
    "X": "features (n, d), centred and of unit length unless normalize says otherwise",
    "labels": "clusters (n,) from 0, largest first; -1 is noise",
    "truth": "labels that are known, as whole numbers (n,); -1 is unknown; of runs with labels",
    "group": "groups, say cameras, as whole numbers (n,); -1 is unknown; of runs with groups",
    "junk": "booleans (n,): images that are neither to be ranked nor queries; of runs with junk",
    "columns": "by name, what else is known of the images as whole numbers (n,); -1 is unknown",
    "ranking": "the exact ranking, an `ops.Ranking`; after re-ranking, where the run has a re-ranker",
    "plain": "the ranking without re-ranking; of runs with a re-ranker",
    "retriever": "fitted, without the re-ranker; not when the baseline is measured",
    "knn": "a function of the contract of `ops.knn`, which looks for neighbours once for all who ask",
    "top": "how many hits a search returns",
    "seed": "for whatever is drawn",
    "device": "where to compute: `cpu`, `cuda`, ...; the functions of `ops` take it",
}


class Metric(Protocol):
    """A function whose parameters are of what is `OFFERED`; it is left out of a run that lacks one of them.

    Other parameters have defaults, and keep them. Returns figures by name; a figure that is undefined here is left
    out. What is to be known to show them is said where the metric is registered: see `figures.Figure`.
    """

    def __call__(self, **needs: Any) -> Mapping[str, float]: ...


class Report(Protocol):
    """A function that writes pictures or tables of a run, an `imgret.Run`, into a folder and returns their paths."""

    def __call__(self, run: Any, folder: Path) -> Sequence[Path]: ...
