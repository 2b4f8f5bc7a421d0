"""`--where`: the images of a run of which a condition on the columns of its items.csv holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from imgret.errors import UsageError
from imgret.findings import tables
from imgret.search.cells import misfit
from imgret.search.conditions import LONGEST, Condition, Expression, parse
from imgret.words import printable, shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.contracts import Ints
    from imgret.findings.found import Found
    from imgret.search.conditions import Table

EXAMPLES = 5  # values that are shown where none fits


def where(run: Found, texts: Sequence[str]) -> dict[int, int]:
    """The rows of the images of which one file fulfils all of `texts`, ascending, each with its first such file.

    A file is its place in `run.collection.items`. Raises UsageError as `fulfilling` does.
    """
    rows: Ints = run.collection.rows
    first = {int(rows[place]): place for place in reversed(fulfilling(run, texts, rows >= 0))}
    return {row: first[row] for row in sorted(first)}


def fulfilling(run: Found, texts: Sequence[str], among: NDArray[np.bool_]) -> list[int]:
    """The places in `run.collection.items`, of those `among` (m,) which is looked, that fulfil all of `texts`.

    Raises UsageError for what is no condition, with the columns that there are, for a value that is no date or no
    number where all others are, and where nothing fulfils them, with values that occur.
    """
    table, left = tables.table(run), among
    for text in texts:
        asked = parse(text, list(table))
        for each in asked.conditions():
            _fits(each, table[each.column])
        holds = asked.holds(table)
        if not (left & holds).any():
            raise UsageError(_nothing(text, asked, table, left, alone=not (among & holds).any()))
        left = left & holds
    found: list[int] = np.flatnonzero(left).tolist()
    return found


def _fits(asked: Condition, cells: Sequence[str]) -> None:
    for value in asked.values:
        if what := misfit(cells, asked.sign, value):
            column, known = printable(asked.column), _commonest(cells)
            raise UsageError(f"{column}{asked.sign}{printable(value[:60])}: that is no {what}\n{column} is {known}")


def _commonest(cells: Sequence[str]) -> str:
    values = [value for value, _ in sorted(Counter(cells).items(), key=lambda pair: (-pair[1], pair[0])) if value]
    return ", ".join(printable(value[:60]) for value in values[:EXAMPLES]) + ", ..." * (len(values) > EXAMPLES)


def _nothing(text: str, asked: Expression, table: Table, left: NDArray[np.bool_], alone: bool) -> str:
    """Why no image is left, with the commonest values, among the files that were, of a column that it is due to."""
    also = "" if alone else " and what else is asked"
    what = f"no image has {shortened(printable(re.sub(' +', ' ', text.strip())), LONGEST)}{also}"
    each = next((c for c in asked.conditions() if not (left & c.holds(table)).any()), asked.conditions()[0])
    shown = _commonest([table[each.column][place] for place in np.flatnonzero(left).tolist()])
    return f"{what}\n{printable(each.column)} is {shown or 'empty'}{'' if alone else ' where the rest holds'}"
