"""A run through files that crash and hang their decoder: all the others are there, and the second run tries nothing."""

import csv
import os
from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret import registry
from imgret.__main__ import main
from tests.conftest import png, write
from tests.reading.test_loader import CRASH, HANG, Troubled

pytestmark = pytest.mark.skipif(os.name == "nt", reason="names a signal")
BAD = {"00.png": CRASH, "07.png": HANG, "08.png": CRASH, "19.png": HANG}
TOLD = {CRASH: ("decoder_crashed", "killed by SIGSEGV"), HANG: ("timeout", "no result after 1 s")}
COLOURS = ((250, 20, 20), (20, 250, 20), (20, 20, 250))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(registry._found, ("source", "troubled"), Troubled)
    names = [f"{i:02}.png" for i in range(20)]
    root = write(tmp_path / "in", {n: BAD.get(n, png(COLOURS[i % 3], noise=i + 1)) for i, n in enumerate(names)})
    for name in names:
        os.utime(root / name, (1e9, 1e9))  # long enough ago for its time to be told from that of a change
    return root


def _run(root: Path, **changes: Any) -> imgret.Run:
    settings = {"source": "troubled", "backbone": "pixels", "view": "pca", "k": 3, "timeout": 1, "reports": ["sheets"]}
    return imgret.run(root, **settings | changes)


def _failures(run: imgret.Run) -> dict[str, tuple[str, str]]:
    with (run.folder / "failures.csv").open(newline="") as stream:
        return {row["path"]: (row["outcome"], row["reason"]) for row in csv.DictReader(stream)}


@pytest.mark.slow
def test_every_file_is_accounted_for_and_none_is_tried_twice(root: Path) -> None:
    first = _run(root)
    assert _failures(first) == {name: TOLD[data] for name, data in BAD.items()}
    assert first.info.outcomes == {"ok": 16, "decoder_crashed": 2, "timeout": 2}
    with (first.folder / "items.csv").open(newline="") as stream:
        assert {r["path"]: r["outcome"] for r in csv.DictReader(stream)} == {
            f"{i:02}.png": TOLD.get(BAD.get(f"{i:02}.png", b""), ("ok",))[0] for i in range(20)
        }
    opened = Path(f"{root}.opened")
    assert opened.read_text().split().count("00.png") == 2  # a crash is tried twice,
    assert opened.read_text().split().count("07.png") == 1  # what takes too long is not

    opened.unlink()
    second = _run(root)
    assert second.info.features.computed == 0
    assert not opened.exists() or not set(opened.read_text().split()) & set(BAD)
    assert (second.folder / "items.csv").read_bytes() == (first.folder / "items.csv").read_bytes()

    (root / "00.png").write_bytes(png((9, 9, 9)))
    third = _run(root, timeout=2)  # and what took too long is given the time that it asks for
    assert _failures(third) == {
        "07.png": ("timeout", "no result after 2 s"),
        "08.png": TOLD[CRASH],
        "19.png": ("timeout", "no result after 2 s"),
    }


def _crash(data: bytes, preprocess: Any, formats: Any) -> Any:
    os.abort()


def test_a_query_that_crashes_its_decoder_ends_with_one_line(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in BAD:
        (root / name).unlink()
    _run(root, source="files", reports=[])
    write(root.parent, {"query.png": png((5, 5, 5))})
    monkeypatch.setattr("imgret.features.extract.decode", _crash)
    capsys.readouterr()
    assert main(["query", str(root.parent / "query.png")]) == 2
    printed = capsys.readouterr().err.splitlines()
    assert len(printed) == 1
    assert printed[0].endswith("query.png cannot be used as an image: decoder_crashed, killed by SIGABRT")
