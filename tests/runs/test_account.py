"""What a run says became of its files."""

from pathlib import Path

import pytest

from imgret.reading.record import Record
from imgret.runs.account import accounts
from tests.runs.test_summary import _run


def test_a_sample_of_the_files(tmp_path: Path) -> None:
    run = _run(tmp_path)
    run.info.files = 1200
    assert accounts(run)[0] == "images    1 of 1,200 files = 1 ok"


def test_files_that_nobody_asked_for_are_counted_with_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _run(tmp_path)
    run.collection.records = [Record("", "unsupported", "", format="heic"), Record("1", "ok", format="tiff")]
    run.settings["formats"] = ["tiff"]
    monkeypatch.setattr("imgret.reading.formats.require", lambda formats: None)
    assert accounts(run)[1] == "formats   1 HEIC not read: type formats=[heic,tiff]"
    run.collection.records *= 0
    assert not any(line.startswith("formats") for line in accounts(run))


def test_where_the_reasons_of_failures_are(tmp_path: Path) -> None:
    run = _run(tmp_path)
    assert not any(line.startswith("failures") for line in accounts(run))
    run.collection.outcomes = {"ok": 1, "duplicate": 4, "missing": 1, "truncated": 2}
    assert accounts(run)[1] == f"failures  3 files, each with its reason: {tmp_path}/failures.csv"
