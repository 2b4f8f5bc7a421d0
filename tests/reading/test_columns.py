"""Columns as groups of images."""

import numpy as np

from imgret.contracts import Item
from imgret.reading.columns import add, codes
from imgret.reading.items import collect
from imgret.reading.record import Record


def _collection(columns: dict[str, list[str]], taken: list[str] | None = None) -> object:
    n = len(next(iter(columns.values())))
    items = [Item(f"{i:03}.jpg", columns={name: values[i] for name, values in columns.items()}) for i in range(n)]
    records = [Record(f"{i:064x}", "ok", "", 4, 3 + i % 2, (taken or [""] * n)[i]) for i in range(n)]
    return collect(items, records)


def test_columns_that_group_images_have_codes_in_order_of_their_names() -> None:
    found = codes(_collection({
        "brand": ["b", "a", "", "b", "a", "b"],
        "title": [f"title {i}" for i in range(6)],  # each image has its own: it groups nothing
        "shop": ["one"] * 6,
    }))  # fmt: skip
    assert {name: list(c) for name, c in found.items()} == {"size": [0, 1, 0, 1, 0, 1], "brand": [1, 0, -1, 1, 0, 1]}


def test_a_column_that_is_the_label_is_not_told_of_twice() -> None:
    kinds = ["a", "a", "b", "b"]
    items = [Item(f"{i}.jpg", label=kind, columns={"kind": kind, "shop": kind.upper()}) for i, kind in enumerate(kinds)]
    found = codes(collect(items, [Record(f"{i}", "ok", "", 4, 3) for i in range(4)]))
    assert list(found) == ["shop"]


def test_a_column_takes_no_name_of_ours() -> None:
    found = codes(_collection({"size": ["s", "m"] * 3, "group": ["x", "x", "y"] * 2, "covered": ["x", "y"] * 3}))
    assert {name: list(c) for name, c in found.items()} == {
        "size": [0, 1, 0, 1, 0, 1], "size_": [1, 0, 1, 0, 1, 0], "group_": [0, 0, 1, 0, 0, 1],
        "covered_": [0, 1, 0, 1, 0, 1],
    }  # fmt: skip


def test_numbers_of_many_values_are_taken_by_fifths() -> None:
    found = codes(_collection({"price": [str(10.5 * i) for i in range(10)]}))
    assert list(found["price"]) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    edges = codes(_collection({"price": [str(i) for i in range(11)]}))  # cut at 2, 4, 6, 8, which begin the next
    assert list(edges["price"]) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 4]
    gaps = codes(_collection({"price": ["", *[str(i) for i in range(9)]]}))["price"]
    assert gaps[0] == -1
    assert sorted(set(gaps)) == [-1, 0, 1, 2, 3, 4]
    assert "price" not in codes(_collection({"price": [f"{i} EUR" for i in range(10)]}))
    assert list(codes(_collection({"price": ["nan", *map(str, range(9))]}))["price"]) == list(gaps)  # as none is
    assert "price" not in codes(_collection({"price": ["inf", *map(str, range(9))]}))


def test_dates_are_as_coarse_as_tells_any_apart() -> None:
    years = ["2019-01-02T03:04:05", "2019-05-06T07:08:09", "2021-01-01T00:00:00", "2021-02-01T00:00:00"]
    assert list(codes(_collection({"a": ["", "", "", ""]}, years))["taken"]) == [0, 0, 1, 1]
    months = ["2019-01-02T03:04:05", "2019-01-06T07:08:09", "2019-03-01T00:00:00", "2019-03-02T00:00:00"]
    assert list(codes(_collection({"a": ["", "", "", ""]}, months))["taken"]) == [0, 0, 1, 1]


def test_added_columns_reach_every_file_of_an_image_and_take_no_name() -> None:
    items = [Item("a", columns={"hue": "mine"}), Item("b"), Item("c")]
    records = [Record("2", "ok"), Record("2", "ok"), Record("", "truncated")]
    found = add(collect(items, records), {"hue": ["ours"], "edge": ["7"]})
    assert [item.columns for item in found.items] == [
        {"hue": "mine", "hue_": "ours", "edge": "7"}, {"hue_": "ours", "edge": "7"}, {},
    ]  # fmt: skip
    assert found.columns == ["hue", "hue_", "edge"]
    np.testing.assert_array_equal(found.rows, [0, 0, -1])


def test_an_added_column_overwrites_none_whatever_they_are_called() -> None:
    items = [Item("a", columns={"hue": "mine", "hue_": "mine, too"})]
    found = add(collect(items, [Record("2", "ok")]), {"hue": ["ours"]})
    assert found.items[0].columns == {"hue": "mine", "hue_": "mine, too", "hue__": "ours"}


def test_sizes_that_most_images_have_alone_are_taken_by_their_pixels_and_proportions_beside() -> None:
    items = [Item(f"{i}.jpg") for i in range(10)]
    records = [Record(f"{i:064x}", "ok", "", 100 + i, 200 - (i % 2) * 150) for i in range(10)]
    found = codes(collect(items, records))
    assert list(found) == ["size", "proportions"]
    # 20,000 20,400 20,800 ... upright and 5,050 5,150 ... across: two of each a fifth.
    assert list(found["size"]) == [2, 0, 3, 0, 3, 1, 4, 1, 4, 2]
    assert max(found["proportions"][::2]) < min(found["proportions"][1::2]) + 1
    square = [Record(f"{i:064x}", "ok", "", 9 + i % 3, 9 + i % 3) for i in range(10)]
    assert list(codes(collect(items, square))) == ["size"]
