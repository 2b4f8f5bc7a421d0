"""What is in a cluster: a name from what is commoner in it than elsewhere, what lies on its boundary, the odd ones out.

c clusters, n images, v values of a column.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgret import ops
from imgret.errors import UsageError
from imgret.findings import texts
from imgret.reading import columns
from imgret.reading.items import number_names
from imgret.settings.vocabulary import words
from imgret.words import printable, tells_a_place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.contracts import Floats, Ints
    from imgret.findings.found import Found

    Floats64 = NDArray[np.float64]

SHOWN = 5  # images on the boundary, and odd ones, at most
CLOSE = 0.05  # of its distance, by which another centroid is farther from an image on the boundary, at most
FAR = 3.5  # deviations from the median, as B. Iglewicz and D. Hoaglin, How to detect and handle outliers, 1993, advise
PRIOR = 10  # images, of the collection's shares, that every cluster is thought to have beside its own
SURE = 2.5  # deviations of the log-odds, which chance reaches once in 160 times
MUCH = math.log(2)  # log-odds: the odds are twice those elsewhere
CHANCE = 0.01  # that the best of as many words as there are stands out so far by chance
LONGEST = 40  # characters of a value that a cluster is called by
log = logging.getLogger("imgret")


class Profile(NamedTuple):
    """`name` is empty where nothing stands out. `boundary` and `odd` are rows, the clearest first; either may be none.

    On the boundary lie those for which another centroid is nearer than their own, or hardly farther: (b - a) /
    max(a, b) <= 0.05 with the distances a to their own centroid and b to the nearest other one, which is the
    simplified silhouette of E. Hruschka, R. Campello and L. de Castro, 2006. Odd are those whose distance to the
    centroid is above the median of the cluster by 3.5 of its deviations, estimated by the median of the absolute ones.
    """

    name: str = ""
    boundary: Sequence[int] = ()
    odd: Sequence[int] = ()


def profiles(run: Found) -> list[Profile]:
    """What is said of each cluster (c,).

    A name is by the commonest label, where that stands out (`mostly dress (82 %)`); else by the words of
    the vocabulary that are nearest, where the backbone has a text tower (`looks like dress`); else by up to two values
    of columns that more than half of the images have (`mostly 2009, Canon`). What stands out says `stands_out`.
    """
    silhouettes = simplified_silhouettes(run.X, run.labels, run.centroids)
    names = _names(run)
    step = float(np.median(run.distances)) / 100  # below which distances are all the same
    found = []
    for cluster, name in enumerate(names):
        rows = np.flatnonzero(run.labels == cluster)
        close = rows[silhouettes[rows] <= CLOSE]
        boundary = close[np.argsort(silhouettes[close], kind="stable")][:SHOWN]
        odd = rows[outliers(run.distances[rows], step)]
        odd = odd[np.argsort(-run.distances[odd], kind="stable")][:SHOWN]
        found.append(Profile(name, boundary.tolist(), odd.tolist()))
    return found


def simplified_silhouettes(X: Floats, labels: Ints, centroids: Floats) -> Floats64:
    """(b - a) / max(a, b) of each row (n,), by its distances to its own centroid (c, d) and the nearest other one.

    1 for noise and where there is no other centroid.
    """
    out = np.ones(len(X))
    rows = np.flatnonzero(labels >= 0)
    if len(centroids) < 2:
        return out
    C = centroids.astype(np.float64)
    for part in ops.blocks(len(rows), max(1, ops.BLOCK // (8 * max(C.shape)))):
        x = X[rows[part]].astype(np.float64)
        squares = (x**2).sum(axis=1)[:, None] - 2 * x @ C.T + (C**2).sum(axis=1)
        distances = np.sqrt(np.maximum(squares, 0))
        at = np.arange(len(x)), labels[rows[part]]
        own = distances[at]
        distances[at] = np.inf
        other = distances.min(axis=1)
        larger = np.maximum(own, other)
        out[rows[part]] = np.divide(other - own, larger, out=np.zeros(len(x)), where=larger > 0)
    return out


def outliers(distances: Floats, step: float) -> NDArray[np.bool_]:
    """Which distances (m,) are above their median by more than 3.5 deviations, each of which is a `step` at least."""
    median = np.median(distances)
    deviation = 1.4826 * np.median(np.abs(distances - median))  # as that of a normal distribution
    return np.asarray(distances - median > FAR * max(float(deviation), step))


def stands_out(counts: Ints) -> NDArray[np.bool_]:
    """Which values are much commoner in a group than in all others together, by counts (groups, v).

    The log-odds are higher by at least log 2, and by 2.5 times their standard deviation, with an informative Dirichlet
    prior of 10 images: B. Monroe, M. Colaresi and K. Quinn, Fightin' words, Political Analysis 16, 2008. Their variance
    leaves out the odds against a value, which matter here: a word is rare, a value may be that of nearly all images.
    """
    difference, z = log_odds(counts)
    return np.asarray((difference >= MUCH) & (z >= SURE))


def log_odds(counts: Ints) -> tuple[Floats64, Floats64]:
    """Log-odds of values in a group less those in all others (groups, v), and these in standard deviations."""
    here = counts.astype(np.float64)
    total = np.maximum(here.sum(axis=0), 1e-9)  # of what no image has, there is as little in every group
    prior = PRIOR * total / total.sum()  # (v,)
    parts, variance = [], np.zeros_like(here)
    for group in (here, total - here):
        weight = group + prior
        against = group.sum(axis=1, keepdims=True) + PRIOR - weight
        parts.append(np.log(weight) - np.log(against))
        variance += 1 / weight + 1 / against
    difference = parts[0] - parts[1]
    return difference, difference / np.sqrt(variance)


def _names(run: Found) -> list[str]:
    c = len(run.medoids)
    names = _by_label(run, c)
    if not all(names):
        said = zip(names, _by_words(run), _by_columns(run, c), strict=True)
        names = [next(filter(None, each), "") for each in said]
    return [printable(name) for name in names]


def _counts(run: Found, codes: Ints, v: int, c: int) -> Ints:
    """How often each value is in each cluster, and in noise last: (c + 1, v)."""
    known = codes >= 0
    homes = np.where(run.labels < 0, c, run.labels)[known]
    return np.bincount(homes * v + codes[known], minlength=(c + 1) * v).reshape(c + 1, v)


def _by_label(run: Found, c: int) -> list[str]:
    v = len(run.truth_names)
    if v < 2:  # one label sets nothing apart
        return [""] * c
    counts = _counts(run, run.truth, v, c)
    clear = stands_out(counts)
    names = []
    for row, out in zip(counts[:c], clear[:c], strict=True):
        main, known = int(row.argmax()), int(row.sum())
        share = row[main] / known if known else 0.0
        how = ("mostly" if share > 0.5 else "partly" if share >= 0.25 else "") if out[main] else ""
        names.append(f"{how} {run.truth_names[main]} ({100 * int(row[main]) // known} %)" if how else "")
    return names


def _by_columns(run: Found, c: int) -> list[str]:
    sizes = np.bincount(run.labels[run.labels >= 0], minlength=c)
    found: list[list[tuple[float, str]]] = [[] for _ in range(c)]
    for column, (codes, values) in _columns(run).items():
        counts = _counts(run, codes, len(values), c)
        z, clear = log_odds(counts)[1], stands_out(counts)
        for cluster in range(c):
            main = int(counts[cluster].argmax())
            if clear[cluster, main] and 2 * counts[cluster, main] > sizes[cluster] and 0 < len(values[main]) <= LONGEST:
                found[cluster].append((-float(z[cluster, main]), _called(column, values[main])))
    return [f"mostly {', '.join(value for _, value in sorted(each)[:2])}" if each else "" for each in found]


def _columns(run: Found) -> dict[str, tuple[Ints, list[str]]]:
    """The columns of which names are made: those that say something of an image, and not where it was or lies."""
    records = [run.collection.records[place] for place in run.collection.first]
    known = {"orientation": number_names([_orientation(record.width, record.height) for record in records])}
    known["group"] = run.group, list(run.group_names)
    known |= {
        name: found for name, found in columns.groups(run.collection).items() if name not in ("size", "proportions")
    }
    return {
        name: (codes, values)
        for name, (codes, values) in known.items()
        if len(np.unique(codes[codes >= 0])) > 1 and not tells_a_place(name, values)
    }


def _orientation(width: int, height: int) -> str:
    return "landscape" if width > height else "portrait" if width < height else "square" if width else ""


def _called(column: str, value: str) -> str:
    """The value, with its column where it would not be understood alone."""
    alone = any(map(str.isalpha, value)) and len(value) > 1 and value.lower() not in ("true", "false", "yes", "no")
    return value if (alone and column != "group") or column == "taken" else f"{column.rstrip('_')} {value}"


def _by_words(run: Found) -> list[str]:
    """Up to two words a cluster which its centroid is much nearer to than to the vocabulary in general."""
    c, file = len(run.medoids), run.settings["vocabulary"]
    if not texts.understands(run):
        if file is not None:
            log.warning("vocabulary=%s has no effect: backbone=%s has no text tower", file, run.called("backbone"))
        return [""] * c
    try:
        known = words(file)
        V = texts.vocabulary(run, known)  # (w, d)
    except UsageError as error:  # a run from elsewhere
        log.info("clusters are not called by words: %s", str(error).partition("\n")[0])
        return [""] * c
    scores = ops.normalise(run.centroids, "l2")[0].astype(np.float64) @ V.T  # (c, w)
    scores -= np.median(scores, axis=1, keepdims=True)
    deviations = 1.4826 * np.median(np.abs(scores), axis=1, keepdims=True)
    clear = scores > NormalDist().inv_cdf(1 - CHANCE / len(known)) * np.maximum(deviations, 1e-6)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :2]
    said = [[known[word] for word in row if out[word]] for row, out in zip(best, clear, strict=True)]
    return [f"looks like {', '.join(each)}" if each else "" for each in said]
