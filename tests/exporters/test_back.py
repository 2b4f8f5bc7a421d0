"""What imgret wrote, imgret reads: every table and every folder that it exports is a collection again."""

import hashlib
import json
from pathlib import Path

import pytest

import imgret
from imgret import Run
from imgret.__main__ import main
from imgret.errors import UsageError
from imgret.plugins.sources.files import files
from imgret.store.files import write_csv
from tests.conftest import png, write

QUICK = {"backbone": "pixels", "view": "pca", "reports": [], "attributes": [], "metrics": ["agreement"], "k": 2}
COLOURS = {"re,d": (240, 9, 9), 'bl"ue é': (9, 9, 240)}


@pytest.fixture
def first(tmp_path: Path) -> Run:
    """Ten pictures of two labels, with a duplicate, a text, and a name that a table has to quote."""
    shots = {
        f"{label}/{i}.png": png(c, noise=i + 20 * (label > "c") + 1) for label, c in COLOURS.items() for i in range(5)
    }
    twin = {"re,d/twin, of 0.png": shots["re,d/0.png"], "re,d/note.txt": b"no image"}
    return imgret.run(write(tmp_path / "in", {**shots, **twin}), **QUICK)


def _known(run: Run) -> dict[str, str]:
    """The label of each image, by its bytes."""
    return {id: run.truth_names[code] for id, code in zip(run.ids, run.truth.tolist(), strict=True)}


def test_its_own_table(first: Run) -> None:
    again = imgret.run(first.folder / "items.csv", **QUICK)
    assert _known(again) == _known(first)
    assert (again.labels == first.labels).all()
    assert (first.features == again.features).all()
    assert again.collection.outcomes["duplicate"] == 1


@pytest.fixture(params=["folder", "manifest", "apart"])
def reported(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """A run with every table that has paths, over a folder, a manifest in it, or one elsewhere with columns of ours."""
    names = {label: [f"{label}/={i}.png" for i in range(5)] for label in COLOURS}
    shots = {f: png(COLOURS[label], noise=len(f) + i + 1) for label in names for i, f in enumerate(names[label])}
    root = write(
        tmp_path / "in", {**shots, "=1.png": png((9, 240, 9)), "re,d/twin.png": shots["re,d/=0.png"], "n.txt": b"x"}
    )
    lines = [[f, label, "a.png", "x"] for label in names for f in names[label]] + [
        ["=1.png", "=x", "", ""],
        ["re,d/twin.png", "re,d", "", ""],
    ]
    apart = tmp_path / "lists" / "list.csv"
    apart.parent.mkdir()
    write_csv(root / "list.csv", ["path", "label", "file", "cluster"], lines)
    write_csv(apart, ["path", "label", "file", "cluster"], [[f"../in/{line[0]}", *line[1:]] for line in lines])
    images = {"folder": root, "manifest": root / "list.csv", "apart": apart}[request.param]
    more = {"reports": ["near_duplicates", "clusters", "albums"], "source.folders": "labels"}
    return imgret.run(images, **{**QUICK, **more})


def _read(table: Path | str) -> dict[str, str]:
    """The label of each image of a table, by its bytes; what is no image has none."""
    source = files(str(table))
    found = {
        hashlib.sha256(data).hexdigest(): item.label for item in source if (data := source.open(item))[1:4] == b"PNG"
    }
    assert not source.skipped
    return found


def test_its_tables_and_exports_lead_to_its_images(reported: Run) -> None:
    known = {
        reported.ids[row]: reported.collection.items[place].label for row, place in enumerate(reported.collection.first)
    }
    pytest.importorskip("pyarrow")
    given = {"csv": "x/a.csv", "parquet": "x/a.parquet", "projector": "p/metadata.tsv", "coco": "c/labels.json"}
    given["imagefolder"] = "f/train/metadata.csv"
    for format, table in given.items():
        out = table if format in ("csv", "parquet") else table.partition("/")[0]
        assert main(["export", format, out]) == 0
        assert _read(table) == known, format
    inside = f"{reported.folder}/again.csv"
    for place in (inside, f"{reported.info.root}/again.csv"):
        assert main(["export", "csv", place]) == 0
        assert _read(place) == known
    harmless = {id: f"'{label}" if label == "=x" else label for id, label in known.items()}
    for place in ("x/s.csv", f"{reported.info.root}/s.csv"):
        assert main(["export", "csv", place, "--for-spreadsheets"]) == 0
        assert _read(place) == harmless
    assert _read(reported.folder / "items.csv") == known
    assert _read(reported.folder / "albums.csv").keys() <= known.keys()
    assert set(_read(reported.folder / "clusters.csv")) == {reported.ids[row] for row in reported.medoids}
    twin = next(item for item in reported.collection.items if item.path.endswith("twin.png"))
    assert hashlib.sha256(Path(twin.file).read_bytes()).hexdigest() in _read(reported.folder / "near_duplicates.csv")


def test_a_table_apart_from_its_run_says_what_to_give(first: Run) -> None:
    Path("copied.csv").write_bytes((first.folder / "items.csv").read_bytes())
    with pytest.raises(
        UsageError, match=r"images=copied\.csv: its paths start from .*\ngive it in the folder of its run"
    ):
        list(files("copied.csv"))


def test_coco_as_others_write_it(tmp_path: Path) -> None:
    images = [{"id": i, "file_name": f"{i}.png", "width": 3} for i in range(3)]
    marks = [{"image_id": 0, "category_id": 7}, {"image_id": 0, "category_id": 7}, {"image_id": 1, "category_id": 7},
             {"image_id": 1, "category_id": 8}]  # fmt: skip
    kinds = [{"id": 7, "name": "cat"}, {"id": 8, "name": "dog"}]
    file = tmp_path / "instances.json"
    file.write_text(json.dumps({"images": images, "annotations": marks, "categories": kinds}))
    found = [(i.path, i.label, dict(i.columns)) for i in files(str(file))]
    assert found == [(f"{i}.png", "cat" if i == 0 else "", {"id": str(i), "width": "3"}) for i in range(3)]
    for wrong in ("[1]", '{"images": [{"id": 1}]}', '{"a": 1}', "{", '{"images": 1}'):
        file.write_text(wrong)
        with pytest.raises(UsageError, match=r"images=instances\.json: "):
            list(files(str(file)))


@pytest.mark.parametrize("format", ["imagefolder", "folders", "coco"])
@pytest.mark.parametrize("copy", [True, False], ids=["copies", "links"])
def test_exported_folders(format: str, copy: bool, first: Run) -> None:
    assert main(["export", format, "out", *["--copy"] * copy]) == 0
    again = imgret.run("out", **QUICK)
    assert again.ids == first.ids
    assert (again.features == first.features).all()
    assert set(again.collection.outcomes) <= {"ok", "duplicate", "beside"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_that_another_program_has_saved_again(first: Run, encoding: str, separator: str) -> None:
    import csv

    with (first.folder / "items.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    file = Path(first.info.root, "saved.csv")
    with file.open("w", newline="", encoding=encoding) as stream:
        csv.writer(stream, delimiter=separator).writerows(rows)
    assert _known(imgret.run(file, **QUICK)) == _known(first)
