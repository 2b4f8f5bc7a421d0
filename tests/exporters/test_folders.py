"""The format folders: links or copies by cluster, names that collide, and only the bytes that the run saw."""

from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret import Run
from imgret.__main__ import main
from imgret.exporters.folders import names
from imgret.plugins.sources.files import files
from imgret.reading.items import listing


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


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("format", ["folders", "imagefolder", "coco", "projector"])
def test_an_export_beside_the_originals_is_none_of_them(root: Path, format: str) -> None:
    before = [(item.path, item.label) for item in listing(files(str(root)))]
    assert main(["export", format, str(root / "by_cluster"), *["--copy"] * (format == "coco")]) == 0
    source = files(str(root))
    assert [(item.path, item.label) for item in listing(source)] == before
    assert dict(source.skipped) == {"of imgret's exports": 1}
    assert list(files(str(root / "by_cluster")))  # asked for by name, it is a collection


def test_names_that_collide() -> None:
    assert names(["a/1.jpg", "b/1.JPG", "b/2.jpg"]) == ["a__1.jpg", "b__1.JPG", "2.jpg"]
    assert names(["x/a__1.jpg", "a/1.jpg", "b/1.jpg"]) == ["a__1.jpg", "a__1-2.jpg", "b__1.jpg"]
    assert len(names(["d/" + "é" * 300 + ".jpg"])[0].encode("utf-8", "surrogateescape")) == 200


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("format", ["folders", "imagefolder", "coco"])
@pytest.mark.parametrize("copy", [False, True])
def test_only_the_bytes_that_the_run_saw_are_handed_on(root: Path, format: str, copy: bool, capsys: Any) -> None:
    """A run from elsewhere may name any file of yours, and a root of /."""
    (root / "a/0.png").write_bytes(b"secret")
    assert main(["export", format, "out", *["--copy"] * copy]) == 0
    assert "1 image of the run is gone or changed" in capsys.readouterr().out
    assert b"secret" not in [file.read_bytes() for file in Path("out").rglob("*.png")]
    assert len(list(Path("out").rglob("*.png"))) == 12


def test_a_source_without_files(capsys: Any) -> None:
    imgret.run(source="digits", backbone="pixels", view="pca", reports=[], k=3, limit=20)
    assert main(["export", "folders", "out"]) == 0
    found = [file for file in Path("out").rglob("*.png") if file.is_file()]
    assert len(found) == 20
    assert not any(file.is_symlink() for file in found)
