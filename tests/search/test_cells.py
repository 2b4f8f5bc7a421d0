"""A cell beside a value, by hand: what is compared as what, and which values cannot be."""

import pytest

from imgret.search.cells import compare, misfit

DATES = ["2021-05-31T23:59:59", "2022", "", "2024-02-29", "NA"]
NUMBERS = ["9", "-1.5", "1e3", "", "n/a"]
YEARS = ["2019", "2020"]


@pytest.mark.parametrize(
    ("cell", "sign", "value", "holds"),
    [
        ("9", "<", "10", True),
        ("9", "=", "9.0", True),
        ("b", "<", "a", False),
        ("", "<", "a", False),
        ("", "!=", "a", True),
        ("2021-06-30", "=", "2021-06", True),
        ("2021-06-30", ">", "2021-06", False),
        ("2021-02-28", "<", "2021-02-30", True),  # as text, as there is no such day
        ("2021-02-28", "=", "2021-02-30", False),
        ("A Red dress", "~", "red", True),
    ],
)
def test_compare_by_hand(cell: str, sign: str, value: str, holds: bool) -> None:
    assert compare(cell, sign, value) is holds


@pytest.mark.parametrize(
    ("cells", "sign", "value", "what"),
    [
        (DATES, ">", "2021-13-45", "date"),
        (DATES, "!=", "2021-02-29", "date"),
        (DATES, "<=", "2021-06-01T25", "date"),
        (DATES, ">", "yesterday", "date"),
        (DATES, ">", "5", "date"),
        (DATES, ">", "", "date"),
        (DATES, ">", "2024-02-29", ""),
        (DATES, "=", "", ""),  # asks for what has none
        (DATES, "~", "21-0", ""),
        (NUMBERS, ">", "abc", "number"),
        (NUMBERS, "<", "2021-06", "number"),
        (NUMBERS, ">", "-2", ""),
        (NUMBERS, "=", "abc", ""),  # one class more
        (YEARS, ">", "2019-06", ""),
        (YEARS, ">", "19", ""),
        (YEARS, ">", "soon", "date"),
        (["cat", "9"], ">", "abc", ""),
        (["", "NA"], ">", "abc", ""),
    ],
)
def test_a_value_that_cannot_be_compared_with_cells_is_told(cells: list[str], sign: str, value: str, what: str) -> None:
    assert misfit(cells, sign, value) == what
