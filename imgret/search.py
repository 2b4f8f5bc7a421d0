"""Search: from images to the rows of a run that are most like them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgret import ops
from imgret.registry import UsageError
from imgret.words import printable, typed_path

if TYPE_CHECKING:
    from imgret.contracts import Floats
    from imgret.results import Run


class Hit(NamedTuple):
    """One answer to a query. `score` is the cosine to the query, higher is nearer; `rank` counts from 1."""

    rank: int
    score: float
    cluster: int
    path: str
    id: str
    file: str


def search(run: Run, images: str | Path | Sequence[str | Path], top: int) -> list[Hit]:
    """The `top` images of a run most like `images`, or like the mean of several; see `Run.search`."""
    if top < 1:
        raise UsageError(f"top={top}: the number of hits is a whole number, at least 1\ntype --top 20")
    names = [images] if isinstance(images, str | Path) else list(images)
    if not names:
        raise UsageError("no image to search with\ngive an image file, or the path or id of an image of the run")
    vectors, own = _vectors(run, [str(name) for name in names])
    mean = vectors.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)
    query, _ = ops.normalise(mean, "l2")  # (1, d)
    scores, rows = run.retriever.kneighbors(query, top + len(own))
    kept = [(float(score), int(row)) for score, row in zip(scores[0], rows[0], strict=True) if row not in own][:top]
    items, first = run.collection.items, run.collection.first
    return [
        Hit(rank, score, int(run.labels[row]), run.paths[row], run.ids[row], items[first[row]].file)
        for rank, (score, row) in enumerate(kept, 1)
    ]


def read(run: Run, name: str) -> bytes:
    """The bytes of an image given as `search` takes it. Raises OSError where an image of the run is gone."""
    found = _find(run, name)
    return found if isinstance(found, bytes) else run.open(found)


def _vectors(run: Run, names: Sequence[str]) -> tuple[Floats, set[int]]:
    """Vectors (q, d), and the rows of those that are images of this run."""
    own: dict[int, int] = {}  # place among the queries -> row
    new: dict[int, tuple[str, bytes]] = {}
    for place, name in enumerate(names):
        found = _find(run, name)
        row = run.row_of.get(hashlib.sha256(found).hexdigest()) if isinstance(found, bytes) else found
        if row is not None:
            own[place] = row
        elif isinstance(found, bytes):
            new[place] = name, found
    vectors = np.empty((len(names), run.X.shape[1]), np.float32)
    for place, row in own.items():
        vectors[place] = run.X[row]
    if new:
        if "vectors" in run.info["space"]:
            raise UsageError(
                f"{printable(next(iter(new.values()))[0])}: this run's vectors were computed elsewhere\n"
                "search with an image of the run"
            )
        from imgret.extract import embed

        features = embed(list(new.values()), run.backbone, run.engine)
        vectors[list(new)] = ops.normalise(features, run.settings["normalize"], run.mean)[0]
    return vectors, set(own.values())


def _find(run: Run, name: str) -> bytes | int:
    """The bytes of the file of this name; where there is none, the row of the image with this path or id."""
    path = typed_path(name)
    try:
        if os.path.lexists(path):
            return path.read_bytes()
        return run.row_of[name]
    except OSError as error:
        raise UsageError(f"{printable(name)}: {error.strerror}\ngive an image file") from error
    except KeyError:
        raise UsageError(f"{printable(name)}: neither a file nor the path or id of an image of this run") from None
