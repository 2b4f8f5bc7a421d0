from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret.contracts import Item
from imgret.errors import UsageError
from imgret.reading.beside import beside, tally, waiting
from imgret.reading.formats import chosen
from imgret.runs.summary import summary
from tests.conftest import png, write
from tests.image_bytes import jpeg, scene

NAMES = ["a.XMP", "b/IMG_1.aae", "c.mov", "d.MP4", "e.CR2", "f.json", "g.m4a", "h.jpg", "i.txt", "j.heic", "k"]


def test_what_a_name_says() -> None:
    found = ["sidecar", "sidecar", "film", "film", "raw file", "sidecar", "sound", "", "", "", ""]
    assert list(map(beside, NAMES)) == found
    assert tally(NAMES) == "3 sidecars, 2 films, 1 sound, 1 raw file"
    assert tally(NAMES[7:]) == ""
    assert [beside(name) for name in ("train/metadata.csv", "metadata.jsonl", "a/items.csv")] == [
        "sidecar",
        "sidecar",
        "",
    ]


def test_what_is_said_of_a_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which files wait, for what, and what to type; by the names, before any is opened."""
    items = [Item(f"{i}.{kind}") for kind in ("heic", "HEIF", "tif", "jpg", "jxl", "mov") for i in range(2)]
    others = ["2 JPEG XL files not read: nothing here reads them", "beside the images, not opened: 2 films"]
    assert waiting(items, [], ["heic", "tiff"]) == others
    asked = ["4 HEIC files not read: type formats=[heic]", "2 TIFF files not read: type formats=[tiff]"]
    pytest.importorskip("pillow_heif")
    assert waiting(items, [], []) == [*asked, *others]

    def require(formats: list[str]) -> None:
        if formats == ["heic"]:
            raise UsageError("no package")

    monkeypatch.setattr("imgret.reading.formats.require", require)
    heic = '4 HEIC files not read: type pip install "imgret[heif]"'
    assert waiting(items, ["available"], chosen(["available"])) == [heic, *others]
    assert waiting(items, [], []) == [f"{heic}, and then formats=[heic]", asked[1], *others]
    assert waiting(items[6:8], [], []) == []


def test_what_is_available_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen(["tiff"]) == ["tiff"]
    assert chosen(["heic", "available"])[0] == "heic"  # asked for by name, it is missed where it is not there
    monkeypatch.setattr("imgret.reading.formats.require", lambda formats: None)
    assert chosen(["available"]) == ["heic", "tiff", "avif"]


def test_films_sidecars_and_raw_files_are_counted_and_are_no_failures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """None of them is opened: a film's preview is a JPEG, and no picture of the archive."""
    files: dict[str, bytes] = {f"{i}.png": png((40 * i, 9, 9)) for i in range(3)}
    files |= {"1.thm": jpeg(scene()), "1.avi": b"RIFF", "1.xmp": b"<x/>", "2.nef": b"II*\0", "3.json": b"{}"}
    root = write(tmp_path / "in", files | {"text.jpg": b"no image"})
    options: dict[str, Any] = {"backbone": "pixels", "view": "pca", "k": 2, "metrics": [], "reports": []}
    done = imgret.run(root, max_failed=0.12, **options)  # 1 of 9
    assert done.collection.outcomes == {"ok": 3, "beside": 5, "unsupported": 1}
    again = imgret.load(done.folder)
    assert "beside    3 sidecars, 1 film, 1 raw file: not opened, and no failures" in summary(again)
    assert (done.folder / "failures.csv").read_text().splitlines()[1:] == [
        'text.jpg,unsupported,"not a JPEG, PNG, WEBP, GIF or BMP file"'
    ]
    (root / "text.jpg").unlink()
    only = write(tmp_path / "only", {"a.mov": b"", "b.xmp": b""})
    with pytest.raises(UsageError, match="has no readable image in it: 2 beside"):
        imgret.run(only, **options)
