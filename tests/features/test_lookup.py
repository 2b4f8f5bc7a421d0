"""Vectors looked up for images: which row is whose, and what becomes of images without one."""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from imgret import UsageError
from imgret.contracts import Backbone, Item, Preprocess, Vectors
from imgret.features.lookup import _by_key, look_up
from imgret.reading.loader import READING
from imgret.store.store import Store
from tests.conftest import png

BYTES = {f"{name}.png": png((40, 90, 200), noise=place + 1) for place, name in enumerate("abcd")}
BYTES["d.png"] = BYTES["b.png"]  # the same image twice
IDS = {name: hashlib.sha256(data).hexdigest() for name, data in BYTES.items()}
MATRIX = np.array([[1, 2], [3, 4], [5, 6], [7, 8]], np.float64)


class Pictures:
    skipped: dict[str, int] = {}  # noqa: RUF012

    def __iter__(self) -> Iterator[Item]:
        return (Item(name) for name in BYTES)

    def open(self, item: Item) -> bytes:
        return BYTES[item.path.removeprefix("x/")]


def looked_up(keys: Any, matrix: Any = MATRIX) -> tuple[dict[str, str], dict[str, list[float]], int]:
    """Outcomes by path, features by path of the first file that has them, and how many rows were new."""
    items = list(Pictures())
    backbone: Any = Backbone(None, Preprocess((8, 8)), "", vectors=Vectors(matrix, keys, "d"))  # type: ignore[arg-type]
    records, features, added = look_up(Pictures(), items, items, {"backbone": "x"}, backbone, Store(), READING)
    found = {name: features.rows([id])[0].tolist() for name, id in IDS.items() if id in features}
    return {item.path: record.outcome for item, record in zip(items, records, strict=True)}, found, added


def test_without_keys_rows_are_in_the_order_of_the_listing() -> None:
    """Of the same bytes twice, b's row counts and not d's; a second time, none is new."""
    wanted = {"a.png": [1, 2], "b.png": [3, 4], "c.png": [5, 6], "d.png": [3, 4]}
    assert looked_up(None) == (dict.fromkeys(BYTES, "ok"), wanted, 3)
    assert looked_up(None) == (dict.fromkeys(BYTES, "ok"), wanted, 0)


def test_keys_are_paths_or_ids_and_those_of_nobody_do_no_harm() -> None:
    outcomes, found, added = looked_up([IDS["c.png"], "", "d.png", "elsewhere.png"])
    assert found == {"c.png": [1, 2], "b.png": [5, 6], "d.png": [5, 6]}
    assert outcomes == {"a.png": "no_vector", "b.png": "ok", "c.png": "ok", "d.png": "ok"}
    assert added == 2


def test_a_key_that_comes_again_with_the_same_vector_is_a_row_that_names_the_image_again() -> None:
    _, found, _ = looked_up(["a.png", "b.png", "c.png", "c.png"], MATRIX[[0, 1, 2, 2]])
    assert found == {"a.png": [1, 2], "b.png": [3, 4], "c.png": [5, 6], "d.png": [3, 4]}


def test_rows_of_one_file_take_the_first_of_their_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [Item(name, "", name) for name in ("b.png", "a.png", "b.png", "c.png")]
    monkeypatch.setattr(Pictures, "__iter__", lambda self: iter(items))
    outcomes, found, added = looked_up(None)
    assert (outcomes, added) == (dict.fromkeys(("a.png", "b.png", "c.png"), "ok"), 3)
    assert found == {"b.png": [1, 2], "d.png": [1, 2], "a.png": [3, 4], "c.png": [7, 8]}


def test_keys_may_be_written_as_paths_of_windows() -> None:
    keys = [r"x\y.png", "b.png", r"x\z.png", "x/z.png"]
    rows = _by_key(Vectors(MATRIX, keys, "d"), keys)
    assert (rows["x/y.png"], rows["b.png"], rows["x/z.png"]) == (0, 1, 3)


FOLDERS = {f"x/{name}": {"sku": f"S{place}", "same": "0"} for place, name in enumerate(BYTES)}


@pytest.mark.parametrize(
    "keys",
    [
        ["c.png", "b.png", "a.png", "none"],  # names of files, each once
        ["S2", "S1", "S0", "S9"],  # a column of the manifest, whatever it is called
        {
            "key": ["S2", "S1", "S0", "S9"],
            "sku": ["S2", "S1", "S0", "S9"],
            "n": ["0", "0", "1", "2"],
        },  # one of its name
        {"sku": ["1", "2", "3", "4"], "file": ["x/c.png", "x/b.png", "x/a.png", ""]},  # paths, under another name
        {"id": [IDS["c.png"], IDS["b.png"], IDS["a.png"], ""]},
    ],
    ids=["files", "skus", "column of the same name", "paths", "ids"],
)
def test_what_names_most_images_is_what_the_keys_are(keys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """x/d.png has the bytes of x/b.png, so the rows of c, b and a are those of all four."""
    items = [Item(path, columns=columns) for path, columns in FOLDERS.items()]
    monkeypatch.setattr(Pictures, "__iter__", lambda self: iter(items))
    outcomes, found, _ = looked_up(keys)
    assert outcomes == dict.fromkeys(FOLDERS, "ok")
    assert found == {"c.png": [1, 2], "b.png": [3, 4], "d.png": [3, 4], "a.png": [5, 6]}


def test_a_column_whose_keys_come_twice_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [Item(path, columns=columns) for path, columns in FOLDERS.items()]
    monkeypatch.setattr(Pictures, "__iter__", lambda self: iter(items))
    with pytest.raises(UsageError, match=r"no image is called, .* as the vectors are: sku: T0"):
        looked_up({"same": ["0", "0", "0", "0"], "sku": ["T0", "T1", "T2", "T3"]})


def test_what_float32_cannot_hold_is_no_feature() -> None:
    outcomes, found, added = looked_up(None, np.array([[1, 2], [3, 1e300], [5, np.nan], [7, 8]]))
    assert outcomes == {"a.png": "ok", "b.png": "bad_feature", "c.png": "bad_feature", "d.png": "bad_feature"}
    assert (found, added) == ({"a.png": [1, 2]}, 1)


@pytest.mark.parametrize(
    ("keys", "rows", "says"),
    [
        (None, 3, "3 vectors for 4 items: without ids there is one for each item"),
        (["a.png"], 4, "1 ids for 4 vectors"),
        (["a.png", "b.png", "a.png", "c.png"], 4, "a.png has two vectors"),
        (["w", "x", "y", "z"], 4, "no image is called, by path, id, file name or column, as the vectors are: w"),
    ],
)
def test_rows_and_images_that_do_not_go_together(keys: list[str] | None, rows: int, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        looked_up(keys, MATRIX[:rows])
