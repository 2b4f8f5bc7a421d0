"""Images by what people call them."""

import numpy as np
import pytest

from imgret import UsageError
from imgret.contracts import Item
from imgret.search.keys import key, row_called, row_named
from tests.search.test_where import fake


def test_by_hand() -> None:
    items = [
        Item("in/7.jpg", columns={"sku": "A-1", "colour": "red"}),
        Item("in/8.png", columns={"sku": "A-2", "colour": "red"}),
        Item("out/8.png", columns={"sku": "A-3", "colour": ""}),
        Item("out/copy.png", columns={"sku": "A-4", "colour": "green"}),  # of the same image as A-3
        Item("out/A-1", columns={"sku": "A-5", "colour": "8"}),
    ]
    ids = [f"{i:02x}" * 32 for i in (3, 1, 2, 2, 0)]
    run = fake(np.eye(5), items, ids)
    assert run.ids == sorted(set(ids))
    called = {name: row_called(run, name) for name in ("7.jpg", "7", "A-1", "A-2", "A-4", "green", "copy", "jpg", "")}
    # A-1 is the name of a file before it is a SKU; an empty cell is no name
    assert called == {"7.jpg": 3, "7": 3, "A-1": 0, "A-2": 1, "A-4": 2, "green": 2, "copy": 2, "jpg": None, "": None}
    with pytest.raises(UsageError, match=r"'8\.png' could be 2 images\ngive the path of one: in/8\.png, out/8\.png"):
        row_called(run, "8.png")
    with pytest.raises(UsageError, match="'red' could be 2 images"):
        row_called(run, "red")


def test_a_search_by_key() -> None:
    items = [Item(f"{i}.png", columns={"sku": f"S{i}"}) for i in range(4)]
    run = fake(np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]]), items)
    assert [hit.path for hit in run.search("S0", 1)] == ["1.png"]
    assert [hit.path for hit in run.search("2", 1, unlike="S0")] == ["3.png"]
    assert [hit.path for hit in run.search("./2.png", 1)] == ["3.png"]
    assert row_named(run, "./S3") == row_named(run, "./3") == row_named(run, "3.png")
    with pytest.raises(UsageError, match=r"\./9\.png: neither a file nor an image of this run"):
        run.search("./9.png")
    with pytest.raises(UsageError, match="S9: neither a file nor an image of this run"):
        run.search("S9")


def test_the_column_that_tells_images_apart() -> None:
    items = [
        Item(f"{i}.png", columns={"kind": "ab"[i % 2], "price": "1", "sku": f"S{i}", "ean": f"{i}"}) for i in range(4)
    ]
    run = fake(np.eye(4), items)
    assert key(run, ["0.png"]) == ""  # of a folder's images nobody has said how they are called
    assert key(run, ["x", "S2"]) == "sku"
    run.info.rows = 4
    assert [key(run, names) for names in ([], ["0.png"], ["a"], ["3"], [""])] == ["sku", "sku", "kind", "ean", "sku"]
