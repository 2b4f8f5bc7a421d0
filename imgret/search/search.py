"""Search: from images, or texts, to the rows of a run that are most like them."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgret import ops
from imgret.demands.arrays import hits as hits_of
from imgret.errors import UsageError
from imgret.findings import texts
from imgret.registry import blamed
from imgret.search.given import Given, Picture, given
from imgret.search.keys import row_named
from imgret.search.where import where as fulfilling
from imgret.store.files import read_file
from imgret.words import counted, printable, typed_path

if TYPE_CHECKING:
    from imgret.contracts import Floats
    from imgret.findings.found import Found

AWAY = 0.15 / 0.75  # how much the images not wanted count, beside those wanted: Rocchio's usual weights


class Hit(NamedTuple):
    """One answer to a query; `rank` counts from 1.

    `score` is the cosine to the query, or what the run's re-ranker says in its place; higher is nearer. `columns` is
    what else is known of the file: the further columns of a manifest, and attributes.
    """

    rank: int
    score: float
    cluster: int
    path: str
    id: str
    file: str
    label: str = ""
    columns: Mapping[str, str] = {}


def search(
    run: Found,
    images: Given = (),
    top: int | None = None,
    unlike: Given = (),
    where: str | Sequence[str] = (),
    weights: Sequence[float] | None = None,
    text: str | Sequence[str] = (),
    unlike_text: str | Sequence[str] = (),
) -> list[Hit]:
    """The `top` images most like `images`, and unlike others; all of these are left out of the hits by content.

    An image is a file, or an item of this run: its path, its id, or the first 8 characters of that or more, or what
    else only it is called (see `keys.py`); or a picture itself (see `given.py`), which as pixels is the image of this
    run that has its features. A `text`
    says what to look for where the backbone has a text tower (see `texts.py`). Several images and texts count by
    `weights`, one for each, images first, or alike; how they become one query says `combined`.

    `where` are conditions such as `label=cat` or `taken>=2020` on the columns of items.csv (see `where.py`): an
    image is searched where one file of it fulfils all of them, and its hit names that file. They are exact: the
    images that are left are compared with the query one by one, whatever the run's retriever is, so that there are
    `top` hits, or as many as there are images. So are all images with a text, for which no retriever was calibrated.
    Neither are re-ranked: a re-ranker knows the whole collection, and images.

    Raises UsageError for what is none of these, where no image fulfils the conditions, and without `images` or a
    `text`: what is farthest from an image is like nothing in particular.
    """
    top = run.settings["top"] if top is None else top
    if not isinstance(top, int | np.integer) or isinstance(top, bool) or top < 1:
        raise UsageError(f"top={printable(str(top))}: the number of hits is a whole number, at least 1, such as 20")
    names, others = given(images), given(unlike)
    said, unsaid = _texts(text), _texts(unlike_text)
    if not names and not said:
        also = ": to be unlike an image is not enough, one to be like is needed" if others or unsaid else ""
        raise UsageError(f"no image to search with{also}\ngive an image file, or the path or id of an image of the run")
    shares = _shares(weights, len(names), len(said))
    conditions = _texts(where)
    places = fulfilling(run, conditions) if conditions else None  # row -> file
    vectors, own = _vectors(run, [*names, *others])
    likes, unlikes = vectors[: len(names)], vectors[len(names) :]
    if said or unsaid:
        written = texts.vectors(run, [*said, *unsaid])
        likes, unlikes = np.vstack([likes, written[: len(said)]]), np.vstack([unlikes, written[len(said) :]])
    query = combined(likes, unlikes, shares, run.X if said or unsaid else None)  # (1, d)
    if places is None and not said and not unsaid:
        with blamed(run.settings, "rerank" if run.settings.get("rerank") else "retriever"):
            scores, rows = hits_of(run.retriever.kneighbors(query, top + len(own)), 1, len(run.X), top + len(own))
    else:
        left = np.array([row for row in (range(len(run.X)) if places is None else places) if row not in own], np.int64)
        scores, rows = ops.top_k(query, run.X[left], top, device=run.device)
        rows = left[rows]
    kept = [(float(score), int(row)) for score, row in zip(scores[0], rows[0], strict=True) if row not in own][:top]
    hits = []
    for rank, (score, row) in enumerate(kept, 1):
        item = run.collection.items[run.collection.first[row] if places is None else places[row]]
        known = {name: item.columns.get(name, "") for name in run.collection.columns}
        hits.append(Hit(rank, score, int(run.labels[row]), item.path, run.ids[row], item.file, item.label, known))
    return hits


def combined(
    likes: Floats, unlikes: Floats, weights: Sequence[float] | None = None, among: Floats | None = None
) -> Floats:
    """The query (1, d), of unit length, for images wanted (p, d) and not wanted (u, d), counted by `weights` (p,).

    normalise(a - 0.2 b), where a is the mean of those wanted and b that of those not wanted, each normalised, so that
    neither their number nor how much they agree changes the balance. 0.2 is gamma / beta of the usual weights of
    J. J. Rocchio, Relevance feedback in information retrieval, 1971 (0.15 / 0.75): what is wanted leads.

    Cosines of images with texts are smaller, and closer together, than those with images. Where there are texts, the
    rows `among` which is searched (n, d) are given, and every part of the query is divided by the standard deviation
    of its scores among them, so that each moves the ranking by its weight: M. Montague and J. A. Aslam, Relevance
    score normalization for metasearch, CIKM 2001, whose shift to a mean of zero changes no ranking here.
    """

    def even(rows: Floats) -> Floats:
        scale = [1.0 if among is None else texts.spread(among, row) for row in rows]
        return (rows / np.array(scale, np.float32)[:, None]).astype(np.float32)

    def direction(rows: Floats, shares: Sequence[float] | None = None) -> Floats:
        mean = np.average(even(rows).astype(np.float64), axis=0, weights=shares)
        return even(ops.normalise(mean.astype(np.float32)[None], "l2")[0])

    toward = direction(likes, weights)
    if not len(unlikes):
        return toward if among is None else ops.normalise(toward, "l2")[0]
    return ops.normalise(toward - np.float32(AWAY) * direction(unlikes), "l2")[0]


def read(run: Found, name: str) -> bytes:
    """The bytes of an image given as `search` takes it. Raises OSError where an image of the run is gone."""
    found = _find(run, name)
    return found if isinstance(found, bytes) else run.open(found)


def _texts(given: str | Path | Sequence[str | Path]) -> list[str]:
    if not isinstance(given, Iterable | Path):
        raise UsageError(f"{printable(repr(given))}: a text is wanted here, or a list of texts")
    return [str(given)] if isinstance(given, str | Path) else [str(each) for each in given]


def _shares(weights: Sequence[float] | None, images: int, said: int = 0) -> list[float] | None:
    """The weights, one for each image and text, with the largest as 1: their sum is finite, however large they are."""
    if weights is None:
        return None
    if len(weights) != images + said:
        what = " and ".join(filter(None, [counted(images, "image"), counted(said, "text") if said else ""]))
        raise UsageError(f"{counted(len(weights), 'weight')} for {what}\ngive one for each, such as 2,1")
    for weight in weights:
        if not isinstance(weight, Real) or not (math.isfinite(weight) and weight > 0):
            raise UsageError(
                f"weight {printable(str(weight))}: it is a number above 0\n"
                "what a hit shall be unlike is given apart: --not IMAGE, in Python unlike=IMAGE"
            )
    return [weight / max(weights) for weight in weights]


def _vectors(run: Found, names: Sequence[str | Picture]) -> tuple[Floats, set[int]]:
    """Vectors (q, d), and the rows of those that are images of this run."""
    own: dict[int, int] = {}  # place among the queries -> row
    new: dict[int, tuple[str, bytes]] = {}
    for place, name in enumerate(names):
        found = name.data if isinstance(name, Picture) else _find(run, name)
        row = run.row_of.get(hashlib.sha256(found).hexdigest()) if isinstance(found, bytes) else found
        if row is not None:
            own[place] = row
        elif isinstance(found, bytes):
            new[place] = name.name if isinstance(name, Picture) else name, found
    vectors = np.empty((len(names), run.X.shape[1]), np.float32)
    for place, row in own.items():
        vectors[place] = run.X[row]
    if new:
        if "vectors" in run.info.space:
            raise UsageError(
                f"{printable(next(iter(new.values()))[0])}: this run's vectors were computed elsewhere\n"
                "search with an image of the run"
            )
        from imgret.features.extract import embed
        from imgret.reading.loader import Reading

        with blamed(run.settings, "backbone", only=True):
            features = embed(list(new.values()), run.backbone, run.engine, Reading.of(run.settings))
        vectors[list(new)] = ops.normalise(features, run.settings["normalize"], run.mean)[0]
        for place, row_of_features in zip(new, features, strict=True):
            name = names[place]
            if isinstance(name, Picture) and name.made:  # nobody can tell by the bytes whether it is of this run
                alike = np.flatnonzero((run.features == row_of_features).all(axis=1))
                own |= {place: int(alike[0])} if len(alike) else {}
    return vectors, set(own.values())


def _find(run: Found, name: str) -> bytes | int:
    """The bytes of the file of this name; where there is none, the row of the image that is called so."""
    path = typed_path(name)
    try:
        if os.path.isdir(path):
            raise UsageError(f"{printable(name)}: a folder\ngive an image file of it")
        if os.path.lexists(path):
            return read_file(path)
        return row_named(run, name)
    except OSError as error:
        raise UsageError(f"{printable(name)}: {error.strerror}\ngive an image file") from error
