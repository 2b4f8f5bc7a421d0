"""Columns of a collection as groups of images, to see what clusters follow."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from imgret.reading.items import Collection, number_names
from imgret.words import MISSING

if TYPE_CHECKING:
    from imgret.contracts import Ints

# What figures are called by that know nothing of columns
OURS = "label", "group", "covered", "size", "proportions", "taken", "camera"
BINS = 5  # for numbers of which most images have their own
DATES = 4, 7, 10  # characters of a date that make a year, a month, a day


def codes(collection: Collection) -> dict[str, Ints]:
    """Codes (n,) by column, -1 where nothing is known: the columns in which images fall into groups."""
    return {name: found for name, (found, _) in groups(collection).items()}


def groups(collection: Collection) -> dict[str, tuple[Ints, list[str]]]:
    """The columns in which images fall into groups: codes (n,), -1 where nothing is known, and what each code means.

    Dates are taken by year, or by month or day where all are of one year or month; numbers of many values by fifths of
    the images, of which the least and the most have a name; so are sizes, by their pixels, where most images have their
    own, and proportions, width by height. A column with one value, or of whose values most belong to one image, is left
    out: names, captions. So are proportions that say what the sizes say, and a column that the labels or groups are.
    Cells that spell a missing value (`words.MISSING`) say nothing.
    """
    records = [collection.records[place] for place in collection.first]
    sizes = [f"{record.width} x {record.height}" for record in records]
    columns = {
        "size": sizes
        if _groups("size", sizes) is not None
        else [f"{record.width * record.height}" for record in records],
        "proportions": [f"{record.width / record.height:.2f}" if record.height else "" for record in records],
        "taken": _dates([record.taken for record in records]),
        "camera": [record.camera for record in records],
    }
    items = [collection.items[place] for place in collection.first]
    known_as = [item.label for item in items], [item.group for item in items]
    for name in collection.columns:
        values = ["" if value in MISSING else value for value in (item.columns.get(name, "") for item in items)]
        if values in known_as:
            continue
        columns[free(name, (*OURS, *columns))] = values
    found = {name: _groups(name, values) for name, values in columns.items()}
    known = {name: groups for name, groups in found.items() if groups is not None}
    if {"size", "proportions"} <= set(known) and _same(known["size"][0], known["proportions"][0]):
        del known["proportions"]
    return known


def _same(a: Ints, b: Ints) -> bool:
    """Whether the groups are the same, whatever their codes."""
    pairs = set(zip(a.tolist(), b.tolist(), strict=True))
    return len(pairs) == len(set(a.tolist())) == len(set(b.tolist()))


def _dates(dates: Sequence[str]) -> list[str]:
    """As coarse as tells any two apart."""
    length = next((n for n in DATES if len({date[:n] for date in dates if date}) > 1), DATES[-1])
    return [date[:length] for date in dates]


def _groups(name: str, values: Sequence[str]) -> tuple[Ints, list[str]] | None:
    known = [value for value in values if value]
    distinct = len(set(known))
    if distinct > 1 and 2 * distinct <= len(known):
        return number_names(values)
    numbers = _numbers(known) if distinct > BINS else None
    if numbers is None:
        return None
    edges = np.quantile(numbers, np.arange(1, BINS) / BINS)
    out = np.full(len(values), -1, np.int64)
    out[[place for place, value in enumerate(values) if value]] = np.searchsorted(edges, numbers, side="right")
    return out, [f"low {name}", *[""] * (BINS - 2), f"high {name}"]


def _numbers(values: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    try:
        numbers = np.array([float(value) for value in values])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def free(name: str, taken: Container[str]) -> str:
    """The name, with as many `_` after it as set it apart."""
    while name in taken:
        name += "_"
    return name


def add(collection: Collection, columns: Mapping[str, Sequence[str]]) -> Collection:
    """The collection with further columns, a text for each row of arrays; to a name that is taken, `_` are added."""
    added: dict[str, Sequence[str]] = {}
    for name, values in columns.items():
        added[free(name, (*added, *collection.columns))] = values
    items = list(collection.items)
    for place, row in enumerate(collection.rows):
        if row >= 0:
            more = {name: values[row] for name, values in added.items()}
            items[place] = replace(items[place], columns={**items[place].columns, **more})
    return replace(collection, items=items)
