"""Which files are taken away: by hand."""

import numpy as np
import pytest

from imgret import Run, UsageError
from imgret.contracts import Item
from imgret.findings.duplicates import Member
from imgret.findings.info import Fitted, Info
from imgret.reading.items import collect
from imgret.reading.record import Record
from imgret.search.chosen import chosen

# Along a line: cluster 0 has its centroid at 2, cluster 1 at 11; the last is noise.
AT = {"aa": (1.0, 0), "bb": (2.0, 0), "cc": (3.0, 0), "dd": (10.0, 1), "ee": (12.0, 1), "ff": (50.0, -1)}
FILES = [("a.jpg", "aa"), ("b.jpg", "bb"), ("bad.jpg", ""), ("c.jpg", "cc"), ("c2.jpg", "cc"), ("d.jpg", "dd"),
         ("e.jpg", "ee"), ("f.jpg", "ff")]  # fmt: skip


def line() -> Run:
    items = [Item(path, label="x" if path < "c1" else "y") for path, _ in FILES]
    seen = set[str]()
    records = []
    for _, id in FILES:
        outcome = "duplicate" if id in seen else "ok" if id else "missing"
        records.append(Record(id and id * 32, outcome, "", 8, 8))
        seen.add(id)
    X = np.array([[place, 0] for place, _ in AT.values()], np.float32)
    labels = np.array([cluster for _, cluster in AT.values()])
    info = Info(
        title="line", config={"normalize": "none"}, fitted=Fitted(retriever={"name": "exact"}), space={}, root=""
    )
    return Run(info, collect(items, records), X, np.zeros(2, np.float32), labels, X, metrics={})


@pytest.mark.parametrize(
    ("conditions", "top", "paths"),
    [
        ([], None, "a b bad c c2 d e f"),
        (["outcome=missing"], None, "bad"),
        (["label=y"], None, "c2 d e f"),
        (["label=y", "not path~c"], None, "d e f"),
        ([], 1, "b d"),  # d and e are as far: the lower id first
        ([], 2, "a b d e"),  # a and c are as far
        ([], 9, "a b c d e"),  # each image once, noise not at all
        (["label=y"], 1, "c2 d"),  # by the file that fulfils it
    ],
)
def test_by_hand(conditions: list[str], top: int | None, paths: str) -> None:
    run = line()
    assert [run.collection.items[place].path for place in chosen(run, conditions, top)] == [
        f"{name}.jpg" for name in paths.split()
    ]


def test_what_cannot_be_chosen() -> None:
    with pytest.raises(UsageError, match="--top 0: the number of images of each cluster is"):
        chosen(line(), top=0)
    with pytest.raises(UsageError, match="no image has label=z\nlabel is x, y"):
        chosen(line(), ["label=z"])


def test_survivors() -> None:
    """a and e are one picture, of which e is to be kept; b and d are edited; c has two files; bad.jpg is none."""
    run = line()
    run.duplicates = [
        [Member(4, 1.0, "re-encoded"), Member(0, 0.9, "re-encoded")],
        [Member(2, 1.0, "same bytes")],
        [Member(1, 1.0, "edited"), Member(3, 0.9, "edited")],
    ]

    def paths(*conditions: str, top: int | None = None) -> list[str]:
        return [run.collection.items[place].path[:-4] for place in chosen(run, conditions, top, survivors=True)]

    assert paths() == ["b", "bad", "c", "d", "e", "f"]
    assert paths("path!=e.jpg", "path!=c.jpg") == [
        "a",
        "b",
        "bad",
        "c2",
        "d",
        "f",
    ]  # who is to be kept is not asked for
    assert paths(top=1) == ["b", "d"]
