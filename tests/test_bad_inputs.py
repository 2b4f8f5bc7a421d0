"""Everything that an archive has in it, as one collection, and each file as a query; the table of what happened."""

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import Run, UsageError
from imgret.__main__ import main
from imgret.contracts import Preprocess
from imgret.reading.decode import decode
from imgret.runs.summary import summary
from tests import bad_inputs
from tests.bad_files import Bad, bad_files
from tests.image_bytes import save

ROOT = Path(__file__).parents[1]

if sys.platform == "win32":
    pytest.skip("names are text there, and pipes no files", allow_module_level=True)


@pytest.fixture(scope="module", params=[(), ("tiff",)], ids=["as it is", "tiff asked for"])
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, Bad]]:
    """One run on all of it with every report and attribute, and what must have become of each file."""
    folder = tmp_path_factory.mktemp("bad")
    expected = bad_files(folder, asked=bool(request.param))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGRET_HOME", str(folder / "store"))
        run = imgret.run(
            folder / "in", backbone="pixels", view="pca", k=9, formats=list(request.param), out=str(folder / "runs")
        )
    return run, expected


def test_every_file_has_the_outcome_that_it_must_have(corpus: tuple[Run, dict[str, Bad]]) -> None:
    run, expected = corpus
    seen = {item.path: r.outcome for item, r in zip(run.collection.items, run.collection.records, strict=True)}
    assert seen == {path: bad.outcome for path, bad in expected.items() if bad.outcome != "skipped"}
    assert run.info.skipped == Counter(bad.why for bad in expected.values() if bad.outcome == "skipped")


def test_the_accounts_add_up(corpus: tuple[Run, dict[str, Bad]]) -> None:
    run, expected = corpus
    listed = {path for path, bad in expected.items() if bad.outcome != "skipped"}
    assert run.info.files == sum(run.info.outcomes.values()) == len(listed)
    tables = {}
    for name in ("items", "failures"):
        with open(run.folder / f"{name}.csv", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            tables[name] = {row["path"]: row for row in csv.DictReader(stream)}
    assert set(tables["items"]) == listed  # names come back as they were
    assert set(tables["failures"]) == {p for p in listed if expected[p].outcome not in ("ok", "duplicate")}
    assert all(row["outcome"] == expected[path].outcome and row["reason"] for path, row in tables["failures"].items())
    assert len(run.ids) == run.info.outcomes["ok"] == len(run.features)
    again = imgret.load(run.folder)
    assert [item.path for item in again.collection.items] == sorted(listed)
    assert run.info.failed_reports == {}
    assert all(line.isprintable() for line in summary(run))
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_good_images_have_their_pixels(corpus: tuple[Run, dict[str, Bad]]) -> None:
    run, expected = corpus
    told = [path for path, bad in expected.items() if bad.pixels is not None]
    assert len(told) > 100
    records = {item.path: record for item, record in zip(run.collection.items, run.collection.records, strict=True)}
    for path in told:
        bad = expected[path]
        assert bad.pixels is not None
        assert (records[path].height, records[path].width) == bad.pixels.shape[:2], path
        pixels = decode(save(bad.pixels, "PNG"), Preprocess((32, 32))).pixels
        assert pixels is not None
        off = np.abs(run.features[run.row_of[path]] * 255 - pixels.ravel())
        assert off.max() <= bad.within + 1.1, path  # two are rounded, each by half a level


def test_each_file_as_a_query(corpus: tuple[Run, dict[str, Bad]]) -> None:
    """The best hit is never the query's own bytes; what is no image says why; nothing is waited for."""
    run, expected = corpus
    root = Path(run.info.root)
    for path, bad in expected.items():
        if bad.outcome in ("ok", "duplicate"):
            hits = run.search(root / path, 3)
            assert [hit.rank for hit in hits] == [1, 2, 3]
            assert run.ids[run.row_of[path]] not in {hit.id for hit in hits}
        else:
            with pytest.raises(UsageError) as caught:
                run.search(root / path, 3)
            says = str(caught.value)
            assert says.replace("\n", "", 1).isprintable()
            if bad.outcome in ("unsupported", "decode_error", "truncated", "extreme_aspect") and "tera" not in path:
                assert f"cannot be used as an image: {bad.outcome}, " in says


def test_new_images_are_queries_upright_and_on_white(corpus: tuple[Run, dict[str, Bad]], tmp_path: Path) -> None:
    """Of images that the run has, with other bytes: a query goes the same way as an image of the collection."""
    run, _ = corpus
    for path in ("bytes/exif-6.jpg", "bytes/rgba.png", "bytes/grey-16.png", "bytes/cmyk-red.jpg", "bytes/frames.gif"):
        item = Path(run.info.root, path)
        (tmp_path / "new").write_bytes(item.read_bytes() + b"more")
        best = run.search(tmp_path / "new", 1)[0]
        assert best.score > 0.999, path


@pytest.mark.parametrize("format", ["folders", "csv", "parquet", "imagefolder", "coco", "projector"])
def test_it_can_be_taken_away(corpus: tuple[Run, dict[str, Bad]], format: str, capsys: Any) -> None:
    assert main(["export", format, "out", "--run", str(corpus[0].folder)]) == 0, capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="file systems elsewhere have no room for some of these")
def test_the_table_is_what_happens() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.bad_inputs"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    again = "docs/bad-input.md is not what happens: python -m tests.bad_inputs > docs/bad-input.md"
    assert done.stdout.decode() == (ROOT / "docs" / "bad-input.md").read_text(encoding="utf-8"), again


def test_every_row_of_the_matrix_is_in_the_table_and_every_test_exists() -> None:
    numbers = {number for number, _, _ in bad_inputs.FILES + bad_inputs.WORDS} | {row.number for row in bad_inputs.HELD}
    assert numbers | bad_inputs.LATER == set(range(1, 47))
    for name in {row.tests for row in bad_inputs.HELD} | {bad_inputs.ALL, bad_inputs.HERE}:
        file, _, function = name.partition("::")
        assert f"\ndef {function}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), name
