"""A cell of a table beside a value that was typed: as numbers, as dates, or as text."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from imgret.words import MISSING

Compare = Callable[[Any, Any], bool]
ORDERS: dict[str, Compare] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
SIGNS: dict[str, Compare] = {"!=": operator.ne, **ORDERS, "=": operator.eq, "~": operator.contains}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
DAY = r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
CLOCK = r"(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
DATE = re.compile(f"{DAY}{CLOCK})?)?", re.ASCII)


def compare(cell: str, sign: str, value: str) -> bool:
    """As numbers where both are, as dates where both are, up to what the value says; else as text, by code point.

    `taken=2021-06` is any time in that month, and `taken>2021-06` what follows it. An empty cell is unknown: neither
    below nor above anything. ~ is part of the cell, whatever the case.
    """
    if sign == "~":
        return value.casefold() in cell.casefold()
    if not cell and sign in ORDERS:
        return False
    number, wanted = _number(cell), _number(value)
    if number is not None and wanted is not None:
        return SIGNS[sign](number, wanted)
    day, limit = _date(cell), _date(value)
    if day and limit:
        return SIGNS[sign](day[: len(limit)], limit)
    return SIGNS[sign](cell, value)


def misfit(cells: Iterable[str], sign: str, value: str) -> str:
    """What a value is not, `number` or `date`, where all known cells are such, so that as text it says nothing.

    Empty where it can be compared. Of numbers, which may be classes or codes, text is merely another one; so only <, >
    and the like ask for a number. With = a date that is none is a slip as well, but nothing is what is missing.
    """
    known = set(cells) - MISSING - {""}
    if sign == "~" or not known or (sign not in ORDERS and not value):
        return ""
    if all(map(_date, known)):  # years are dates, and numbers as well
        fits = _date(value) or (_number(value) is not None and all(_number(cell) is not None for cell in known))
        return "" if fits else "date"
    numbers = sign in ORDERS and _number(value) is None and all(_number(cell) is not None for cell in known)
    return "number" if numbers else ""


def _number(text: str) -> Decimal | None:
    """The number that the text is, exactly: two codes of twenty digits are not one because a float holds sixteen."""
    try:
        return Decimal(text) if NUMBER.fullmatch(text) else None
    except InvalidOperation:  # an exponent beyond all bounds
        return None


def _date(text: str) -> tuple[str, ...] | None:
    """Year, month, day, hour, minute and second, as far as the text says them, where the calendar has them."""
    found = DATE.fullmatch(text)
    if not found:
        return None
    said = tuple(part for part in found.groups() if part)
    year, month, day, hour, minute, second = (*map(int, said), *(1, 1, 1, 0, 0, 0)[len(said) :])
    try:
        datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    return said
