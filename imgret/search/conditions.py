"""Conditions on the columns of a table: what can be written, and of which rows it holds.

    or      =  and { "or" and }
    and     =  not { "and" not }
    not     =  "not" not  |  "(" or ")"  |  comparison
    comparison  =  COLUMN sign VALUE  |  COLUMN ["not"] "in" "(" VALUE { "," VALUE } ")"

with the signs = != < <= > >= and ~ (has this part), spaces around them or none. A value ends where `and` or `or` stands
between spaces, at a bracket or comma that is not its own, or at the end; quotes take it as it is, and a quote in
them is written twice. So can a column be quoted.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgret.errors import UsageError
from imgret.registry import unknown
from imgret.words import printable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Compare = Callable[[Any, Any], bool]
    Table = Mapping[str, Sequence[str]]

ORDERS: dict[str, Compare] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
SIGNS: dict[str, Compare] = {"!=": operator.ne, "==": operator.eq, **ORDERS, "=": operator.eq, "~": operator.contains}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
DAY = r"(\d{4})(?:-(\d\d)(?:-(\d\d)"
CLOCK = r"(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
DATE = re.compile(f"{DAY}{CLOCK})?)?", re.ASCII)
WORD = re.compile(r"(and|or)(?=[\s(]|$)", re.IGNORECASE)
NOT = re.compile(r"not(?=[\s(])\s*", re.IGNORECASE)
IN = re.compile(r"(not\s+)?in\s*\(", re.IGNORECASE)


class Condition(NamedTuple):
    """What a cell of a column must be: `sign` to one of `values`, of which `in` has several."""

    column: str
    sign: str
    values: tuple[str, ...]

    def holds(self, table: Table) -> NDArray[np.bool_]:
        """Of each row of the table."""
        known: dict[str, bool] = {}
        for cell in table[self.column]:
            if cell not in known:
                known[cell] = any(_compare(cell, self.sign, value) for value in self.values)
        return np.array([known[cell] for cell in table[self.column]], bool)

    def conditions(self) -> list[Condition]:
        return [self]


class Joined(NamedTuple):
    """`word` is and, or, not; the last has one part."""

    word: str
    parts: tuple[Expression, ...]

    def holds(self, table: Table) -> NDArray[np.bool_]:
        each = [part.holds(table) for part in self.parts]
        if self.word == "not":
            return ~each[0]
        found: NDArray[np.bool_] = np.all(each, axis=0) if self.word == "and" else np.any(each, axis=0)
        return found

    def conditions(self) -> list[Condition]:
        return [condition for part in self.parts for condition in part.conditions()]


Expression = Condition | Joined


def parse(text: str, columns: Sequence[str]) -> Expression:
    """What a text such as `label in (cat, dog) and taken>2021-06` asks of a table that has these columns.

    A column may have whatever characters: the longest that a sign follows is meant. Raises UsageError that says how
    far the text was understood.
    """
    reader = _Reader(text, columns)
    found = reader.any_of()
    if reader.at < len(text):
        raise reader.stopped("a bracket is closed that was not opened, or something follows the quotes")
    return found


class _Reader:
    """Reads a text from left to right; `at` is how far it has come."""

    def __init__(self, text: str, columns: Sequence[str]) -> None:
        self.text, self.columns, self.at = text, columns, 0

    def any_of(self) -> Expression:
        return self._joined("or", lambda: self._joined("and", self._one))

    def _joined(self, word: str, read: Callable[[], Expression]) -> Expression:
        parts = [read()]
        while (found := WORD.match(self.text, self.at)) and found[1].lower() == word:
            self._skip(found.end())
            parts.append(read())
        return Joined(word, tuple(parts)) if len(parts) > 1 else parts[0]

    def _one(self) -> Expression:
        self._skip(self.at)
        found = self._comparison()
        if found:
            return found
        if negated := NOT.match(self.text, self.at):
            self._skip(negated.end())
            return Joined("not", (self._one(),))
        if self.text.startswith("(", self.at):
            self._skip(self.at + 1)
            inner = self.any_of()
            self._close()
            return inner
        named = re.compile(r"([^=<>!~()]+?)\s*([=<>!~]|\b(not\s+)?in\s*\()", re.IGNORECASE).match(self.text, self.at)
        if named:
            raise self.stopped(unknown("column", printable(named[1]), map(printable, self.columns)))
        raise self.stopped("")

    def _comparison(self) -> Expression | None:
        """A column, a sign and what it is compared with, if that is what stands here."""
        found: list[tuple[int, str, str, re.Match[str] | None]] = []  # end, column, sign
        for column in self.columns:
            for spelled in (column, *(q + column.replace(q, q + q) + q for q in "\"'")):
                if self.text.startswith(spelled, self.at):
                    end = self.at + len(spelled)
                    after = end + len(self.text[end:]) - len(self.text[end:].lstrip())
                    among = IN.match(self.text, after) if after > end or spelled != column else None
                    sign = "in" if among else next((s for s in SIGNS if self.text.startswith(s, after)), None)
                    if sign:
                        found.append((among.end() if among else after + len(sign), column, sign, among))
        if not found:
            return None
        end, column, sign, among = max(found, key=lambda each: each[0])
        self._skip(end)
        if not among:
            return Condition(column, "=" if sign == "==" else sign, (self._value(""),))
        values = [self._value(",")]
        while self.text.startswith(",", self.at):
            self._skip(self.at + 1)
            values.append(self._value(","))
        self._close()
        chosen = Condition(column, "=", tuple(values))
        return Joined("not", (chosen,)) if among[1] else chosen

    def _value(self, end: str) -> str:
        """What stands here, up to its end: quoted, or with brackets of its own."""
        quote = self.text[self.at : self.at + 1]
        if quote and quote in "\"'":
            closed = re.compile(f"{quote}((?:[^{quote}]|{quote}{quote})*){quote}").match(self.text, self.at)
            if not closed:
                raise self.stopped(f"the quote {quote} is not closed")
            self._skip(closed.end())
            return closed[1].replace(quote * 2, quote)
        start, depth = self.at, 0
        while self.at < len(self.text):
            here = self.text[self.at]
            if here in end or (here == ")" and not depth):
                break
            if (self.at == start or self.text[self.at - 1].isspace()) and WORD.match(self.text, self.at) and not end:
                break
            depth += (here == "(") - (here == ")")
            self.at += 1
        return self.text[start : self.at].strip()

    def _close(self) -> None:
        if not self.text.startswith(")", self.at):
            raise self.stopped("a bracket is not closed")
        self._skip(self.at + 1)

    def _skip(self, at: int) -> None:
        self.at = at + len(self.text[at:]) - len(self.text[at:].lstrip())

    def stopped(self, why: str) -> UsageError:
        """The error that says how far the text was understood, why no further, and what can be typed."""
        text, done = printable(self.text), printable(self.text[: self.at].rstrip())
        first, _, more = why.partition("\n")
        if not done and more:  # a column that there is not, first thing
            return UsageError(why)
        said = f"{text!r} is no condition" if not done else f"{text!r} is understood as far as {done!r}"
        more = more or 'type COLUMN=VALUE, with = != < <= > >= ~ in (A, B), and, or, not, brackets; quote "A or B"'
        return UsageError(f"{said}{f': {first}' if first else ''}\n{more}")


def _compare(cell: str, sign: str, value: str) -> bool:
    """As numbers where both are, as dates where both are, up to what the value says; else as text, by code point.

    `taken=2021-06` is any time in that month, and `taken>2021-06` what follows it. An empty cell is unknown: neither
    below nor above anything. ~ is part of the cell, whatever the case.
    """
    if sign == "~":
        return value.casefold() in cell.casefold()
    if not cell and sign in ORDERS:
        return False
    compare = SIGNS[sign]
    number, wanted = _number(cell), _number(value)
    if number is not None and wanted is not None:
        return compare(number, wanted)
    date, limit = _date(cell), _date(value)
    if date and limit:
        return compare(date[: len(limit)], limit)
    return compare(cell, value)


def _number(text: str) -> Decimal | None:
    """The number that the text is, exactly: two codes of twenty digits are not one because a float holds sixteen."""
    try:
        return Decimal(text) if NUMBER.fullmatch(text) else None
    except InvalidOperation:  # an exponent beyond all bounds
        return None


def _date(text: str) -> tuple[str, ...] | None:
    """Year, month, day, hour, minute and second, as far as the text says them."""
    found = DATE.fullmatch(text)
    return tuple(part for part in found.groups() if part) if found else None
