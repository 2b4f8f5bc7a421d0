"""`source=files` on a manifest: columns, paths, labels, what is skipped, and a run that is loaded again."""

import csv
import io
import json
import os
import pickle
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgret
from imgret.errors import UsageError
from imgret.plugins.sources._manifest import read
from imgret.plugins.sources.files import files
from imgret.runs.run import Run
from tests.conftest import write

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)


def catalogue(folder: Path, name: str, text: str | bytes) -> str:
    data = text if isinstance(text, bytes) else text.encode()
    return str(write(folder, {name: data, "img/a.png": b"x", "img/b.png": b"x"}) / name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.csv", "\ufefffile,label,group,price\r\nimg/a.png,cat,g,1.5\r\nimg/b.png,dog,,\r\n"),
        ("p.tsv", "file\tlabel\tgroup\tprice\nimg/a.png\tcat\tg\t1.5\n./img//b.png\tdog\t\t\n"),
        ("p.jsonl", '{"file":"img/a.png","label":"cat","group":"g","price":1.5}\n\n'
         '{"file":"img/b.png","label":"dog","group":null,"price":null}'),
    ],
)  # fmt: skip
def test_rows_become_items_in_their_order(tmp_path: Path, name: str, text: str) -> None:
    source = files(catalogue(tmp_path, name, text))
    found = [(i.path, i.label, i.group, dict(i.columns)) for i in source]
    assert found == [("img/a.png", "cat", "g", {"price": "1.5"}), ("img/b.png", "dog", "", {"price": ""})]
    assert not source.skipped
    assert [source.open(item) for item in source] == [b"x", b"x"]


def test_columns_are_chosen_and_a_regex_goes_first(tmp_path: Path) -> None:
    place = catalogue(tmp_path, "p.csv", "Photo,Product type,label,3\nimg/b.png,coat,x,s\n")
    (item,) = files(place, path="Photo", label="Product type", group="3")
    assert (item.label, item.group, dict(item.columns)) == ("coat", "s", {"label": "x"})
    (item,) = files(place, path="Photo", group="3", label_regex=r"(?P<label>[ab])\.png")
    assert (item.label, item.group) == ("b", "s")


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    rows = ["img/b.png", "", "img/../img/b.png", "gone.png", "https://h/x.png?a=1", "pipe.png"]
    rows.append((tmp_path / "img/a.png").as_uri())
    source = files(catalogue(tmp_path, "p.csv", "path,n\n" + "".join(f"{row},1\n" for row in rows)))
    assert [i.path for i in source] == ["img/b.png", "gone.png", "https/h/x.png?a=1", "pipe.png", "img/a.png"]
    assert dict(source.skipped) == {"rows without a path": 1, "rows that name a file again": 1}
    source = pickle.loads(pickle.dumps(source))  # what a worker gets
    for item, says in zip(list(source)[2:4], ["remote address", "not a file"], strict=True):
        with pytest.raises(OSError, match=says):
            source.open(item)


def test_two_slashes_at_the_start_are_one(tmp_path: Path) -> None:
    place = tmp_path / "img" / "a.png"
    source = files(catalogue(tmp_path, "p.csv", f"path\n/{place}\n{place}\nfile:///{place}\n"))
    assert [(i.path, i.file) for i in source] == [("img/a.png", str(place))]
    assert dict(source.skipped) == {"rows that name a file again": 2}


def test_only_addresses_are_unquoted(tmp_path: Path) -> None:
    """A plain path is taken as it stands: `%20` may be in a name."""
    write(tmp_path, {"a b.png": b"blank", "a%20b.png": b"percent", "é.png": b"accent"})
    rows = [f"file://{tmp_path}/a%20b.png", "a%20b.png", f"file://localhost{tmp_path}/%C3%A9.png"]
    source = files(catalogue(tmp_path, "p.csv", "\n".join(["path", *rows])))
    assert [(i.path, source.open(i)) for i in source] == [
        ("a b.png", b"blank"),
        ("a%20b.png", b"percent"),
        ("é.png", b"accent"),
    ]


def test_files_outside_of_the_folder_have_paths_from_what_they_share(tmp_path: Path) -> None:
    write(tmp_path, {"in/p.csv": f"path\n../img/a.png\n{tmp_path}/img/sub/b.png\n".encode()})
    found = list(files(str(tmp_path / "in" / "p.csv")))
    assert [(i.path, i.file) for i in found] == [
        ("a.png", f"{tmp_path}/img/a.png"),
        ("sub/b.png", f"{tmp_path}/img/sub/b.png"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("p.csv", "", "first line is empty"),
        ("p.csv", "sku,price\n1,2\n", r"It has: sku, price\ntype source.path=COLUMN"),
        ("p.csv", "path,x\na,1\nb\n", "line 3 has 1 cells, the header 2"),
        ("p.csv", "path,path\n", "called 'path'"),
        ("p.csv", 'path\n"a', "line 2: unexpected end"),
        ("p.csv", "path\n" + "a" * 200_000, "line 2: field larger"),
        ("p.jsonl", '{"path":1}\n[1]\n', "line 2: no JSON object"),
        ("p.jsonl", '{"path":\n', "line 1: "),
        ("p.jsonl", "[" * 100_000, "line 1: "),
        ("p.parquet", "path\n", "Parquet|pyarrow|parquet"),
        ("p.xlsx", "path\n", "is a file of another kind"),
        ("p.csv.gz", b"\x1f\x8b123", "type gunzip -k .*p.csv.gz"),
    ],
)
def test_what_is_wrong_is_said_in_two_lines(tmp_path: Path, name: str, text: str | bytes, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        list(files(catalogue(tmp_path, name, text)))
    assert len(str(caught.value).splitlines()) <= 2


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"source.label=colur: no column 'colur', did you mean colour"):
        list(files(catalogue(tmp_path, "p.csv", "path,colour\nimg/a.png,red\n"), label="colur"))
    with pytest.raises(UsageError, match="a folder has none"):
        list(files(str(tmp_path), label="colour"))


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_names_and_values_survive(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]) -> None:
    folder = tmp_path_factory.mktemp("m")
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([("path", "x"), *rows])
    (folder / "p.csv").write_bytes(stream.getvalue().encode())
    (folder / "p.jsonl").write_text("".join(json.dumps({"path": p, "x": x}) + "\n" for p, x in rows), "utf-8")
    expected = [{"path": p, "x": x} for p, x in rows]
    assert read(folder / "p.csv", "csv").rows == read(folder / "p.jsonl", "jsonl").rows == expected
    for name in ("p.csv", "p.jsonl"):
        source = files(str(folder / name))
        if rows:
            assert len(list(source)) + sum(source.skipped.values()) == len(rows)


def test_bytes_that_are_no_utf8_come_back(tmp_path: Path) -> None:
    (item,) = files(catalogue(tmp_path, "p.csv", b"path,x\ncaf\xe9.png,\xe9\n"))
    assert (os.fsencode(item.path), item.columns["x"]) == (b"caf\xe9.png", "\udce9")
    (item,) = files(catalogue(tmp_path, "q.jsonl", b'{"path": "a\\ud800.png"}\n'))
    assert item.path == "a\ufffd.png"


def test_parquet(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = arrow.table({"path": ["img/a.png", "img/b.png"], "n": [1, None], "tags": [["x"], []]})
    place = catalogue(tmp_path, "p.parquet", b"")
    parquet.write_table(table, place)
    found = [(i.path, dict(i.columns)) for i in files(place)]
    assert found == [("img/a.png", {"n": "1", "tags": '["x"]'}), ("img/b.png", {"n": "", "tags": "[]"})]


def test_a_run_on_a_manifest_is_loaded_and_searched(colours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = sorted(f.relative_to(colours).as_posix() for f in colours.rglob("*.png"))
    text = "image,kind,cluster\n" + "".join(f"{name},{name.split('/')[0]},c\n" for name in names)
    (colours / "products.csv").write_text(text + "https://h/x.png,red,c\n")
    changes = {"backbone": "pixels", "view": "pca", "k": 3, "source.label": "kind", "reports": []}
    run = imgret.run(str(colours / "products.csv"), **changes)
    assert run.title.startswith("products.csv · ")
    assert (run.truth_names, run.collection.outcomes) == (["blue", "green", "red"], {"ok": 24, "unreadable": 1})
    with (run.folder / "items.csv").open() as stream:
        assert {row["cluster_"] for row in csv.DictReader(stream)} == {"c"}
    loaded = Run.load(run.folder)
    monkeypatch.chdir(colours)
    assert loaded.open(0) == png_of(run, 0)
    assert len(loaded.search(names[0], 3)) == 3


def png_of(run: Run, row: int) -> bytes:
    return Path(run.collection.items[run.collection.first[row]].file).read_bytes()


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r'type pip install "imgret\[parquet\]"'):
        list(files(catalogue(tmp_path, "p.parquet", b"PAR1")))
