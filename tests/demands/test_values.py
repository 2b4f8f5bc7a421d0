"""What is taken of items, columns, figures and files. What is refused is a table in test_blame.py."""

from pathlib import Path

import numpy as np
import pytest

from imgret.contracts import Item
from imgret.demands import values
from imgret.errors import Fault
from imgret.figures import Figure


def test_items_are_listed_as_they_are() -> None:
    items = [Item("b.png", columns={"price": "3"}), Item("a\\b.png"), Item("a.png")]
    assert values.listed(iter(items)) == items
    with pytest.raises(Fault, match=r"'a\\b.png' is not relative with forward slashes"):
        values.relative(items)
    with pytest.raises(Fault, match="a path is empty"):
        values.listed([Item("")])


def test_what_is_right_is_kept_beside_what_is_wrong() -> None:
    found, wrong = values.figures("m", {"a": np.float32(0.5), "b": None, "c": True, "d": "x"})
    assert (found, str(wrong)) == ({"a": 0.5, "c": 1.0}, "'b' is None; a figure is a finite number, and one that is "
                                   "undefined is left out")  # fmt: skip
    assert values.figures("m", np.int64(3)) == ({"m": 3.0}, None)
    said, wrong = values.said("t", {"a": 1, "b": [2], "c": float("nan"), "d": "x"}, (1, 2, 3))
    assert {key: said[key] for key in ("a", "d")} == {"a": 1.0, "d": "x"}
    assert set(said) == {"a", "c", "d"}
    assert str(wrong) == "of a 1x2x3 image it says 'b' [2], neither a number nor a text"


def test_figures_are_declared_all_or_none() -> None:
    said = [Figure("a", "a", "A."), Figure("b_*", "b *", "B.")]
    values.declared(["a", "b_day"], said)
    values.declared(["z"], [])
    with pytest.raises(Fault, match="it gives z, of which it says nothing"):
        values.declared(["a", "z"], said)


def test_files_may_be_told_as_text(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.touch()
    assert values.written([str(mine)], tmp_path, [], [mine]) == [mine]
    with pytest.raises(Fault, match=r"where no file of its own lies: mine\.txt"):
        values.written([mine], tmp_path, [mine], [mine])
    with pytest.raises(Fault, match="it returns a str, not the paths"):
        values.written(str(mine), tmp_path, [], [mine])
