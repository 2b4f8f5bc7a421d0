"""Thumbnails and attributes: made once, of what the features were made of, and a bad attribute loses nothing."""

import io
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgret import registry
from imgret.contracts import Item, Preprocess
from imgret.plugins.sources.files import files
from imgret.reading import thumbnails
from imgret.reading.items import Collection, collect
from imgret.reading.loader import batches
from imgret.reading.record import Record
from imgret.reading.thumbnails import SIDE, file_of, look, thumbnail
from imgret.store.store import Store
from tests.conftest import png, write


def redness(thumbnail: np.ndarray) -> float:  # type: ignore[type-arg]
    return float(thumbnail[..., 0].mean())


def picky(thumbnail: np.ndarray) -> dict[str, object]:  # type: ignore[type-arg]
    if thumbnail[0, 0, 1] > 50:
        raise ValueError("too green")
    thumbnail[:] = 0  # its own copy
    os.environ["IMGRET_SEEN"] = "1"
    return {"tone": "warm", "nothing": float("nan")}


def test_an_attribute_that_was_edited_is_another(tmp_path: Path) -> None:
    keys = []
    for text in ("0.0", "1.0", "0.0"):
        file = write(tmp_path, {"mine.py": f"def mine(thumbnail): return {text}".encode()}) / "mine.py"
        scope: dict[str, Any] = {}
        exec(compile(file.read_text(), file, "exec"), scope)
        keys.append(thumbnails._key(scope["mine"]))
    assert keys[0] == keys[2] != keys[1]


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    for component in (redness, picky):
        monkeypatch.setitem(registry._found, ("attribute", component.__name__), component)


def _collection(root: Path) -> tuple[files, Collection]:
    source = files(str(root))
    items = list(source)
    records = [record for loaded in batches(source, items, Preprocess((2, 2))) for record in loaded.records]
    return source, collect(items, records)


def _root(tmp_path: Path) -> Path:
    shots = {"red.png": png((200, 20, 20), (600, 300)), "green.png": png((0, 200, 0)), "copy.png": png((0, 200, 0))}
    return write(tmp_path / "in", shots | {"bad.jpg": b"\xff\xd8\xff"})


@pytest.mark.usefixtures("offered")
def test_thumbnails_and_columns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source, collection = _collection(_root(tmp_path))
    with caplog.at_level(logging.WARNING, "imgret"):
        columns = look(source, collection, ["redness", "picky"], Store())
    rows = {collection.paths[row]: row for row in range(2)}
    red, green = rows["red.png"], rows["copy.png"]
    assert sorted(columns) == ["nothing", "redness", "tone"]
    assert (columns["redness"][red], columns["redness"][green]) == ("100", "0")
    assert (columns["tone"][red], columns["tone"][green], columns["nothing"]) == ("warm", "", ["", ""])
    said = {"of a 128x256x3 image it says nothing nan, which is not finite", "ValueError: too green"}
    (line,) = (record.getMessage() for record in caplog.records if "picky" in record.getMessage())
    assert line.startswith(tuple(f"attribute/picky: {each} (2 of 2 images)\nit lies in " for each in said))
    assert line.endswith("python -m imgret plugins check attribute/picky")
    with Image.open(file_of(collection.ids[red])) as small:
        assert (small.format, small.size) == ("JPEG", (SIDE, 128))
    with Image.open(file_of(collection.ids[green])) as small:
        assert small.size == (24, 16)  # never enlarged


def test_attributes_with_a_column_of_the_same_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._found, ("attribute", "picky"), picky)
    monkeypatch.setitem(registry._found, ("attribute", "again"), picky)
    source, collection = _collection(_root(tmp_path))
    columns = look(source, collection, ["picky", "again"], Store())
    assert list(columns) == ["tone", "nothing", "tone_", "nothing_"]
    assert columns["tone"] == columns["tone_"]
    assert sorted(columns["tone"]) == ["", "warm"]


@pytest.mark.usefixtures("offered")
def test_what_is_in_the_store_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, collection = _collection(_root(tmp_path))
    first = look(source, collection, ["redness"], Store())
    asked: list[str] = []
    real = thumbnails.spread

    def spread(looker: thumbnails.Looker, items: list[Item], *given: Any, **named: Any) -> Iterator[Any]:
        asked.extend(item.path for item in items)
        return real(looker, items, *given, **named)

    monkeypatch.setattr(thumbnails, "spread", spread)
    assert look(source, collection, ["redness"], Store()) == first
    assert asked == []
    file_of(collection.ids[0]).unlink()
    (shard,) = (Store().root / "attributes").glob("redness-*/*.json")
    assert look(source, collection, ["redness"], Store()) == first
    assert asked == [collection.paths[0]]
    shard.write_text("[1, 2")  # damaged
    assert look(source, collection, ["redness"], Store()) == first
    assert asked == collection.paths  # the other was found, and kept, a second time
    assert all(json.loads(f.read_text()) for f in shard.parent.glob("*.json") if f != shard)


@pytest.mark.usefixtures("offered")
def test_a_file_that_changed_meanwhile_says_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    root = _root(tmp_path)
    source, collection = _collection(root)
    (root / "red.png").write_bytes(png((9, 9, 9)))
    (root / "green.png").unlink()  # its copy stands for the image
    columns = look(source, collection, ["redness"], Store())
    assert sorted(columns["redness"]) == ["", "0"]
    assert sum(file_of(id).is_file() for id in collection.ids) == 1
    red = "red.png: changed_during_run, another file than its features were made of"
    assert caplog.messages == [f"1 image could not be looked at, such as {red}"]


def fatal(thumbnail: np.ndarray) -> float:  # type: ignore[type-arg]
    if thumbnail[0, 0, 0] == 100:
        os.abort()
    return 1.0


@pytest.mark.skipif(os.name == "nt", reason="names a signal")
def test_an_image_that_ends_its_worker_is_left_out_and_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(registry._found, ("attribute", "fatal"), fatal)
    source, collection = _collection(_root(tmp_path))
    row = collection.paths.index("red.png")
    with caplog.at_level(logging.WARNING, "imgret"):
        first = look(source, collection, ["fatal"], Store())
    assert (first["fatal"][row], first["fatal"][1 - row]) == ("", "1")
    assert "1 image could not be looked at, such as red.png: decoder_crashed, killed by SIGABRT" in caplog.text
    with pytest.raises(ValueError, match=r"^decoder_crashed: killed by SIGABRT$"):
        thumbnail(collection.ids[row], lambda: b"what would end this process, too")
    with monkeypatch.context() as patch:
        patch.setattr(thumbnails, "spread", lambda looker, items, *_, **__: iter([items] if items else []))
        assert look(source, collection, ["fatal"], Store()) == first
    assert look(source, collection, [], Store()) == {}  # another way, in which nothing is wrong
    assert thumbnail(collection.ids[row], lambda: b"").startswith(b"\xff\xd8")


def test_equal_images_give_equal_bytes() -> None:
    picture = Image.new("RGB", (30, 20), (3, 2, 1))
    data = thumbnails.jpeg(picture)
    assert data == thumbnails.jpeg(picture.copy())
    assert Image.open(io.BytesIO(data)).size == (30, 20)


def test_no_images_no_work() -> None:
    assert look(files("."), collect([Item("a")], [Record("", "truncated")]), [], Store()) == {}


@pytest.mark.parametrize(("size", "shrunk"), [((400, 300), (256, 192)), ((30, 256), (30, 256))])
def test_a_thumbnail_is_small_and_says_no_more_than_it_shows(size: tuple[int, int], shrunk: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x010F] = "a secret maker"
    exif.get_ifd(0x8825)[1] = "N"
    stream = io.BytesIO()
    Image.new("RGB", size, (200, 0, 0)).save(stream, "JPEG", exif=exif, comment=b"a secret", xmp=b"<x>secret</x>")
    assert stream.getvalue().count(b"secret") == 3
    made = thumbnail("0" * 64, stream.getvalue)
    assert b"secret" not in made
    with Image.open(io.BytesIO(made)) as image:
        assert (image.format, image.size, dict(image.getexif())) == ("JPEG", shrunk, {})
    with pytest.raises(ValueError, match="unsupported"):
        thumbnail("0" * 64, lambda: b"no image")


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("left", [0, 1, 300])
def test_a_thumbnail_that_lost_its_end_is_made_again(tmp_path: Path, left: int) -> None:
    source, collection = _collection(_root(tmp_path))
    look(source, collection, [], Store())
    file = file_of(collection.ids[0])
    whole = file.read_bytes()
    assert len(whole) > 300
    file.write_bytes(whole[:left])
    assert thumbnail(collection.ids[0], lambda: source.open(collection.items[collection.first[0]])) == whole
    look(source, collection, [], Store())
    assert file.read_bytes() == whole


@pytest.mark.usefixtures("offered")
def test_what_an_attribute_said_is_found_again_where_its_file_is_damaged(tmp_path: Path) -> None:
    source, collection = _collection(_root(tmp_path))
    said = look(source, collection, ["redness"], Store())
    (file,) = Store().root.glob("attributes/redness-*/*.json")
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"0", b"1", 1))  # well formed, but not what was written
    assert look(source, collection, ["redness"], Store()) == said
    assert file.read_bytes() == whole
