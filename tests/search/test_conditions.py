"""What a condition says, by hand, and against Python's own grammar for whatever is put together of it."""

import operator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgret import UsageError
from imgret.search.conditions import Condition, Joined, parse

TABLE = {
    "label": ["cat", "dog", "Cat and dog", "", "shirt (red)"],
    "price": ["9", "10", "10.0", "n/a", ""],
    "taken": ["2021-05-31T23:59:59", "2021-06-01T00:00:00", "2021-07-01T08:00:00", "", "2022"],
    "a<b": ["1", "2", "3", "4", "5"],
    "a": ["<", "x", "y", "z", "it's"],
    "not": ["1", "0", "1", "0", ""],
}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("label=cat", [0]),
        (" label = cat ", [0]),
        ("label == cat", [0]),
        ("label != cat", [1, 2, 3, 4]),
        ("label <> cat", [1, 2, 3, 4]),
        ("label<>cat and label!=", [1, 2, 4]),
        ("label=", [3]),
        ("label = '' or price = ''", [3, 4]),
        ("not label=", [0, 1, 2, 4]),
        ("label~CAT", [0, 2]),
        ("label ~ 'cat and'", [2]),
        ('label="Cat and dog"', [2]),
        ("label=shirt (red)", [4]),
        ("(label=shirt (red))", [4]),
        ("label in (cat, dog,'shirt (red)')", [0, 1, 4]),
        ("label in (shirt (red), Cat and dog)", [2, 4]),
        ("label not in (cat, dog)", [2, 3, 4]),
        ("price in (10)", [1, 2]),
        ("label=cat or label=dog and price<10", [0]),  # and before or
        ("(label=cat or label=dog) and price<=10", [0, 1]),
        ("NOT (label=cat OR label=dog)", [2, 3, 4]),
        ("not not label=cat", [0]),
        ("not=1", [0, 2]),  # a column of that name
        ("not not=1", [1, 3, 4]),
        ("taken>2021-06", [2, 4]),
        ("taken>=2021-06", [1, 2, 4]),
        ("taken<=2021-06", [0, 1]),
        ("taken=2021-06", [1]),
        ("taken=2021", [0, 1, 2]),
        ("taken<2021-06-01", [0]),
        ("taken='2021-07-01 08'", [2]),
        ("taken>2021-06-01T00:00:00", [2, 4]),
        ("a<b<=2", [0, 1]),
        ("'a<b'=2 and a='x'", [1]),
        ("a='it''s'", [4]),
        ('a="it\'s"', [4]),
        ("a<b", [0]),  # of the column a: x, y and z are above b, and < is below it
    ],
)
def test_by_hand(text: str, rows: list[int]) -> None:
    assert parse(text, list(TABLE)).holds(TABLE).nonzero()[0].tolist() == rows


def test_numbers_are_compared_in_all_their_digits() -> None:
    codes = ["12345678901234567890", "12345678901234567891", "1e99999999999999999999", "nan"]
    assert Condition("code", "=", (codes[0],)).holds({"code": codes}).tolist() == [True, False, False, False]
    assert Condition("code", "=", ("nan",)).holds({"code": codes}).tolist() == [False, False, False, True]
    assert Condition("code", "=", ("2020",)).holds({"code": ["20201", "2020abc", "2020-13x"]}).tolist() == [False] * 3


@pytest.mark.parametrize("text", ["a<b<=c", "a<b<=", "a<b<='=d'"])
def test_columns_may_be_called_anything(text: str) -> None:
    assert parse(text, ["a", "a<b"]) == Condition("a<b", "<=", (text[5:].strip("'"),))
    assert parse("a<b", ["a"]) == Condition("a", "<", ("b",))
    assert parse("rating in (1)", ["rating", "rating in"]) == Condition("rating", "=", ("1",))


UNDERSTOOD = "is understood as far as"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("labl=b", "no column 'labl', did you mean label?\nchoose from: label, price, taken"),
        (
            "label=cat or (pric>3)",
            f"{UNDERSTOOD} 'label=cat or (': no column 'pric', did you mean price?\nchoose from:",
        ),
        ("label=black or white", f"'label=black or white' {UNDERSTOOD} 'label=black or'\ntype COLUMN=VALUE, "),
        ("label=a and", f"'label=a and' {UNDERSTOOD} 'label=a and'\n"),
        ("(label=a", f"'(label=a' {UNDERSTOOD} '(label=a': a bracket is not closed\n"),
        ("label=a)", f"'label=a)' {UNDERSTOOD} 'label=a': a bracket is closed that was not opened"),
        ("label='a", f"\"label='a\" {UNDERSTOOD} 'label=': the quote ' is not closed\n"),
        ("label='a' b", f"{UNDERSTOOD} \"label='a'\": "),
        ("label in (a", f"{UNDERSTOOD} 'label in (a': a bracket is not closed\n"),
        ("label", "'label' is no condition\ntype COLUMN=VALUE"),
        ("label is missing", "; COLUMN= for what has no value, COLUMN!= for what has one; "),
        ("price=>3", f"{UNDERSTOOD} 'price': no sign =>\nchoose from: != <= >= < > = ~; or quote a value"),
        ("label=a and not label!~b", f"{UNDERSTOOD} 'label=a and not label': no sign !~\nchoose"),
        ("label===a", "no sign ===\n"),
        ("label=<none>", "no sign =<\n"),
        ("(" * 51 + "label=a" + ")" * 51, f"{UNDERSTOOD} '{'(' * 50}': brackets and nots may be 50 deep\n"),
        ("not (" * 20_000 + "label=a" + ")" * 20_000, "…"),
        ("", "'' is no condition\n"),
        ("not", "'not' is no condition\n"),
        ("\x1b[31m=b", r"no column '\\x1b[31m'"),
    ],
)
def test_what_is_none_says_where_it_stopped(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, ["label", "price", "taken"])
    assert says in str(caught.value)
    assert len(str(caught.value).splitlines()) == 2
    assert max(map(len, str(caught.value).splitlines())) < 500


def test_brackets_may_be_fifty_deep_and_chains_as_long_as_one_likes() -> None:
    deep = "(" * 25 + "not " * 25 + "label=cat" + ")" * 25
    assert parse(deep, list(TABLE)).holds(TABLE).tolist() == [False, True, True, True, True]
    side_by_side = " and ".join(["(not label=dog)"] * 3000)
    assert parse(side_by_side, list(TABLE)).holds(TABLE).tolist() == [True, False, True, True, True]
    chain = parse(" or ".join(["label=x"] * 3000 + ["label=cat and price=9"]), list(TABLE))
    assert chain.holds(TABLE).tolist() == [True, False, False, False, False]
    assert len(chain.conditions()) == 3002


VALUES = st.sampled_from(["", "cat", "and", "it's", 'a "b"', "x, y", "(", ")", "or not", " 3 ", "in (a)"])
LEAVES = st.tuples(
    st.sampled_from(["p", "q q"]), st.sampled_from(["=", "!=", "in"]), st.lists(VALUES, min_size=1, max_size=3)
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.tuples(st.just("not"), inner) | st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    max_leaves=6,
)


@settings(deadline=None, max_examples=100)
@given(TREES, st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=6))
def test_whatever_is_quoted_is_read_back(tree: Any, cells: list[tuple[str, str]]) -> None:
    table = {"p": [p for p, _ in cells], "q q": [q for _, q in cells]}

    def quote(value: str) -> str:
        return "'" + value.replace("'", "''") + "'"

    def written(node: Any) -> str:
        if node[0] == "not":
            return f"not ({written(node[1])})"
        if node[0] in ("and", "or"):
            return f"({written(node[1])} {node[0]} {written(node[2])})"
        column, sign, values = node
        return f"{column} in ({', '.join(map(quote, values))})" if sign == "in" else f"{column}{sign}{quote(values[0])}"

    def slow(node: Any, row: int) -> bool:
        if node[0] == "not":
            return not slow(node[1], row)
        if node[0] in ("and", "or"):
            join = operator.and_ if node[0] == "and" else operator.or_
            return bool(join(slow(node[1], row), slow(node[2], row)))
        column, sign, values = node
        cell = table[column][row]
        return cell in values if sign == "in" else (cell == values[0]) is (sign == "=")

    expected = [slow(tree, row) for row in range(len(cells))]
    assert parse(written(tree), list(table)).holds(table).tolist() == expected


def test_a_condition_lists_what_it_is_made_of() -> None:
    found = parse("a=1 and not (b=2 or c in (3, 4))", ["a", "b", "c"])
    one, two, three = Condition("a", "=", ("1",)), Condition("b", "=", ("2",)), Condition("c", "=", ("3", "4"))
    assert found == Joined("and", (one, Joined("not", (Joined("or", (two, three)),))))
    assert found.conditions() == [one, two, three]
