"""The loader: order, restart at a row, files that are no images, and what never reaches a decoder."""

import ctypes
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from imgret.contracts import Item, Preprocess
from imgret.executors.local import CHUNK, Lost
from imgret.plugins.sources.files import files
from imgret.reading.filecache import stamp
from imgret.reading.loader import One, Reading, _lost, batches, closed, read
from imgret.reading.record import Record
from tests.conftest import png, write

TINY = Preprocess((4, 4))


def test_batches_come_in_order_and_start_anywhere(tmp_path: Path) -> None:
    colours = [(i, 255 - i, 7) for i in range(0, 80, 2)]  # 40 images: three tasks
    root = write(tmp_path / "in", {f"{i:02}.png": png(colour) for i, colour in enumerate(colours)})
    source = files(str(root))
    items = list(source)
    seen = list(batches(source, items, TINY, workers=2))
    assert [len(loaded.items) for loaded in seen] == [CHUNK, CHUNK, 8]
    assert [item for loaded in seen for item in loaded.items] == items
    pixels = np.concatenate([loaded.pixels.numpy() for loaded in seen])
    assert (pixels.dtype, pixels.shape) == (np.uint8, (40, 3, 4, 4))
    assert pixels[:, :, 0, 0].tolist() == [[r // 2, g // 2, 3] for r, g, _ in colours]  # png() halves its colour
    again = np.concatenate([loaded.pixels.numpy() for loaded in batches(source, items[20:], TINY, workers=1)])
    np.testing.assert_array_equal(again, pixels[20:])
    assert list(batches(source, [], TINY)) == []


def test_what_reading_one_file_gives(tmp_path: Path) -> None:
    good = png((200, 100, 0))
    root = write(tmp_path / "in", {"good.png": good, "empty.jpg": b"", "film": b"\0\0\0 ftypisom" + b"\0" * 100})
    source = files(str(root))
    found = {item.path: read(source, item, TINY) for item in source}
    record, pixels = found["good.png"]
    assert record == Record(hashlib.sha256(good).hexdigest(), "ok", "", 24, 16)
    assert pixels[:, 0, 0].tolist() == [100, 50, 0]
    assert found["film"][0].outcome == "unsupported"
    assert found["empty.jpg"][0].outcome != "ok"
    assert found["empty.jpg"][1] is None
    assert read(source, Item("gone.jpg", str(root / "gone.jpg")), TINY)[0].outcome == "missing"


class Troubled(files):
    """A source of which some bytes end or hold up the process that reads them, as a fault in a decoder's C code does.

    What it opens, it writes down beside its folder.
    """

    def open(self, item: Item) -> bytes:
        data = super().open(item)
        with Path(self.images + ".opened").open("a") as log:
            log.write(item.path + "\n")
        if data == CRASH:
            ctypes.string_at(0)
        if data == HANG:
            re.match("(a+)+$", "a" * 60 + "b")  # for years, and holds the interpreter's lock
        return data


CRASH, HANG = png((1, 1, 1), (3, 3)), png((2, 2, 2), (3, 3))


@pytest.mark.skipif(os.name == "nt", reason="names a signal")
def test_decoders_that_crash_and_hang_cost_one_file_each(tmp_path: Path) -> None:
    bad = {0: CRASH, 15: HANG, 20: CRASH, 21: CRASH, 39: HANG}
    root = write(tmp_path / "in", {f"{i:02}.png": bad.get(i, png((i, i, i))) for i in range(40)})
    source = Troubled(str(root))
    told = {CRASH: ("decoder_crashed", "killed by SIGSEGV"), HANG: ("timeout", "no result after 1 s")}
    seen = list(batches(source, list(source), TINY, Reading(timeout=1), workers=2))
    records = [record for loaded in seen for record in loaded.records]
    assert [record[1:3] for record in records] == [told.get(bad.get(i, b""), ("ok", "")) for i in range(40)]
    assert all(each for loaded in seen for each in loaded.stamps)
    pixels = np.concatenate([loaded.pixels.numpy() for loaded in seen])
    assert pixels[:, 0, 0, 0].tolist() == [i // 2 for i in range(40) if i not in bad]


def test_what_changed_while_it_hung_is_not_taken_for_known(tmp_path: Path) -> None:
    item = Item("a.png", str(write(tmp_path, {"a.png": b"1"}) / "a.png"))
    changed = os.stat(item.file).st_ctime_ns
    assert _lost(item, Lost("timeout", "late", changed - 1)) == One(None, Record("", "timeout", "late"), None, 0.0)
    assert _lost(item, Lost("timeout", "late", changed + 1)).stamp == stamp(item.file)


@pytest.mark.slow
def test_a_script_without_a_guard_is_not_run_again_by_the_workers(tmp_path: Path) -> None:
    root = write(tmp_path / "in", {f"{i}.png": png((40 * i, 9, 9)) for i in range(4)})
    script = tmp_path / "script.py"
    script.write_text(
        "import imgret\nprint('once')\n"
        f"run = imgret.run({str(root)!r}, backbone='pixels', view='pca', reports=[], k=2)\nprint(len(run.ids))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["once", "4"]), done.stderr


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever is root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    root = write(tmp_path / "in", {"mine.png": png((1, 2, 3))})
    (root / "mine.png").chmod(0)
    source = files(str(root))
    assert read(source, next(iter(source)), TINY)[0].outcome == "unreadable"


def test_what_cannot_be_opened_needs_no_worker_unless_one_can(tmp_path: Path) -> None:
    link, loop, file = tmp_path / "link", tmp_path / "loop", tmp_path / "file"
    link.symlink_to("nowhere")
    loop.symlink_to("loop")
    file.write_bytes(b"x")
    items = [Item(path.name, str(path)) for path in (link, loop, file)]
    found = closed(items[:2])
    assert found
    assert [record.outcome for record in found] == ["missing", "unreadable"]
    assert found == [read(files("."), item, Preprocess((4, 4)))[0] for item in items[:2]]
    assert closed(items) is None
    assert closed([Item("of a tar")]) is None
