"""Near-duplicates: the same picture again, encoded anew, edited, or just alike; in groups, each by what binds it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imgret import register
from imgret.plugin import SAME, TIERS, Member, Tile, contact_sheet, counted, sheet, write_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imgret import Run

HEADER = ("group", "keep", "tier", "path", "score", "width", "height")


@register("report")
def near_duplicates(run: Run, folder: Path) -> list[Path]:
    """near_duplicates.csv, one row a file in a group, and near_duplicates.jpg, one group a row.

    Pictures of which all files are equal share rows of the latter.

    The tier says how a file relates to the first of its group: same bytes, same pixels, re-encoded (or scaled), edited
    (cropped, turned, mirrored, brightened, framed or marked), or alike, which is near to the backbone while pixels do
    not say that it is the same picture; `same_picture` says how much blocks of pixels must agree. Groups of the first
    three have one to keep: most pixels, then the one whose EXIF data name a time or a camera, then most bytes, then
    the first by path. It stands for its group in groups of images that are edited or alike, which propose none: their
    `keep` is empty. Nothing is deleted.
    """
    groups, files = run.duplicates, run.files
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
    tiles: list[Tile] = []
    for number, group in enumerate(groups):
        lone = len(group) == 1  # a picture that is one file several times: such share rows
        begins = not lone or not number or len(groups[number - 1]) > 1
        tiles += [_tile(run, number, place, each, files, begins) for place, each in enumerate(group)]
    picture = contact_sheet(tiles, "Near-duplicates", _subtitle(groups))
    return [table, sheet.save(picture, folder / "near_duplicates.jpg")]


def _subtitle(groups: Sequence[Sequence[Member]]) -> str:
    words = "of the same picture, marked: the one to keep", "edited", "alike"
    kinds = SAME, TIERS[len(SAME) :][:1], TIERS[len(SAME) :][1:]
    counts = [sum(group[0].tier in kind for group in groups) for kind in kinds]
    return " · ".join(f"{counted(n, 'group')} {said}" for n, said in zip(counts, words, strict=True) if n)


def _tile(run: Run, number: int, place: int, each: Member, files: Mapping[int, Sequence[str]], begins: bool) -> Tile:
    same, (path, *others) = each.tier in SAME, files[each.row]
    said = "keep" if same and not place else each.tier
    copies = f" · also {others[0]}" if len(others) == 1 else f" · {counted(1 + len(others), 'file')}" if others else ""
    return Tile(
        partial(run.thumbnail, each.row),
        path.rpartition("/")[2],
        mark=same and place == 0,
        note=f"{number} · {said}{copies}",
        first=begins and place == 0,
    )


def _size(run: Run, row: int) -> tuple[int, int]:
    record = run.collection.records[run.collection.first[row]]
    return record.width, record.height
