"""The data of the checks: points, pictures and a run, seeded and small, with what real collections have in them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret import ops
from imgret.checks import Fault, Subject
from imgret.contracts import Item
from imgret.findings.info import Choice, Computed, Fitted, Info
from imgret.reading.items import collect
from imgret.reading.record import Record
from imgret.registry import OPTIONAL, SLOTS
from imgret.runs.run import Run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.contracts import Floats, Ints

GROUPS = 4  # of blobs
ODD = "caf\udce9 $a_b^2$ \u202e\n,\"'.png"  # bytes that are no UTF-8, markup, a turn of direction, a line's end


def blobs(n: int = 60, d: int = 8) -> tuple[Floats, Ints]:
    """X (n, d), rows of unit length in four groups far apart, and the group (n,) of each."""
    rng = np.random.default_rng(0)
    truth = np.arange(n) % GROUPS
    centres = np.eye(GROUPS, d) * np.array([1, 1, -1, -1])[:, None]
    return ops.normalise((centres[truth] + rng.normal(scale=0.06, size=(n, d))).astype(np.float32), "l2")[0], truth


def unchanged(before: NDArray[Any], after: NDArray[Any], what: str = "X") -> None:
    """Raises Fault where an array that was handed over was written to."""
    if not np.array_equal(before, after):
        raise Fault(f"{what} was written to; what is handed over is read only")


def same(subject: Subject, first: Any, second: Any, what: str) -> str:
    """Raises Fault where two results for the same input differ, unless the component says that they may."""
    if np.array_equal(np.asarray(first), np.asarray(second)):
        return ""
    if subject.repeatable:
        raise Fault(f"{what} differ; draw from a parameter `seed`, or say deterministic = False")
    return "they differ, as deterministic = False says"


def png(pixels: NDArray[np.uint8]) -> bytes:
    """(h, w, 3) as the bytes of a file."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def picture(seed: int, height: int = 24, width: int = 32) -> NDArray[np.uint8]:
    """(h, w, 3): one colour, with grain."""
    rng = np.random.default_rng(seed)
    return (rng.integers(0, 200, 3) + rng.integers(0, 40, (height, width, 3))).astype(np.uint8)


def write_folder(folder: Path) -> Path:
    """A folder with pictures on two levels, one name of which is odd, and a file that is none."""
    names = ["cat_1.png", "cat_2.png", "dog_1.png", "owls/a/owl 1.png", "owls/b/öwl's $2.png"]
    for seed, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png(picture(seed)))
    (folder / "notes.txt").write_text("no picture", encoding="utf-8")
    return folder


class Scan:
    """A retriever that ranks everything: what a metric or report is given in a check."""

    def fit(self, X: Floats, labels: Ints) -> Scan:
        self.X = X
        return self

    def kneighbors(self, Q: Floats, top: int) -> tuple[Floats, Ints]:
        return ops.top_k(Q, self.X, top)


class Pictures:
    """A source of pictures in memory; `gone` is the path of one that cannot be read any more."""

    skipped: Mapping[str, int] = {}

    def __init__(self, files: Mapping[str, bytes], gone: str) -> None:
        self.files, self.gone = files, gone

    def __iter__(self) -> Iterator[Item]:
        return (Item(path, label=f"label {place % 2} $x$ \u202e", group="ab"[place % 3 % 2])
                for place, path in enumerate(sorted(self.files)))  # fmt: skip

    def open(self, item: Item) -> bytes:
        if item.path == self.gone:
            raise FileNotFoundError(2, "No such file or directory", item.path)
        return self.files[item.path]


def small_run(labels: Ints, name: str) -> Run:
    """A run in memory over as many pictures as there are labels (n,), as few as one; the last picture is gone."""
    from hashlib import sha256

    n = len(labels)
    files = {f"folder/{row}.png" if row else ODD: png(picture(row)) for row in range(n)}
    paths = sorted(files)
    source = Pictures(files, paths[-1])
    records = [Record(sha256(files[path]).hexdigest(), "ok", "", 32, 24, "2019-07-21T18:04:11") for path in paths]
    collection = collect(list(source), records)
    features = np.random.default_rng(0).normal(size=(n, 6)).astype(np.float32)
    mean = ops.normalise(features)[1]
    config = {
        **{slot: None if slot in OPTIONAL else {"name": "check"} for slot in SLOTS},
        "seed": 0, "device": "cpu", "normalize": "centre", "top": 5, "k": 3, "limit": None, "images": None,
        "out": "runs", "attributes": [], "metrics": [], "reports": [name], "typed": [], "preset": None,
        "baseline": None, "formats": [], "vocabulary": None,
    }  # fmt: skip
    info = Info(
        title=f"a check of {name}: caf\udce9 $a_b^2$ \u202e",
        config=config,
        fitted=Fitted(retriever={}),
        backbone=Choice("check", "check", "none"),
        space={},
        engine={"title": "none", "device": "cpu", "precision": "float32", "batch": 1},
        files=n,
        outcomes=collection.outcomes,
        data="0" * 32,
        root="",
        features=Computed(n),
        made="2026-01-01T00:00:00+0000",
    )
    view = features[:, :2].copy()
    X, _ = ops.normalise(features, "centre", mean)
    retriever = Scan().fit(X, labels)
    run = Run(info, collection, features, mean, ops.renumber(labels), view, {"n_clusters": 2.0})
    run.source, run.retriever = source, retriever
    return run
