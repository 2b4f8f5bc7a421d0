"""The rows of a run's table, and what they cost at the most."""

import pickle
import tracemalloc
from pathlib import Path

import pytest

from imgret.findings import rows as table
from imgret.findings.rows import rows
from imgret.store.files import MOST_COLUMNS, write_csv

HEADER = ["path", "price", "note\nof two", "id"]
ROWS = [["a\r\n.jpg", "3", "", "0"], ["b\udcff.jpg", "", 'x,"y"', "1"]]


def test_cells_by_the_names_of_their_columns(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", HEADER, ROWS)
    found = list(rows(tmp_path / "t.csv", ("path", "id", "taken")))
    assert [own for own, _ in found] == [{"path": "a\r\n.jpg", "id": "0"}, {"path": "b\udcff.jpg", "id": "1"}]
    assert [more for _, more in found] == [
        {"price": "3", "note\nof two": ""}, {"price": "", "note\nof two": 'x,"y"'}
    ]  # fmt: skip
    more = found[0][1]
    assert list(more) == ["price", "note\nof two"]
    assert (more.get("id", "-"), "price" in more, pickle.loads(pickle.dumps(more)) == more) == ("-", True, True)
    with pytest.raises(KeyError):
        more["path"]
    (tmp_path / "none.csv").write_text("")
    assert list(rows(tmp_path / "none.csv", ())) == []


def test_what_is_too_much_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "t.csv"
    monkeypatch.setattr(table, "LONGEST", 2**20)
    many = 3 * 10**6
    opened = f'"{"," * 1000}"\n'  # a cell of many lines
    for text, said in (
        ("path" + "," * many + "\n", "characters"),
        ("path\n" + "," * many + "\n", "characters"),
        ("path\n" + f'"\n",{"," * 1000}' * 3000, "characters"),
        (",".join(map(str, range(2 * MOST_COLUMNS + 1))) + "\n", "columns"),
        ("path,id\na,1\n" * 2, None),
        ("path,id\na,1\nb\n", "shorter or longer"),
        ("path,id\n" + "a,1\n" * 10**6, "more rows than the 3 files"),
        (f"path,id\n{opened},1\n", "shorter or longer"),
    ):
        file.write_text(text)
        tracemalloc.start()
        try:
            if said:
                with pytest.raises(ValueError, match=said):
                    list(rows(file, ("path", "id"), 3))
            else:
                assert len(list(rows(file, ("path", "id"), 3))) == 3
            assert tracemalloc.get_traced_memory()[1] < 25 * 10**6, text[:20]
        finally:
            tracemalloc.stop()


def test_empty_cells_take_no_memory(tmp_path: Path) -> None:
    """1.2 MB of them are a quarter of that, where a dictionary a row took 24 MB."""
    file = tmp_path / "t.csv"
    file.write_text(",".join(["path", *map(str, range(2000))]) + "\n" + ("a" + "," * 2000 + "\n") * 600)
    tracemalloc.start()
    found = list(rows(file, ("path",)))
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert (len(found), found[-1][1]["1999"]) == (600, "")
    assert held < 10**6
