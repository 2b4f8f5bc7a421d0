"""Near-duplicates: the same picture again, encoded anew, edited, or just alike; in groups, each by what binds it."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from imgret import register
from imgret.plugin import SAME, TIERS, Tile, contact_sheet, counted, sheet, write_csv

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imgret import Run

HEADER = ("group", "keep", "tier", "path", "score", "width", "height")
KINDS = (SAME, TIERS[len(SAME) :][:1], TIERS[len(SAME) :][1:])  # what a group is of: the same picture, edited, alike


class Member(NamedTuple):
    """A row, its cosine in X with the first of its group, and the tier of both; of the first, that of the group."""

    row: int
    score: float
    tier: str


@register("report")
def near_duplicates(run: Run, folder: Path) -> list[Path]:
    """near_duplicates.csv, one row a file in a group, and near_duplicates.jpg, one group a row.

    The tier says how a file relates to the first of its group: same bytes, same pixels, re-encoded (or scaled), edited
    (cropped, turned, mirrored, brightened, framed or marked), or alike, which is near to the backbone while pixels do
    not say that it is the same picture; `same_picture` says how much blocks of pixels must agree. Groups of the first
    three have one to keep: most pixels, then most bytes, then the first by path. It stands for its group in groups
    of images that are edited or alike, which propose none: their `keep` is empty. Nothing is deleted.
    """
    groups = _groups(run)
    files = _files(run)
    rows = []
    for number, group in enumerate(groups):
        same = group[0].tier in SAME
        for place, (row, score, tier) in enumerate(group):
            for copy, path in enumerate(files[row] if same else files[row][:1]):
                keep = int(place == 0 and copy == 0) if same else ""
                said = tier if copy == 0 or place else SAME[0]
                rows.append((number, keep, said, path, f"{score:.3f}", *_size(run, row)))
    table = folder / "near_duplicates.csv"
    write_csv(table, HEADER, rows)
    if not groups:
        return [table]
    tiles = [
        _tile(run, number, place, each, files)
        for number, group in enumerate(groups)
        for place, each in enumerate(group)
    ]
    picture = contact_sheet(tiles, "Near-duplicates", _subtitle(groups))
    return [table, sheet.save(picture, folder / "near_duplicates.jpg")]


def _subtitle(groups: list[list[Member]]) -> str:
    words = "of the same picture, marked: the one to keep", "edited", "alike"
    counts = [sum(group[0].tier in kind for group in groups) for kind in KINDS]
    return " · ".join(f"{counted(n, 'group')} {said}" for n, said in zip(counts, words, strict=True) if n)


def _tile(run: Run, number: int, place: int, each: Member, files: dict[int, list[str]]) -> Tile:
    same = each.tier in SAME
    said = "keep" if same and not place else each.tier
    copies = f" · {counted(len(files[each.row]), 'file')}" if len(files[each.row]) > 1 else ""
    return Tile(
        partial(run.thumbnail, each.row),
        files[each.row][0].rpartition("/")[2],
        mark=same and place == 0,
        note=f"{number} · {said}{copies}",
        first=place == 0,
    )


def _groups(run: Run) -> list[list[Member]]:
    """Same pictures first, then edited, then alike; each by number of images, then by the path of the first."""
    pairs = run.pairs
    files = _files(run)
    copied = {row for row, paths in files.items() if len(paths) > 1}
    stands = {row: row for row in files}  # the row that stands for each one
    groups = []
    for kind in KINDS:
        near: dict[int, dict[int, Member]] = {}
        for one, other, score, tier in pairs:
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


def _stars(run: Run, near: dict[int, dict[int, Member]], alone: Iterable[int]) -> list[list[Member]]:
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


def _worth(run: Run, row: int) -> tuple[int, int, str]:
    """What sorts the better image first."""
    width, height = _size(run, row)
    try:
        size = os.path.getsize(run.collection.items[run.collection.first[row]].file)
    except OSError:
        size = 0
    return -width * height, -size, run.paths[row]


def _size(run: Run, row: int) -> tuple[int, int]:
    record = run.collection.records[run.collection.first[row]]
    return record.width, record.height


def _files(run: Run) -> dict[int, list[str]]:
    """The paths of every row, sorted behind that of its ok file; each once, however many rows of a manifest name it."""
    found: dict[int, dict[str, None]] = {row: {path: None} for row, path in enumerate(run.paths)}
    for item, row in zip(run.collection.items, run.collection.rows.tolist(), strict=True):
        if row >= 0:
            found[row][item.path] = None
    return {row: list(paths) for row, paths in found.items()}
