"""Groups of near-duplicates: the same picture, edited, or alike; of the first, which one to keep."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from imgret.ops.samepicture import SAME, TIERS

if TYPE_CHECKING:
    from imgret.findings.found import Found

KINDS = (SAME, TIERS[len(SAME) :][:1], TIERS[len(SAME) :][1:])  # what a group is of: the same picture, edited, alike


class Member(NamedTuple):
    """A row, its cosine in X with the first of its group, and the tier of both; of the first, that of the group."""

    row: int
    score: float
    tier: str


def groups(run: Found) -> list[list[Member]]:
    """Same pictures first, then edited, then alike; each by number of images, then by the path of the first."""
    copied = {row for row, paths in run.files.items() if len(paths) > 1}
    stands = {row: row for row in run.files}  # the row that stands for each one
    groups = []
    for kind in KINDS:
        near: dict[int, dict[int, Member]] = {}
        for one, other, score, tier in run.pairs:
            a, b = stands[one], stands[other]
            if tier in kind and a != b:
                for this, that in ((a, b), (b, a)):
                    known = near.setdefault(this, {}).get(that)
                    if known is None or (TIERS.index(tier), -score) < (TIERS.index(known.tier), -known.score):
                        near[this][that] = Member(that, score, tier)
        found = _stars(run, near, copied if kind is SAME else ())
        if kind is SAME:
            stands |= {each.row: group[0].row for group in found for each in group}
        groups += sorted(found, key=lambda group: (-len(group), run.paths[group[0].row]))
    return groups


def _stars(run: Found, near: dict[int, dict[int, Member]], alone: Iterable[int]) -> list[list[Member]]:
    """The best image that is left with all that are near it and near no better one, nearest first, until none is."""
    left, groups = {*near, *alone}, []
    for first in sorted(left, key=partial(_worth, run)):
        if first not in left:
            continue
        members = [each for row, each in near.get(first, {}).items() if row in left and row != first]
        left -= {first, *(each.row for each in members)}
        if members or first in alone:
            members.sort(key=lambda each: (TIERS.index(each.tier), -each.score, run.paths[each.row]))
            groups.append([Member(first, 1.0, members[-1].tier if members else SAME[0]), *members])
    return groups


def _worth(run: Found, row: int) -> tuple[int, bool, int, str]:
    """What sorts the better image first."""
    place = run.collection.first[row]
    item, record = run.collection.items[place], run.collection.records[place]
    known = bool(record.camera or (record.taken and item.columns.get("taken_from", "exif") == "exif"))
    try:
        size = os.path.getsize(item.file)
    except OSError:
        size = 0
    return -record.width * record.height, not known, -size, run.paths[row]
