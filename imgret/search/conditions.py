"""Conditions on the columns of a table: what can be written, and of which rows it holds.

    or      =  and { "or" and }
    and     =  not { "and" not }
    not     =  "not" not  |  "(" or ")"  |  comparison
    comparison  =  COLUMN sign VALUE  |  COLUMN ["not"] "in" "(" VALUE { "," VALUE } ")"

with the signs = != < <= > >= and ~ (has this part), spaces around them or none; == is =, and <> is !=. A value ends
where `and` or `or` stands between spaces, at a bracket or comma that is not its own, or at the end; quotes take it as
it is, and a quote in them is written twice. So can a column be quoted, and a value that begins with a sign has to be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imgret.errors import UsageError
from imgret.registry import unknown
from imgret.search.cells import SIGNS, compare
from imgret.words import printable, shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Table = Mapping[str, Sequence[str]]

WORD = re.compile(r"(and|or)(?=[\s(]|$)", re.IGNORECASE)
NOT = re.compile(r"not(?=[\s(])\s*", re.IGNORECASE)
IN = re.compile(r"(not\s+)?in\s*\(", re.IGNORECASE)
SIGN = re.compile("[=<>!~]+")
SPACE = re.compile(r"\s*")
WRITTEN = {sign: sign for sign in SIGNS} | {"==": "=", "<>": "!="}
DEEPEST = 50  # brackets, and nots, within one another
LONGEST = 200  # characters of a condition in an error
SYNTAX = (
    "type COLUMN=VALUE, with = != < <= > >= ~ in (A, B), and, or, not, brackets; COLUMN= for what has no value, "
    'COLUMN!= for what has one; quote "A or B"'
)


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
                known[cell] = any(compare(cell, self.sign, value) for value in self.values)
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
        self.text, self.columns, self.at, self.depth = text, columns, 0, 0

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
            return Joined("not", (self._deeper(negated.end(), self._one),))
        if self.text.startswith("(", self.at):
            inner = self._deeper(self.at + 1, self.any_of)
            self._close()
            return inner
        named = re.compile(r"([^=<>!~()]+?)\s*([=<>!~]|\b(not\s+)?in\s*\()", re.IGNORECASE).match(self.text, self.at)
        if named:
            raise self.stopped(unknown("column", printable(named[1]), map(printable, self.columns)))
        raise self.stopped("")

    def _deeper(self, at: int, read: Callable[[], Expression]) -> Expression:
        """What is read from there on, within a bracket or behind a not."""
        if self.depth == DEEPEST:
            raise self.stopped(f"brackets and nots may be {DEEPEST} deep")
        self._skip(at)
        self.depth += 1
        found = read()
        self.depth -= 1
        return found

    def _comparison(self) -> Expression | None:
        """A column, a sign and what it is compared with, if that is what stands here."""
        found: list[tuple[int, str, str, re.Match[str] | None]] = []  # end, column, sign
        for column in self.columns:
            for spelled in (column, *(q + column.replace(q, q + q) + q for q in "\"'")):
                if self.text.startswith(spelled, self.at):
                    end = self.at + len(spelled)
                    after = self._spaces(end)
                    among = IN.match(self.text, after) if after > end or spelled != column else None
                    if signed := among or SIGN.match(self.text, after):
                        found.append((signed.end(), column, signed[0], among))
        if not found:
            return None
        end, column, sign, among = max(found, key=lambda each: (each[0], len(each[1])))
        if not among and sign not in WRITTEN:
            self._skip(end - len(sign))
            raise self.stopped(f"no sign {sign}\nchoose from: {' '.join(SIGNS)}; or quote a value that begins so")
        self._skip(end)
        if not among:
            return Condition(column, WRITTEN[sign], (self._value(""),))
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
        self.at = self._spaces(at)

    def _spaces(self, at: int) -> int:
        found = SPACE.match(self.text, at)
        return found.end() if found else at

    def stopped(self, why: str) -> UsageError:
        """The error that says how far the text was understood, why no further, and what can be typed."""
        text, done = (shortened(printable(part), LONGEST) for part in (self.text, self.text[: self.at].rstrip()))
        first, _, more = why.partition("\n")
        if not done and more:  # a column that there is not, first thing
            return UsageError(why)
        said = f"{text!r} is no condition" if not done else f"{text!r} is understood as far as {done!r}"
        return UsageError(f"{said}{f': {first}' if first else ''}\n{more or SYNTAX}")
