"""Groups of duplicates, by hand; what a report makes of them is tested with it."""

from types import SimpleNamespace
from typing import Any

from imgret.contracts import Item
from imgret.findings.duplicates import Member, groups
from imgret.ops.samepicture import Pair
from imgret.reading.items import collect
from imgret.reading.record import Record


def test_groups_by_hand() -> None:
    """1 is larger than 0; 2 is an edited 0, for which 1 stands; 3 has two files; 4 and 5 are alike."""
    sizes = [10, 30, 20, 5, 7, 7]
    items = [Item(f"{i}.png") for i in range(6)] + [Item("copy.png")]
    records = [Record(f"{i:064}", "ok", "", size, size) for i, size in enumerate(sizes)]
    collection = collect(items, [*records, records[3]])
    files = {row: [f"{row}.png"] for row in range(6)} | {3: ["3.png", "copy.png"]}
    pairs = [Pair(0, 1, 0.9, "re-encoded"), Pair(0, 2, 0.8, "edited"), Pair(4, 5, 0.86, "alike")]
    run: Any = SimpleNamespace(collection=collection, paths=collection.paths, files=files, pairs=pairs)
    assert groups(run) == [
        [Member(1, 1.0, "re-encoded"), Member(0, 0.9, "re-encoded")],
        [Member(3, 1.0, "same bytes")],
        [Member(1, 1.0, "edited"), Member(2, 0.8, "edited")],
        [Member(4, 1.0, "alike"), Member(5, 0.86, "alike")],
    ]
