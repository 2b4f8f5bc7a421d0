"""Tables survive the round trip, whatever the names."""

from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgret.contracts import Item
from imgret.findings.tables import read_items, table, write_failures, write_items
from imgret.reading.items import collect
from imgret.reading.record import Record

TEXT = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\udc80\udcff,\"'\n\r;"), min_size=1, max_size=12
)
NAMES = TEXT.filter(
    lambda t: "\0" not in t and ".." not in PurePosixPath(t).parts and not PurePosixPath(t).is_absolute()
)


@given(st.lists(st.tuples(NAMES, TEXT, st.sampled_from(["a", "b", "c", ""])), unique_by=lambda t: t[0], max_size=8))
def test_items_come_back(tmp_path_factory: pytest.TempPathFactory, files: list[tuple[str, str, str]]) -> None:
    more = {"price": "3", "cluster": "red\n", "cluster_": "", "odd\r\udcff": "x"}
    items = [Item(path, f"/photos/{path}", label, "g", more) for path, label, _ in files]
    records = [
        Record(id * 64, "ok", "", 3, 4, "2019-07-21T18:04:11", "Kodak Ü") if id else Record("", "truncated", "cut")
        for *_, id in files
    ]
    collection = collect(items, records)
    n = len(collection.ids)
    run = SimpleNamespace(collection=collection, medoids=np.arange(n)[:1], view=np.zeros((n, 2), np.float32),
                          labels=np.zeros(n, int), distances=np.full(n, 1 / 3, np.float32))  # fmt: skip
    file = tmp_path_factory.mktemp("t") / "items.csv"
    write_items(file, run)  # type: ignore[arg-type]
    again = read_items(file, "/photos")
    assert [i.columns for i in again.items] == [
        {"price": "3", "cluster_": "red\n", "cluster__": "", "odd\r\udcff": "x"}
    ] * len(items)
    assert [replace(i, columns=more) for i in again.items] == collection.items
    assert [r._replace(reason="") for r in again.records] == [r._replace(reason="") for r in collection.records]
    assert again.ids == collection.ids
    assert again.first.tolist() == collection.first.tolist()
    assert again.columns == (["price", "cluster_", "cluster__", "odd\r\udcff"] if items else [])
    write_failures(file, collection)
    assert len(file.read_bytes().splitlines()) >= 1 + sum(not id for *_, id in files)


def test_of_a_medoid_s_copies_the_first_is_the_representative() -> None:
    """And of an image in no cluster, or of none at all, nothing is."""
    names = {"b.jpg": "1", "copy.jpg": "1", "a.jpg": "2", "broken.jpg": "", "lone.jpg": "3"}
    records = [Record(id * 64, "ok") if id else Record("", "truncated", "cut") for id in names.values()]
    run: Any = SimpleNamespace(collection=collect([Item(name) for name in names], records),  # rows: b, a, lone
                               medoids=np.array([0]), labels=np.array([0, 0, -1]), distances=np.zeros(3),
                               view=np.arange(1, 7).reshape(3, 2))  # fmt: skip
    found = table(run)
    wanted = {"a.jpg": ("0", "0", "3", "4"), "b.jpg": ("0", "1", "1", "2"), "broken.jpg": ("",) * 4,
              "copy.jpg": ("0", "0", "1", "2"), "lone.jpg": ("-1", "0", "5", "6")}  # fmt: skip
    shown = zip(*(found[name] for name in ("cluster", "representative", "x", "y")), strict=True)
    assert dict(zip(found["path"], shown, strict=True)) == wanted


@pytest.mark.parametrize("path", ["/etc/passwd", "../up.jpg", "a/../../b.jpg", "a\0b"])
def test_a_path_that_leaves_the_collection_is_refused(tmp_path: Path, path: str) -> None:
    collection = collect([Item(path)], [Record("", "truncated", "cut")])
    run = SimpleNamespace(collection=collection, medoids=np.arange(0))
    write_items(tmp_path / "items.csv", run)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="lies outside the collection"):
        read_items(tmp_path / "items.csv", "/photos")


@pytest.mark.parametrize(
    "record",
    [Record("../../photos/secret", "ok"), Record("A" * 64, "ok"), Record("a" * 64, "ok", taken="../../x")],
)
def test_an_id_or_date_that_could_lead_elsewhere_is_refused(tmp_path: Path, record: Record) -> None:
    run = SimpleNamespace(collection=collect([Item("a.jpg")], [record]), medoids=np.arange(1), labels=np.zeros(1, int),
                          view=np.zeros((1, 2), np.float32), distances=np.zeros(1, np.float32))  # fmt: skip
    write_items(tmp_path / "items.csv", run)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"'a\.jpg' has the id"):
        read_items(tmp_path / "items.csv", "/photos")
