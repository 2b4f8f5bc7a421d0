"""`COLUMN=VALUE`: the images of a run of which a condition on the columns of its items.csv holds."""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from imgret.errors import UsageError
from imgret.findings import tables
from imgret.registry import unknown
from imgret.words import printable

if TYPE_CHECKING:
    from imgret.findings.found import Found

Compare = Callable[[Any, Any], bool]
ORDERS: dict[str, Compare] = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}
OPERATORS: dict[str, Compare] = {"!=": operator.ne, **ORDERS, "=": operator.eq}  # in the order of looking for them
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
EXAMPLES = 5  # values that are shown where none fits


class Condition(NamedTuple):
    """What a cell of a column must be: `operator` is one of = != < <= > >=."""

    column: str
    operator: str
    value: str

    def holds(self, cells: Sequence[str]) -> list[bool]:
        """Of each cell: compared as numbers where it and the value are both numbers, else as text, by code point.

        So dates compare as they are written: `taken>=2020`. An empty cell is unknown: neither below nor above anything.
        """
        wanted, compare = _number(self.value), OPERATORS[self.operator]

        def one(cell: str) -> bool:
            if not cell and self.operator in ORDERS:
                return False
            found = None if wanted is None else _number(cell)
            return compare(cell, self.value) if found is None else compare(found, wanted)

        return [one(cell) for cell in cells]


def where(run: Found, conditions: Sequence[str]) -> dict[int, int]:
    """The rows of the images of which one file fulfils all `conditions`, ascending, each with its first such file.

    A file is its place in `run.collection.items`. Raises UsageError for what is no condition, with the columns that
    there are, and where nothing fulfils them, with values that occur.
    """
    table = tables.table(run)
    rows = run.collection.rows
    left = [place for place, row in enumerate(rows) if row >= 0]  # readable
    for text in conditions:
        asked = parse(text, list(table))
        holds = asked.holds(table[asked.column])
        kept = [place for place in left if holds[place]]
        if not kept:
            alone = not any(holds[place] for place, row in enumerate(rows) if row >= 0)
            raise UsageError(_nothing(asked, [table[asked.column][place] for place in left], alone))
        left = kept
    first = {int(rows[place]): place for place in reversed(left)}
    return {row: first[row] for row in sorted(first)}


def parse(text: str, columns: Sequence[str]) -> Condition:
    """The condition in a text such as `label=cat` or `taken>=2020`, on one of `columns`, whatever characters it has."""
    found = [
        Condition(column, sign, text[len(column + sign) :])
        for column in columns
        for sign in OPERATORS
        if text.startswith(column + sign)
    ]
    if found:
        return max(found, key=lambda condition: len(condition.column + condition.operator))
    named = re.match(r"([^=<>!]+)[=<>!]", text)
    if not named:
        raise UsageError(f"{printable(text)!r} is no condition\ntype COLUMN=VALUE, or in quotes with != < <= > or >=")
    raise UsageError(unknown("column", printable(named[1]), map(printable, columns)))


def _number(text: str) -> Decimal | None:
    """The number that the text is, exactly: two codes of twenty digits are not one because a float holds sixteen."""
    try:
        return Decimal(text) if NUMBER.fullmatch(text) else None
    except InvalidOperation:  # an exponent beyond all bounds
        return None


def _nothing(asked: Condition, cells: Sequence[str], alone: bool) -> str:
    """Why no image is left, with the commonest values of the column among the files that were."""
    values = [value for value, _ in sorted(Counter(cells).items(), key=lambda pair: (-pair[1], pair[0])) if value]
    shown = ", ".join(printable(value[:60]) for value in values[:EXAMPLES]) + ", ..." * (len(values) > EXAMPLES)
    what = f"no image has {printable(''.join(asked))}{'' if alone else ' and what else is asked'}"
    return f"{what}\n{printable(asked.column)} is {shown or 'empty'}{'' if alone else ' where the rest holds'}"
