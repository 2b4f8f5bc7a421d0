"""What is recorded of one file, of each outcome."""

import hashlib
from pathlib import Path

from imgret.contracts import Item, Preprocess
from imgret.plugins.sources.files import files
from imgret.reading.loader import read
from imgret.reading.record import Record
from tests.conftest import png, write
from tests.image_bytes import save, scene

SIZE = Preprocess((32, 48), filter="nearest")


def test_a_record_has_the_hash_and_the_size_of_what_was_read(tmp_path: Path) -> None:
    data = png((9, 9, 9), size=(24, 16))
    root = write(tmp_path / "in", {"a.png": data, "b.png": b""})
    found = [read(files(str(root)), Item(n, str(root / n)), SIZE)[0] for n in ("a.png", "b.png", "gone.png")]
    assert found[0] == Record(hashlib.sha256(data).hexdigest(), "ok", "", 24, 16, taken="", camera="", format="")
    assert [(each.id, each.outcome) for each in found[1:]] == [("", "decode_error"), ("", "missing")]


def test_a_record_says_which_format_has_to_be_asked_for(tmp_path: Path) -> None:
    raw = save(scene(), "TIFF", tiffinfo={0xC612: b"\1\4\0\0"})
    root = write(tmp_path / "in", {"a.tif": save(scene(), "TIFF"), "b.tif": raw, "c.png": png((9, 9, 9))})
    source = files(str(root))
    found = {}
    for formats in ((), ("tiff",)):
        records = [read(source, Item(name, str(root / name)), SIZE, formats)[0] for name in ("a.tif", "b.tif", "c.png")]
        found[formats] = [(record.outcome, record.format) for record in records]
    assert found[()][0::2] == [("unsupported", "tiff"), ("ok", "")]
    assert found["tiff",] == [("ok", "tiff"), ("unsupported", ""), ("ok", "")]
    assert Record("", "missing").format == ""
