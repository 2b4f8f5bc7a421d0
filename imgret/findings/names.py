"""What a cluster is called: by what is commoner in it than elsewhere, or else by what is beside it.

c clusters, n images, v values of a column.
"""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from imgret import ops
from imgret.errors import UsageError
from imgret.findings import texts
from imgret.findings.beside import beside, likeness
from imgret.reading import columns
from imgret.reading.items import number_names
from imgret.settings.vocabulary import words
from imgret.words import percent, printable, spoken, tells_a_place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.contracts import Ints
    from imgret.findings.found import Found

    Floats64 = NDArray[np.float64]

PRIOR = 10  # images, of the collection's shares, that every cluster is thought to have beside its own
SURE = 2.5  # deviations of the log-odds, which chance reaches once in 160 times
MUCH = math.log(2)  # log-odds: the odds are twice those elsewhere
SHARE = 0.5  # of a cluster's images, above which a value may be its name
LOOK = 0.75  # the same for how images were taken and look, by which no two clusters may be called
CHANCE = 0.01  # that the best of as many words as there are stands out so far by chance
NUMBERED = re.compile("#[0-9a-f]{6}")  # colours for machines
LONGEST = 40  # characters of a value that a cluster is called by
log = logging.getLogger("imgret")


def names(run: Found) -> list[str]:
    """A name of each cluster (c,), never empty: the first of these that there is.

    The commonest label (`mostly dress (82 %)`), where more than half of the labelled have it, and it stands out as
    `stands_out` says; the words of the vocabulary that are nearest, where the backbone has a text tower (`looks like
    dress`); up to two values of columns that are known of the images (`mostly linen (91 %), shop 3 (64 %)`), by the
    same two demands; what is beside it, dates and folder (`June 2021, in Italy`); how three quarters of the images were
    taken or look, where that stands out and no other cluster is called so (`mostly Canon EOS 5D (90 %)`); the
    representative's file (`like IMG_0216.jpg`).
    """
    c = len(run.medoids)
    given = [_by_label(run, c)]
    if not all(given[0]):
        known, measured = _by_columns(run, c)
        given += [_by_words(run), known, beside(run), measured, likeness(run)]
    return [printable(next(filter(None, each))) for each in zip(*given, strict=True)]


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
    found = []
    for row, out in zip(counts[:c], clear[:c], strict=True):
        main, known = int(row.argmax()), int(row.sum())
        said = out[main] and row[main] > SHARE * known
        found.append(f"mostly {run.truth_names[main]} ({percent(int(row[main]), known)})" if said else "")
    return found


def _by_columns(run: Found, c: int) -> tuple[list[str], list[str]]:
    """Names by what is known of the images, and by how they were taken and what was measured on them."""
    sizes = np.bincount(run.labels[run.labels >= 0], minlength=c).tolist()
    known: list[list[tuple[float, str, str]]] = [[] for _ in range(c)]
    measured: list[list[tuple[float, str, str]]] = [[] for _ in range(c)]
    for column, (codes, values) in _columns(run).items():
        counts = _counts(run, codes, len(values), c)
        z, clear = log_odds(counts)[1], stands_out(counts)
        found, share = (measured, LOOK) if _measured(run, column) else (known, SHARE)
        for cluster, size in enumerate(sizes):
            main = int(counts[cluster].argmax())
            many = int(counts[cluster, main])
            if clear[cluster, main] and many > share * size and 0 < len(values[main]) <= LONGEST:
                value = _called(column, values[main], run.group_word)
                found[cluster].append((-float(z[cluster, main]), value, percent(many, size)))
    times = Counter(value for each in measured for _, value, _ in each)
    measured = [[said for said in each if times[said[1]] == 1][:1] for each in map(sorted, measured)]
    return _mostly(known), _mostly(measured)


def _mostly(found: Sequence[Sequence[tuple[float, str, str]]]) -> list[str]:
    """The two that stand out most of each cluster's values, with their shares."""
    said = [[f"{value} ({share})" for _, value, share in sorted(each)[:2]] for each in found]
    return [f"mostly {', '.join(each)}" if each else "" for each in said]


def _measured(run: Found, column: str) -> bool:
    return column in ("taken", "camera") or column.rstrip("_") in ("orientation", *run.settings.get("attributes", ()))


def _columns(run: Found) -> dict[str, tuple[Ints, list[str]]]:
    """The columns of which names are made: those that say something of an image that is no place, and no number of a
    colour. Folders are told of by `beside`.
    """
    records = [run.collection.records[place] for place in run.collection.first]
    known = {"orientation": number_names([_orientation(record.width, record.height) for record in records])}
    known["group"] = run.group, list(run.group_names)
    known |= {
        name: found for name, found in columns.groups(run.collection).items() if name not in ("size", "proportions")
    }
    folders = [set(path.split("/")[:-1]) for path in run.paths]
    return {
        name: (codes, values)
        for name, (codes, values) in known.items()
        if len(np.unique(codes[codes >= 0])) > 1
        and not tells_a_place(name, values)
        and not all(map(NUMBERED.fullmatch, values))
        and not (name != "group" and all(c < 0 or values[c] in f for c, f in zip(codes.tolist(), folders, strict=True)))
    }


def _orientation(width: int, height: int) -> str:
    return "landscape" if width > height else "portrait" if width < height else "square" if width else ""


def _called(column: str, value: str, group_word: str) -> str:
    """The value, with its column where it would not be understood alone."""
    alone = any(map(str.isalpha, value)) and len(value) > 1 and value.lower() not in ("true", "false", "yes", "no")
    if (alone and column != "group") or column == "taken":
        return value
    return f"{group_word if column == 'group' else spoken(column)} {value}"


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
