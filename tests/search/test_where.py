"""Conditions on the columns of items.csv, by hand and against a slow filter; search among what is left."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgret import Run, UsageError
from imgret.contracts import Item
from imgret.findings.info import Fitted, Info
from imgret.reading.items import collect
from imgret.reading.record import Record
from imgret.search.search import Hit
from imgret.search.where import where

SETTINGS = {"top": 20, "normalize": "none", "device": "cpu", "formats": []}


def fake(vectors: Any, items: list[Item], ids: list[str] | None = None) -> Run:
    """A run of these vectors, one item each; equal ids are files of one image, whose first vector counts."""
    ids = ids or [f"{i:064x}" for i in range(len(items))]
    X = np.asarray([vectors[ids.index(id)] for id in sorted(set(ids))], np.float32)
    n, d = X.shape
    collection = collect(items, [Record(id, "ok", "", 8, 8) for id in ids])
    fitted = Fitted(retriever={"name": "exact", "device": "cpu"})
    info = Info(title="fake", config=SETTINGS, fitted=fitted, space={}, root="")
    return Run(
        info, collection, X, np.zeros(d, np.float32), np.zeros(n, np.int64), np.zeros((n, 2), np.float32), metrics={}
    )


def _prices() -> Run:
    rows = [("a", "9"), ("b", "10"), ("c", "10.0"), ("d", "n/a"), ("e", "")]
    items = [Item(f"{name}.jpg", label=name, columns={"price": price, "a=b": name}) for name, price in rows]
    return fake(np.eye(5), items)


@pytest.mark.parametrize(
    ("conditions", "rows"),
    [
        (["price=10"], [1, 2]),  # as numbers
        (["price!=10"], [0, 3, 4]),
        (["price<10"], [0]),
        (["price<=10"], [0, 1, 2]),
        (["price>9"], [1, 2, 3]),  # n/a is above it as text
        (["price = 10 or label in (a, d)"], [0, 1, 2, 3]),
        (["not (price=10 or label=a)", "price != ''"], [3]),
        (["label>=d"], [3, 4]),
        (["price="], [4]),
        (["price!="], [0, 1, 2, 3]),
        (["price=10", "label!=b"], [2]),
        (["a=b=c"], [2]),  # the column is called a=b
        (["a=b!=c"], [0, 1, 3, 4]),
        (["path>=d"], [3, 4]),
    ],
)
def test_conditions_by_hand(conditions: list[str], rows: list[int]) -> None:
    assert list(where(_prices(), conditions)) == rows


def test_all_conditions_hold_for_one_file_of_the_image() -> None:
    items = [Item("cat/1.jpg", label="cat", group="x"), Item("dog/1.jpg", label="dog", group="y"), Item("dog/2.jpg")]
    run = fake(np.eye(3)[[0, 0, 1]], items, ["aa" * 32, "aa" * 32, "bb" * 32])
    assert where(run, ["label=dog"]) == {0: 1}
    assert [(hit.path, hit.label) for hit in run.search("dog/2.jpg", where="label=dog")] == [("dog/1.jpg", "dog")]
    with pytest.raises(UsageError, match="no image has group=x and what else is asked\ngroup is y where the rest"):
        where(run, ["label=dog", "group=x"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("labl=b", "no column 'labl', did you mean label\\?\nchoose from: a=b, camera, "),
        ("label", "'label' is no condition\ntype COLUMN=VALUE"),
        ("", "'' is no condition\n"),
        ("=b", "'=b' is no condition\n"),
        ("label=z\n\x1b[31m", r"no image has label=z\\n\\x1b\[31m\nlabel is a, b, c, d, e"),
        ("camera=x", "no image has camera=x\ncamera is empty"),
        ("price<9", "no image has price<9\nprice is 10, 10.0, 9, n/a$"),
        ("price=10 and label = z", "no image has price=10 and label = z\nlabel is a, b, c, d, e"),
        ("price=10 and label=a", "no image has price=10 and label=a\nprice is 10, 10.0, 9, n/a$"),
        ("label=a or price>zzz", "price>zzz: that is no number\nprice is 10, 10.0, 9, n/a$"),
    ],
)
def test_what_is_no_condition_and_what_none_fulfils(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        where(_prices(), [text])
    assert len(str(caught.value).splitlines()) <= 2


CELLS = st.sampled_from(["", "cat", "dog", "1", "2", "2.0", "-3", "10", "1e1"])


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(CELLS, CELLS, st.integers(0, 5)), min_size=1, max_size=9),
    st.lists(st.tuples(st.sampled_from("pq"), st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), CELLS), min_size=1),
)
def test_against_a_slow_filter(files: list[tuple[str, str, int]], conditions: list[tuple[str, str, str]]) -> None:
    def fulfils(cell: str, sign: str, value: str) -> bool:
        pair: tuple[Any, Any] = (cell, value)
        if not cell and sign[0] in "<>":
            return False
        with suppress(ValueError):
            pair = float(cell), float(value)
        a, b = pair
        return bool({"=": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign])

    items = [Item(f"{i}.jpg", columns={"p": p, "q": q}) for i, (p, q, _) in enumerate(files)]
    run = fake(np.eye(len(files)), items, [f"{id:064x}" for _, _, id in files])
    slow, refused = dict[int, int](), False
    for column, sign, value in conditions:
        if sign[0] in "<>" and value in ("", "cat", "dog"):  # which is no number, where all others are
            known = {item.columns[column] for item in items} - {""}
            refused = refused or (bool(known) and not known & {"cat", "dog"})
    for place, item in enumerate(items):
        if not refused and all(fulfils(item.columns[column], sign, value) for column, sign, value in conditions):
            slow.setdefault(int(run.collection.rows[place]), place)
    try:
        found = where(run, ["".join(condition) for condition in conditions])
    except UsageError:
        found = {}
    assert found == slow
    assert list(found) == sorted(found)


def test_a_selective_condition_leaves_none_out() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    run = fake(X, [Item(f"{i:03}.jpg", columns={"tenth": str(i % 10)}) for i in range(200)])
    hits = run.search("000.jpg", 5, where=["tenth=7"])
    slow = sorted((i for i in range(200) if i % 10 == 7), key=lambda i: -float(run.X[i] @ run.X[0]))[:5]
    assert [hit.path for hit in hits] == [f"{i:03}.jpg" for i in slow]
    assert [hit.score for hit in hits] == pytest.approx([float(X[i] @ X[0]) for i in slow], abs=1e-6)
    assert len(run.search("000.jpg", 99, where=["tenth=7"])) == 20
    assert len(run.search("007.jpg", 99, where=["tenth=7"])) == 19  # itself left out
    everything: list[Hit] = run.search("000.jpg", 99, where=["tenth>=0"])
    assert everything == run.search("000.jpg", 99)
    json.dumps([hit._asdict() for hit in everything], allow_nan=False)


def test_nothing_but_the_query_fulfils_it(tmp_path: Path) -> None:
    assert _prices().search("a.jpg", where="label=a") == []
