"""The report dates: a sheet for each month."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from imgret.contracts import Item
from imgret.plugins.reports.dates import dates
from imgret.reading.items import collect
from imgret.reading.record import Record
from tests.conftest import png


def test_a_sheet_for_each_month(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgret.pictures.sheet.MOST", 2)
    taken = ["2019-07-21T18:04:11", "", "2019-07-01T00:00:00", "2020-01-01T12:00:00", "2019-07-22T00:00:00"]
    items = [Item(f"{i}.png") for i in range(5)]
    collection = collect(items, [Record(f"{i:064}", "ok", "", 4, 3, date) for i, date in enumerate(taken)])
    seen: list[int] = []

    def thumbnail(row: int) -> bytes:
        seen.append(row)
        return png((40 * row, 90, 200))

    run: Any = SimpleNamespace(collection=collection, paths=collection.paths, thumbnail=thumbnail)
    names = [file.relative_to(tmp_path).as_posix() for file in dates(run, tmp_path)]
    assert names == ["dates/2019-07.jpg", "dates/2019-07_2.jpg", "dates/2020-01.jpg"]
    assert sorted(seen) == [0, 2, 3, 4]
    assert dates(SimpleNamespace(collection=collect([], []), paths=[]), tmp_path) == []  # type: ignore[arg-type]
