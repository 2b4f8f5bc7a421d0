"""When a picture was taken, where its EXIF data do not say: by its name, or by the time of its file."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from imgret.contracts import Item
from imgret.reading.columns import free
from imgret.reading.items import Collection
from imgret.reading.record import Record

COLUMN = "taken_from"

# Screenshot_2022-01-10-15-30-12, IMG_20220110_153012, IMG-20220110-WA0001, PXL_20220110_153012345, 2022-01-10 15.30.12,
# WhatsApp Image 2022-01-10 at 3.30.12 PM. No digit stands on either side: those are numbers of something else.
_NAMED = re.compile(
    r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)"
    r"(?:(?:[-_. T]|_?[ ]?at[ ])?([0-2]?\d)([-_.:h]?)([0-5]\d)\6([0-5]\d)(?:\d{3})?(?:[ \u202f]?([AaPp])[Mm])?)?(?!\d)"
)
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)(?!\d)")


def by_name(path: str) -> str:
    """The date in a file's name: 2022-01-10T15:30:12, or 2022-01-10 where it has no time; empty where it has none."""
    name = path.rpartition("/")[2]
    for pattern in (_NAMED, _DAY):
        for found in pattern.finditer(name):
            year, _, month, day, hour, _, minute, second, half = (*found.groups(), *[""] * 5)[:9]
            try:
                date = datetime(int(year), int(month), int(day))
                if not hour:
                    return date.date().isoformat()
                later = 12 * (half in "Pp") - 12 * (int(hour) == 12) if half else 0
                return date.replace(hour=int(hour) + later, minute=int(minute), second=int(second)).isoformat()
            except ValueError:  # a number, and no date
                continue
    return ""


def by_file(file: str) -> str:
    """When a file was last written, in this machine's time; empty where it cannot be looked at."""
    try:
        return datetime.fromtimestamp(int(os.stat(file).st_mtime)).isoformat()
    except (OSError, OverflowError, ValueError):
        return ""


def dated(collection: Collection, ways: Sequence[str]) -> Collection:
    """The collection with the date of each readable file from the first of the `ways` that has one, and which that was.

    With EXIF data alone it stays as it is, without a further column.
    """
    if list(ways) == ["exif"]:
        return collection
    items, records = list(collection.items), list(collection.records)
    column = free(COLUMN, collection.columns)
    for place, (item, record) in enumerate(zip(items, records, strict=True)):
        if collection.rows[place] >= 0:
            taken, way = _first(item, record, ways)
            records[place] = record._replace(taken=taken)
            items[place] = replace(item, columns={**item.columns, column: way})
    return replace(collection, items=items, records=records)


def _first(item: Item, record: Record, ways: Sequence[str]) -> tuple[str, str]:
    for way in ways:
        taken = record.taken if way == "exif" else by_name(item.path) if way == "name" else by_file(item.file)
        if taken:
            return taken, way
    return "", ""
