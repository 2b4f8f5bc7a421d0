"""Every format of `imgret export`: what is in it, what it leaves alone, what it refuses."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import imgret
from imgret import Run
from imgret.__main__ import main
from imgret.exporters import FORMATS, imagefolder
from imgret.exporters.folders import names
from imgret.findings.tables import table
from tests.conftest import png, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Twelve pictures of two colours in folders a and b, with the same names in both, a duplicate and a text."""
    pictures = {f"{d}/{i}.png": png(c, noise=i + 20 * (d == "a") + 1)
                for d, c in {"a": (240, 9, 9), "b": (9, 9, 240)}.items() for i in range(6)}  # fmt: skip
    return write(tmp_path / "in", {**pictures, "b/twin\tof 0.png": pictures["b/0.png"], "a/note.txt": b"no image"})


@pytest.fixture
def run(root: Path) -> Run:
    return imgret.run(root, backbone="pixels", view="pca", reports=[], k=2)


def state(root: Path) -> dict[str, Any]:
    return {str(f): (f.read_bytes(), f.stat().st_mtime_ns) for f in sorted(root.rglob("*")) if f.is_file()}


@pytest.mark.parametrize("format", FORMATS)
def test_originals_stay_and_nothing_is_overwritten(format: str, run: Run, root: Path, capsys: Any) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow")
    before = state(root)
    for more in ([], ["--copy"]):
        assert main(["export", format, f"out{len(more)}", *more]) == 0
        assert capsys.readouterr().out.startswith("wrote     out")
    assert state(root) == before
    assert main(["export", format, "out0"]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    assert not list(Path().glob(".imgret-*"))


@pytest.mark.parametrize("copy", [False, True])
def test_folders(run: Run, root: Path, copy: bool) -> None:
    Path("out").mkdir()
    assert main(["export", "folders", "out", *["--copy"] * copy]) == 0
    found = {str(f.relative_to("out")): f for f in Path("out").rglob("*.png")}
    assert len(found) == 13
    assert all(file.is_symlink() != copy for file in found.values())
    for item, row in zip(run.collection.items, run.collection.rows, strict=True):
        if row >= 0:
            name = f"cluster_{run.labels[row]:03}/{Path(item.path).name}"
            assert found[name].read_bytes() == (root / item.path).read_bytes()


def test_names_that_collide() -> None:
    assert names(["a/1.jpg", "b/1.JPG", "b/2.jpg"]) == ["a__1.jpg", "b__1.JPG", "2.jpg"]
    assert names(["x/a__1.jpg", "a/1.jpg", "b/1.jpg"]) == ["a__1.jpg", "a__1-2.jpg", "b__1.jpg"]
    assert len(names(["d/" + "é" * 300 + ".jpg"])[0].encode("utf-8", "surrogateescape")) == 200


def test_what_is_gone_is_counted(run: Run, root: Path, capsys: Any) -> None:
    (root / "a/0.png").unlink()
    assert main(["export", "folders", "out"]) == 0
    assert "1 image of the run is gone or changed" in capsys.readouterr().out
    assert main(["export", "projector", "p"]) == 0
    assert "1 image of the run gone, and blank" in capsys.readouterr().out


@pytest.mark.usefixtures("run")
def test_only_the_bytes_that_the_run_saw_are_copied(root: Path, capsys: Any) -> None:
    """A run from elsewhere may name any file of yours."""
    (root / "a/0.png").write_bytes(b"secret")
    assert main(["export", "folders", "out", "--copy"]) == 0
    assert "1 image of the run is gone or changed" in capsys.readouterr().out
    assert b"secret" not in [file.read_bytes() for file in Path("out").rglob("*.png")]


def test_a_source_without_files(capsys: Any) -> None:
    imgret.run(source="digits", backbone="pixels", view="pca", reports=[], k=3, limit=20)
    assert main(["export", "folders", "out"]) == 0
    files = [file for file in Path("out").rglob("*") if file.is_file()]
    assert len(files) == 20
    assert not any(file.is_symlink() for file in files)


def test_csv_and_imagefolder(run: Run) -> None:
    assert main(["export", "csv", "t.csv"]) == 0
    assert Path("t.csv").read_bytes() == (run.folder / "items.csv").read_bytes()
    assert main(["export", "imagefolder", "out"]) == 0
    with open("out/train/metadata.csv", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["path"] for row in rows] == [
        i.path for i, r in zip(run.collection.items, run.collection.rows, strict=True) if r >= 0
    ]
    assert all((Path("out/train") / row["file_name"]).is_file() for row in rows)


@pytest.mark.parametrize(
    ("theirs", "header"),
    [
        (["file_name", "file_name_", "image"], ["file_name", "path", "file_name_", "file_name__", "image_"]),
        (["file_name_", "image_", "file_name", "image"],
         ["file_name", "path", "file_name_", "image_", "file_name__", "image__"]),
    ],
)  # fmt: skip
def test_columns_of_an_imagefolder_are_set_apart(
    theirs: list[str], header: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader by name, as `datasets` is, would lose one of two columns of one name."""
    monkeypatch.setattr(imagefolder, "place", lambda run, train, copy: ({1: "cluster_000/1.jpg"}, 0))
    monkeypatch.setattr(imagefolder, "table", lambda run: {name: ["", name] for name in ["path", *theirs]})
    run: Any = None
    imagefolder.write(run, Path("out"), copy=False)
    with open("out/train/metadata.csv", newline="") as stream:
        assert list(csv.reader(stream)) == [header, ["cluster_000/1.jpg", "path", *theirs]]


def test_parquet(run: Run) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    assert main(["export", "parquet", "t.parquet"]) == 0
    found = pq.read_table("t.parquet").to_pydict()
    text = table(run)
    assert found["path"] == text["path"]
    assert found["cluster"] == [int(c) if c else None for c in text["cluster"]]
    rows = run.collection.rows
    assert found["features"] == [run.features[row].tolist() if row >= 0 else None for row in rows]


def test_coco(run: Run) -> None:
    assert main(["export", "coco", "out"]) == 0
    found = json.loads(Path("out/labels.json").read_text())
    images = {image["id"]: image for image in found["images"]}
    assert len(images) == len(found["annotations"]) == 13
    assert [c["id"] for c in found["categories"]] == [1, 2]
    for each in found["annotations"]:
        image = images[each["image_id"]]
        assert (each["bbox"], each["area"], each["iscrowd"]) == ([0, 0, 24, 16], 384, 0)
        assert run.labels[run.row_of[image["path"]]] == each["category_id"] - 1
        with Image.open(Path("out/data") / image["file_name"]) as opened:
            assert opened.size == (image["width"], image["height"])


def test_projector(run: Run, root: Path) -> None:
    assert main(["export", "projector", "out"]) == 0
    np.testing.assert_allclose(np.loadtxt("out/tensors.tsv", delimiter="\t"), run.X, atol=1e-6)
    header, *lines = Path("out/metadata.tsv").read_text().splitlines()
    assert header.split("\t") == ["path", "id", "cluster", "label", "group"]
    assert [line.split("\t")[1] for line in lines] == run.ids
    with Image.open("out/sprite.png") as sprite:
        assert sprite.size == (256, 256)  # 12 images in 4 columns of 64 pixels
    assert 'tensor_path: "tensors.tsv"' in Path("out/projector_config.pbtxt").read_text()


def test_names_of_columns_are_whatever_a_manifest_says(root: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    (root / "list.csv").write_bytes(b"path,a\xffb\na/0.png,x\xff\na/1.png,y\n")
    imgret.run(root / "list.csv", backbone="pixels", view="pca", reports=[], k=2)
    assert main(["export", "parquet", "t.parquet"]) == 0
    assert pq.read_table("t.parquet").to_pydict()[r"a\udcffb"] == [r"x\udcff", "y"]


def test_the_sprite_shows_formats_that_were_asked_for(root: Path, capsys: Any) -> None:
    with Image.open(root / "a" / "0.png") as image:
        image.save(root / "a" / "scan.tif")
    imgret.run(root / "a", backbone="pixels", view="pca", reports=[], k=2, formats=["tiff"])
    assert main(["export", "projector", "out"]) == 0
    assert "7 distinct images" in (said := capsys.readouterr().out)
    assert "gone" not in said
