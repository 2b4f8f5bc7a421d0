"""The loader: order, restart at a row, files that are no images, and what never reaches a decoder."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from imgret.contracts import Item, Preprocess
from imgret.filecache import Record
from imgret.loader import CHUNK, batches, read
from imgret.plugins.sources.files import files
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
    root = write(tmp_path / "in", {"good.png": good, "empty.jpg": b"", "film.mp4": b"\0\0\0 ftypisom" + b"\0" * 100})
    source = files(str(root))
    found = {item.path: read(source, item, TINY) for item in source}
    record, pixels = found["good.png"]
    assert record == Record(hashlib.sha256(good).hexdigest(), "ok", "", 24, 16)
    assert pixels[:, 0, 0].tolist() == [100, 50, 0]
    assert found["film.mp4"][0].outcome == "unsupported"
    assert found["empty.jpg"][0].outcome != "ok"
    assert found["empty.jpg"][1] is None
    assert read(source, Item("gone.jpg", str(root / "gone.jpg")), TINY)[0].outcome == "missing"


class Crashing(files):
    """A source whose bytes take the process down that reads them, as a fault in a decoder's C code does."""

    def open(self, item: Item) -> bytes:
        if item.label == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        return super().open(item)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_a_decoder_that_crashes_costs_one_file(tmp_path: Path) -> None:
    names = [f"ok/{i:02}.png" for i in range(20)] + ["crash/20.png"] + [f"ok/{i}.png" for i in range(21, 40)]
    root = write(tmp_path / "in", {name: png((i, i, i)) for i, name in enumerate(names)})
    source = Crashing(str(root))
    items = list(source)
    found = {
        item.path: record.outcome
        for loaded in batches(source, items, TINY, workers=2)
        for item, record in zip(loaded.items, loaded.records, strict=True)
    }
    assert found == {name: "decoder_crashed" if name == "crash/20.png" else "ok" for name in names}


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
