"""Pairs of images that are, or may be, the same picture; and in which way they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from imgret import ops
from imgret.executors.local import spread
from imgret.findings.originals import check_place
from imgret.ops.samepicture import (
    ALIKE,
    BATCH,
    EDITED,
    PIXELS,
    SAME,
    SMALL,
    TWIN,
    Pair,
    correlations,
    laid_over,
    upright,
)
from imgret.reading.loader import Reading
from imgret.reading.pairs import Asked, Comparer, large, small

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.contracts import Floats, Ints
    from imgret.findings.found import Found

NEAR = 0.65  # cosine in X: 98 % of copies that were cropped, turned, brightened, framed or marked are that near
CLOSE, LIKENESS = 0.85, 0.8  # alike: cosine in X, and correlation of 16 x 16 grey values


def pairs(run: Found, least: float) -> list[Pair]:
    """The pairs of rows with a tier, by row; files of the same bytes are one row already.

    Candidates are the 20 nearest of each image. Thumbnails say which of them are alike, edited, or perhaps one picture
    encoded twice; the last are read again, in worker processes, to be sure. `least` is how much a block agrees at the
    least, see ops.samepicture.agreement.
    """
    rows, scores = neighbours(run)
    grey = _small(run)
    there = grey.reshape(len(grey), -1).max(axis=1) > 0
    asked: dict[tuple[int, int], float] = {}
    for one, place in np.argwhere(scores > -2).tolist():
        other = int(rows[one, place])
        if there[one] and there[other]:
            asked[min(one, other), max(one, other)] = float(scores[one, place])
    if not asked:
        return []
    keys = sorted(asked)
    both, near = np.array(keys), np.array([asked[key] for key in keys])
    load = lru_cache(maxsize=4 * BATCH)(lambda row: large(run.thumbnail(row)).astype(np.float32))
    even = correlations(both, grey[:, 0], SMALL) >= TWIN
    twins = np.flatnonzero(even & _proportional(run, both))
    twins = twins[_upright(both[twins], load, least)]
    found = _proven(run, [keys[at] for at in twins.tolist()], least)
    rest = np.array([not found.get(key) for key in keys])
    edited = np.zeros(len(keys), bool)
    edited[rest] = laid_over(both[rest], near[rest] >= NEAR, grey, load)
    close = np.flatnonzero(rest & ~edited & (near >= CLOSE))
    alike = set(close[correlations(both[close], grey[:, 0], 16) >= LIKENESS].tolist())
    tiers = (found.get(key) or (EDITED if edited[at] else ALIKE if at in alike else "") for at, key in enumerate(keys))
    return [Pair(*key, asked[key], tier) for key, tier in zip(keys, tiers, strict=True) if tier]


def neighbours(run: Found) -> tuple[Ints, Floats]:
    """Rows and cosines in X (n, m) of the nearest of each image."""
    rows, scores = run.neighbours
    if run.settings["normalize"] == "none":  # these scores are no cosines
        X = run.X / np.maximum(np.linalg.norm(run.X, axis=1, keepdims=True), 1e-12)
        scores, rows = ops.top_k(X, X, rows.shape[1], exclude=np.arange(len(X)), device=run.device)
    return rows, scores


def _small(run: Found) -> NDArray[np.uint8]:
    """(n, 2, 32, 32): see reading.pairs.canvases; zeros where there is no thumbnail."""
    found = np.zeros((len(run.ids), 2, SMALL, SMALL), np.uint8)
    for row in range(len(found)):  # threads would wait for one another: each step is short
        with suppress(OSError, ValueError):
            found[row] = np.maximum(small(run.thumbnail(row)), 1)
    return found


def _proportional(run: Found, both: Ints) -> NDArray[np.bool_]:
    """(m,): whether one image of a pair may be the other scaled, to whole pixels."""
    records = [run.collection.records[place] for place in run.collection.first]
    width, height = (np.array([getattr(each, side) for each in records])[both] for side in ("width", "height"))
    lesser = np.arange(len(both)), (width * height).argmin(axis=1)
    greater = np.arange(len(both)), (width * height).argmax(axis=1)
    scale = np.maximum(width[lesser], height[lesser]) / np.maximum(np.maximum(width[greater], height[greater]), 1)
    off = [np.abs(each[greater] * scale - each[lesser]) for each in (width, height)]
    result: NDArray[np.bool_] = np.maximum(*off) <= 1.5
    return result


def _upright(both: Ints, load: Callable[[int], Floats], least: float) -> NDArray[np.bool_]:
    found = np.zeros(len(both), bool)
    for part in ops.blocks(len(both), BATCH):
        A, B = (np.stack([load(row)[0] for row in side]) for side in both[part].T.tolist())
        found[part] = upright(A, B, least)
    return found


def _proven(run: Found, twins: list[tuple[int, int]], least: float) -> dict[tuple[int, int], str]:
    """The tiers of pairs by what their originals show; empty for those that are not the same picture.

    Two that are the same picture as a third are so themselves, and are not read, unless they may have equal pixels and
    the third is neither's.
    """
    found: dict[tuple[int, int], str] = {}
    centres: dict[int, dict[int, str]] = {}  # of each row those with which it has been compared, and the tier
    left = sorted(twins)
    while left:
        now, members = [], set()
        for one, other in left:
            if one not in members:
                now.append((one, other))
                members.add(other)
        for (one, other), tier in zip(now, _read(run, now, least), strict=True):
            found[one, other] = tier
            centres.setdefault(one, {one: PIXELS})
            centres.setdefault(other, {other: PIXELS})[one] = tier
        for one, other in left:
            if (one, other) not in found:
                common = centres.get(one, {}).keys() & centres.get(other, {}).keys()
                ways = [(centres[one][each], centres[other][each]) for each in sorted(common)]
                whole = [way for way in ways if all(way) and (PIXELS in way or _size(run, one) != _size(run, other))]
                if whole:
                    found[one, other] = max(whole[0], key=SAME.index)
        left = [pair for pair in left if pair not in found]
    return found


def _size(run: Found, row: int) -> tuple[int, int]:
    record = run.collection.records[run.collection.first[row]]
    return record.width, record.height


def _read(run: Found, now: list[tuple[int, int]], least: float) -> Iterable[str]:
    """The tier of each pair, read in worker processes; empty where a file is gone, or ended its worker."""
    reading = Reading.of(run.settings)
    items: dict[int, Asked | None] = {}
    for row in {row for pair in now for row in pair}:
        place = int(run.collection.first[row])
        item, record = run.collection.items[place], run.collection.records[place]
        items[row] = None
        with suppress(OSError):
            check_place(item, run.folders)
            items[row] = item, record.id, _size(run, row)
    asked = [(items[one], items[other]) for one, other in now]
    able = [pair for pair in asked if None not in pair]
    comparer = Comparer(run.source, least, reading.formats)
    done = (each for _, some in spread(comparer, able, reading.timeout) for each in some)  # type: ignore[arg-type]
    answers = [each if isinstance(each, str) else "" for each in done]
    said = iter(answers)
    return ["" if None in pair else next(said) for pair in asked]
