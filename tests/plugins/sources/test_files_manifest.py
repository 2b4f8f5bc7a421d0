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
from imgret.__main__ import main
from imgret.errors import UsageError
from imgret.plugins.sources._tables import read
from imgret.plugins.sources.files import files
from imgret.reading.items import listing
from imgret.runs.run import Run
from tests.conftest import write

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
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
    assert (item.label, item.group) == ("coat", "s")
    assert dict(item.columns) == {"Product type": "coat", "label": "x", "3": "s"}
    (item,) = files(place, path="Photo", group="3", label_regex=r"(?P<label>[ab])\.png")
    assert (item.label, item.group) == ("b", "s")


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    rows = ["img/b.png", "", "img/../img/b.png", "gone.png", "https://h/x.png?a=1", "pipe.png"]
    rows.append((tmp_path / "img/a.png").as_uri())
    source = files(catalogue(tmp_path, "p.csv", "path,n\n" + "".join(f"{row},1\n" for row in rows)))
    seen = ["img/b.png", "img/b.png", "gone.png", "https://h/x.png?a=1", "pipe.png", "img/a.png"]
    assert [i.path for i in source] == seen
    assert dict(source.skipped) == {"without a path": 1}
    assert source.skipped_rows == [(3, "no path")]
    source = pickle.loads(pickle.dumps(source))  # what a worker gets
    for item, says in zip(list(source)[3:5], ["remote address", "not a file"], strict=True):
        with pytest.raises(OSError, match=says):
            source.open(item)


def test_two_slashes_at_the_start_are_one(tmp_path: Path) -> None:
    place = tmp_path / "img" / "a.png"
    source = files(catalogue(tmp_path, "p.csv", f"path\n/{place}\n{place}\nfile:///{place}\n"))
    assert [(i.path, i.file) for i in source] == 3 * [("img/a.png", str(place))]


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
        ("p.csv", "path,x\na,1\nb\nc\n", "line 3: 1 cells, the header has 2; so are 1 more"),
        ("p.csv", "path,path\n", "called 'path'"),
        ("p.csv", 'path\n"a', "line 2: unexpected end"),
        ("p.csv", "path\n" + "a" * 200_000, "line 2: field larger"),
        ("p.jsonl", '{"path":1}\n[1]\n{\n', "line 2: no JSON object"),
        ("p.jsonl", '{"path":\n', "line 1: "),
        ("p.jsonl", "[" * 100_000, "line 1: "),
        ("p.parquet", "path\n", "Parquet|pyarrow|parquet"),
        ("p.xlsx", "path\n", "is a file of another kind"),
        ("p.csv", "path\na.png\n".encode("utf-16"), r"p.csv is text in UTF-16.*\ntype iconv -f UTF-16 -t UTF-8 "),
        ("p.csv", "path\na.png\n".encode("utf-16-be"), "p.csv is text in UTF-16"),
        ("p.parquet", LFS, "p.parquet is a Git LFS pointer, not the file itself\ntype git lfs pull"),
        ("p.csv", bytes(600), "p.csv begins with zeros, where text should be\ncopy it"),
        ("p.csv", ",".join(["x" * 99, *map(str, range(50))]), r"It has: x{40}\.\.\., 0, .*28 and 21 more\ntype"),
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


def test_lines_that_are_no_rows_are_listed_with_the_reason(tmp_path: Path) -> None:
    text = 'path,x\n"img/\na.png",1\n\n,2\nimg/b.png\nimg/a.png,3\nimg/b.png,4\n'
    source = files(catalogue(tmp_path, "p.csv", text))
    assert [i.columns["x"] for i in source] == ["1", "3", "4"]  # the first row is of two lines
    assert source.skipped_rows == [(5, "no path"), (6, "1 cells, the header has 2")]
    assert dict(source.skipped) == {"without a path": 1, "malformed": 1}
    source = files(
        catalogue(tmp_path, "q.jsonl", '{"path":"a"}\n[1]\n\n{"path":"b"}\n{"path"\n{"x":1}\n{"path":"c"}\n')
    )
    assert [i.path for i in source] == ["a", "b", "c"]
    assert source.skipped_rows is not None
    assert [line for line, _ in source.skipped_rows] == [2, 5, 6]
    assert files(str(tmp_path)).skipped_rows is None


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("p.csv", "path;label;price;no\nimg/a.png;cat;1,5;1,5x\nimg/b.png;dog;2;\n", "parted by semicolons"),
        ("p.csv", "path\tlabel\tprice\tno\nimg/a.png\tcat\t1.5\t1,5x\nimg/b.png\tdog\t2\t\n", "parted by tabs"),
        ("p.tsv", '\ufeffpath,label,price,no\nimg/a.png,cat,1.5,"1,5x"\nimg/b.png,dog,2,\n', "parted by commas"),
        ("p.csv", 'path, label, price, no\nimg/a.png, cat, 1.5, "1,5x"\nimg/b.png, dog, 2,\n', ""),
        ("p.csv", ' Path ,LABEL,price,no\nimg\\a.png,cat,1.5,"1,5x"\nimg\\b.png, dog ,2,\n', ""),
    ],
)
def test_tables_as_people_have_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, text: str, told: str
) -> None:
    with caplog.at_level("INFO"):
        found = [(i.path, i.label, dict(i.columns)) for i in files(catalogue(tmp_path, name, text))]
    assert found == [
        ("img/a.png", "cat", {"price": "1.5", "no": "1,5x"}),
        ("img/b.png", "dog", {"price": "2", "no": ""}),
    ]
    assert told in caplog.text
    assert ("decimal commas are read as points in price" in caplog.text) == (";" in text)


def test_a_separator_within_the_header_is_none(tmp_path: Path) -> None:
    place = catalogue(tmp_path, "p.csv", "path,a;b;c\nimg/a.png,1\n")
    assert [dict(i.columns) for i in files(place)] == [{"a;b;c": "1"}]
    place = catalogue(tmp_path, "p.csv", "size, cm;Foto\n1;img/a.png\n")
    assert [(i.path, dict(i.columns)) for i in files(place, path="foto")] == [("img/a.png", {"size, cm": "1"})]


def test_missing_values_are_no_label_and_no_group(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spelled = ["NA", "N/A", "n/a", "NaN", "nan", "NaT", "None", "NULL", "null", "<NA>", "#N/A", ""]
    place = catalogue(
        tmp_path, "p.csv", "path,label,group\n" + "".join(f"img/a.png,{s},{s}\n" for s in spelled) + "b,cat,none\n"
    )
    with caplog.at_level("INFO"):
        assert [(i.label, i.group) for i in files(place)] == [("", "")] * 12 + [("cat", "none")]
    assert "11 cells of label such as NA are taken as unknown; otherwise type source.missing=false" in caplog.text
    assert [i.label for i in files(place, missing=False)] == [*spelled, "cat"]
    rows = '{"path":"a","label":NaN,"x":NaN}\n{"path":"b","label":null,"x":[NaN]}\n{"path":"c","label":"nan","x":1}\n'
    found = [(i.label, i.columns["x"]) for i in files(catalogue(tmp_path, "q.jsonl", rows))]
    assert found == [("", ""), ("", "[NaN]"), ("", "1")]  # as pandas' astype(str) leaves it


def test_a_column_that_is_nearly_called_so_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        list(files(catalogue(tmp_path, "p.csv", "path,Labels,label,LABEL\nimg/a.png,cat,x,y\n")))
        assert "not used" not in caplog.text
        assert [i.label for i in files(catalogue(tmp_path, "p.csv", "path,Labels\nimg/a.png,cat\n"))] == [""]
    assert "column Labels is not used as label; if it is one, type source.label=Labels" in caplog.text
    (item,) = files(catalogue(tmp_path, "p.csv", "path,Label,LABEL\nimg/a.png,cat,x\n"))
    assert item.label == ""  # either may be meant


def test_a_column_that_is_the_label_keeps_its_name(tmp_path: Path) -> None:
    (item,) = files(catalogue(tmp_path, "p.csv", "path,type,label\nimg/a.png,coat,x\n"), label="type")
    assert (item.label, dict(item.columns)) == ("coat", {"type": "coat", "label": "x"})


@pytest.mark.skipif(os.name == "nt", reason="there they are paths")
def test_paths_of_windows(tmp_path: Path) -> None:
    write(tmp_path, {"a\\b.png": b"literal"})
    rows = ["a\\b.png", r".\img\a.png", r"C:\Users\me\b.png", r"\\server\share\c.png", "D:/x/d.png"]
    source = files(catalogue(tmp_path, "p.csv", "path\n" + "\n".join(rows) + "\n"))
    names = ["a\\b.png", "img/a.png", r"C:\Users\me\b.png", r"\\server\share\c.png", "D:/x/d.png"]
    items = list(source)
    assert [item.path for item in items] == names
    assert [source.open(item) for item in items[:2]] == [b"literal", b"x"]
    for item in items[2:]:
        with pytest.raises(OSError, match="Windows drive, which is not here"):
            source.open(item)


def test_a_row_is_an_item_also_where_another_names_its_picture(
    colours: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = sorted(f.relative_to(colours).as_posix() for f in colours.rglob("*.png"))
    rows = [f"{name},{name.split('/')[0]},s{number}" for number, name in enumerate(names)]
    more = [f"{names[0]},blue,again", f"{names[1]},red,other", "gone.png,red,g1", "gone.png,red,g2", ",red,none", "x,y"]
    (colours / "p.csv").write_text("\n".join(["path,label,sku", *rows, *more]) + "\n")
    typed = ["k=3", "backbone=pixels", "view=pca", "reports=[near_duplicates,page]", "attributes=[]", "out=runs"]
    assert main([str(colours / "p.csv"), *typed]) == 0
    said = capsys.readouterr().out
    assert "images    30 rows = 24 ok, 2 duplicate, 2 missing, 2 skipped\n" in said
    assert "1 duplicate has another label than the file that counts: " + f"{names[1]}: red, {names[1]}: blue" in said
    run = Run.load("runs/latest")
    assert f"skipped   2 rows, 1 malformed, 1 without a path: runs/{run.folder.name}/skipped.csv" in said
    assert (run.folder / "skipped.csv").read_text() == 'line,reason\n30,no path\n31,"2 cells, the header has 3"\n'
    with (run.folder / "items.csv").open() as stream:
        found = [row for row in csv.DictReader(stream) if row["path"] == names[0]]
    assert [(row["sku"], row["outcome"]) for row in found] == [("s0", "ok"), ("again", "duplicate")]
    assert len({(row["id"], row["cluster"]) for row in found}) == 1
    assert [hit.path for hit in run.search(names[5], where="sku=again")] == [names[0]]
    assert (run.folder / "near_duplicates.csv").read_text().count(names[0]) == 0  # one file, however often it is named
    assert (run.folder / "failures.csv").read_text().count("gone.png,missing") == 2
    assert '"rows":30' in (run.folder / "report.html").read_text(encoding="utf-8").replace(" ", "")
    assert main(["doctor"]) == 0
    assert main(["export", "imagefolder", "out"]) == 0
    with open("out/train/metadata.csv") as stream:
        assert sorted(row["sku"] for row in csv.DictReader(stream) if row["path"] == names[0]) == ["again", "s0"]


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


@given(st.text(st.sampled_from('",;\t\r\n\0#=seppathx\udce9'), max_size=40))
def test_whatever_a_table_holds_it_is_a_table_or_the_error_names_it(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    file = tmp_path_factory.mktemp("m") / "p.csv"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    said = "p.csv"
    try:
        list(files(str(file)))
    except UsageError as error:
        said = str(error).splitlines()[0]
    assert "p.csv" in said


def test_bytes_that_are_no_utf8_are_windows_1252(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, {"M\u00fctze.png": b"x"})
    text = b"Gr\xf6\xdfe;path;label\n5\x80;M\xfctze.png;gr\xfcn\n\x81;caf\xe9.png;\xc3\xa9t\xe9\n"
    with caplog.at_level("INFO"):
        found = [(i.path, i.label, dict(i.columns)) for i in files(catalogue(tmp_path, "p.csv", text))]
    assert found == [
        ("M\u00fctze.png", "gr\u00fcn", {"Gr\u00f6\u00dfe": "5\u20ac"}),
        ("caf\u00e9.png", "\u00e9t\u00e9", {"Gr\u00f6\u00dfe": "\udc81"}),  # a byte that no character has stays one
    ]
    assert caplog.text.count("p.csv: what is no UTF-8 is read as Windows-1252") == 1
    place = catalogue(tmp_path, "q.jsonl", b'{"gr\xfc\xdfe": "M\xfctze.png"}\n')
    assert [i.path for i in files(place, path="gr\u00fc\u00dfe")] == ["M\u00fctze.png"]


@pytest.mark.skipif(os.name == "nt", reason="names are not bytes on Windows")
def test_bytes_that_name_a_file_stay_what_they_are(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")).write_bytes(b"x")
    items = list(files(catalogue(tmp_path, "p.csv", b"path,x\ngone\xfc.png,\xe9\ncaf\xe9.png,\xe9\n")))
    assert [(os.fsencode(i.path), i.columns["x"]) for i in items] == [
        (b"gone\xfc.png", "\udce9"),
        (b"caf\xe9.png", "\udce9"),
    ]
    (item,) = files(catalogue(tmp_path, "q.jsonl", b'{"path": "a\\ud800.png"}\n'))
    assert item.path == "a\ufffd.png"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.csv", "path,label\rimg/a.png,cat\r\rimg/b.png\r"),  # Excel for the Macintosh
        ("p.csv", "sep=;\r\npath;label\r\nimg/a.png;cat\r\nimg/b.png\r\n"),
        ("p.csv", '\ufeff"SEP=^"\npath^label\nimg/a.png^cat\nimg/b.png\n'),
        ("p.csv", "# a list, of a shop\n#\n#,path;label;\npath,label\nimg/a.png,cat\nimg/b.png\n"),
        ("p.tsv", "#path\tlabel\npath\tlabel\nimg/a.png\tcat\nimg/b.png\n"),
    ],
)
def test_line_ends_and_what_stands_above_the_header(tmp_path: Path, name: str, text: str) -> None:
    source = files(catalogue(tmp_path, name, text))
    assert [(i.path, i.label, dict(i.columns)) for i in source] == [("img/a.png", "cat", {})]
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert source.skipped_rows == [(lines.index("img/b.png") + 1, "1 cells, the header has 2")]


def test_a_header_may_begin_with_a_hash(tmp_path: Path) -> None:
    (item,) = files(catalogue(tmp_path, "p.csv", "#,path\n1,img/a.png\n"))
    assert (item.path, dict(item.columns)) == ("img/a.png", {"#": "1"})


def test_an_address_stays_as_it_is_written(tmp_path: Path) -> None:
    rows = ["https://h/a//./b.png?x=1#y", "https://h/a//./b.png?x=1#y", "s3://b/../../c.png", r"C:\a\..\b.png"]
    source = files(catalogue(tmp_path, "p.csv", "\n".join(["path", *rows])))
    assert [i.path for i in listing(source)] == [*rows[:2], "s3://b/c.png", r"C:\a\b.png"]


def test_twins_of_a_column_are_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = catalogue(tmp_path, "p.jsonl", '{"path":"img/a.png","Label":"cat","label ":"x","label":"y"}\n')
    with caplog.at_level("INFO"):
        assert [i.label for i in files(place)] == ["y"]
        assert "label is column label, not Label, label ; if it is to be, type source.label=Label\n" in caplog.text
        caplog.clear()
        assert [i.label for i in files(place, label="Label")] == ["cat"]
    assert not caplog.text


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
