"""Contact sheets by date: the collection in the order in which it was taken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imgret import register
from imgret.plugin import Tile, contact_sheet, counted, sheet

if TYPE_CHECKING:
    from imgret import Run

THREADS = 4  # sheets at a time, each of some 10 MB


@register("report")
def dates(run: Run, folder: Path) -> list[Path]:
    """dates/2019-07.jpg and so on: a contact sheet for each month, in the order of taking, by the EXIF date.

    A month of more images than a sheet holds has further ones, 2019-07_2.jpg. Images without a date are on none.
    """
    months: dict[str, list[tuple[str, str, int]]] = {}
    for row, place in enumerate(run.collection.first):
        taken = run.collection.records[place].taken
        if taken:
            months.setdefault(taken[:7], []).append((taken, run.paths[row], row))
    pages = [
        (f"{month}{f'_{part + 1}' * bool(part)}", month, taken[part * sheet.MOST : (part + 1) * sheet.MOST], len(taken))
        for month, taken in sorted((month, sorted(taken)) for month, taken in months.items())
        for part in range(-(-len(taken) // sheet.MOST))
    ]
    if pages:
        (folder / "dates").mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(partial(_sheet, run, folder / "dates"), pages))


def _sheet(run: Run, folder: Path, page: tuple[str, str, list[tuple[str, str, int]], int]) -> Path:
    name, month, taken, count = page
    tiles = [
        Tile(partial(run.thumbnail, row), path.rpartition("/")[2], note=date.replace("T", " ")[:16])
        for date, path, row in taken
    ]
    facts = counted(count, "image") if count == len(taken) else f"{len(taken)} of {counted(count, 'image')}"
    return sheet.save(contact_sheet(tiles, month, facts, threads=1), folder / f"{name}.jpg")
