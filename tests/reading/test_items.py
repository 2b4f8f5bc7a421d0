"""The tables of a collection: rows by id, duplicates, labels, outcomes that add up, samples."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgret.contracts import Item
from imgret.errors import Fault
from imgret.reading.items import collect, distinct, listing, sample
from imgret.reading.record import Record

ITEMS = [Item("c.jpg", label="cat"), Item("a.jpg", label="dog", group="g"), Item("b.jpg"), Item("d.jpg", label="ant")]
RECORDS = [Record("22", "ok"), Record("22", "ok"), Record("", "truncated", "cut"), Record("11", "ok")]


def test_one_row_a_distinct_image_in_order_of_id() -> None:
    found = collect(ITEMS, RECORDS)
    assert [i.path for i in found.items] == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
    assert found.ids == ["11", "22"]
    assert found.rows.tolist() == [1, -1, 1, 0]
    assert found.paths == ["d.jpg", "a.jpg"]  # the first file by path stands for its image
    assert [r.outcome for r in found.records] == ["ok", "truncated", "duplicate", "ok"]
    assert found.records[2].reason == "same bytes as a.jpg"
    assert (found.truth.tolist(), found.truth_names) == ([0, 1], ["ant", "dog"])
    assert (found.group.tolist(), found.group_names) == ([-1, 0], ["g"])
    assert found.outcomes == {"ok": 2, "duplicate": 1, "truncated": 1}


def test_no_file_is_lost_unseen() -> None:
    with pytest.raises(ValueError, match="3 outcomes for 4 files"):
        collect(ITEMS, RECORDS[:3])
    with pytest.raises(ValueError, match=r"outcomes of no known name: \['odd'\]"):
        collect(ITEMS, [*RECORDS[:3], Record("", "odd")])
    with pytest.raises(Fault, match=r"the path 'b.jpg' comes twice"):
        listing([*ITEMS, Item("b.jpg", "elsewhere/b.jpg")])  # type: ignore[arg-type]


def test_rows_of_one_file_are_items_of_their_own() -> None:
    rows = [Item("b", "/b", "cat"), Item("a", "/a"), Item("b", "/b", "dog", "g"), Item("b", "/b", "cat")]
    assert listing(rows) == rows  # type: ignore[arg-type]
    assert distinct(rows) == rows[:2]
    found = collect(rows, [Record("1", "ok"), Record("2", "ok"), Record("1", "ok"), Record("1", "ok")])
    assert [item.label for item in found.items] == ["", "cat", "dog", "cat"]  # of one path as they were listed
    assert [r.outcome for r in found.records] == ["ok", "ok", "duplicate", "duplicate"]
    assert found.disagreeing == {"label": [(2, 1)], "group": [(2, 1)]}
    assert found.first.tolist() == [1, 0]
    drawn = [sample(rows, 2, seed) for seed in range(20)]
    assert len({tuple(map(rows.index, rows_)) for rows_ in drawn}) > 2  # rows of one file are not drawn together


@pytest.mark.parametrize(
    ("labels", "junk", "scored"),
    [
        ("aab", "", True),
        ("aaa", "", False),
        ("a  ", "", True),
        ("   ", "", False),
        ("ab", "b", False),
        ("a b", "b", True),
    ],
)
def test_labels_judge_where_something_else_is_ranked(labels: str, junk: str, scored: bool) -> None:
    """Where every image has one label, all rankings are as good; one label among images without is found or not."""
    items = [Item(f"{i}", label=a.strip(), columns={"junk": str(int(a == junk))}) for i, a in enumerate(labels)]
    assert collect(items, [Record(item.path, "ok") for item in items]).is_scored == scored


def test_files_go_before_links_to_them(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/x").write_bytes(b"1")
    (tmp_path / "a").symlink_to(tmp_path / "real/x")
    (tmp_path / "b").symlink_to(tmp_path / "real")
    items = [Item(name, str(tmp_path / name), name) for name in ("a", "b/x", "real/x")]
    found = collect(items, [Record("1", "ok")] * 3)
    assert (found.paths, found.truth_names) == (["real/x"], ["real/x"])
    again = collect(items, found.records)  # as a run is read again, wherever it is
    assert again.paths == ["real/x"]
    assert collect(items[:2], [Record("1", "ok")] * 2).paths == ["a"]


def test_causes_are_the_most_first_each_with_its_first_file() -> None:
    bad = [Record("", "truncated", "cut"), Record("", "missing", "gone"), Record("", "truncated", "cut"), RECORDS[3]]
    assert collect(ITEMS[:3], bad[:3]).causes == "2 truncated (b.jpg: cut); 1 missing (a.jpg: gone)"


def test_junk_is_a_yes_in_a_column_of_that_name() -> None:
    words = ["1", "TRUE", " yes ", "0", "no", "", "junk"]
    items = [Item(f"{i}.jpg", columns={"junk": word}) for i, word in enumerate(words)] + [Item("none.jpg")]
    found = collect(items, [Record(f"{i}", "ok") for i in range(len(items))])
    assert found.junk.tolist() == [True] * 3 + [False] * 5


@given(st.permutations(range(4)))
def test_the_order_of_the_listing_changes_nothing(order: list[int]) -> None:
    assert repr(collect([ITEMS[i] for i in order], [RECORDS[i] for i in order])) == repr(collect(ITEMS, RECORDS))


@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 5))
def test_a_sample_is_seeded_and_keeps_the_order(n: int, limit: int, seed: int) -> None:
    items = [Item(f"{i:03}.jpg") for i in range(n)]
    drawn = sample(items, limit, seed)
    assert len(drawn) == min(n, limit)
    assert drawn == sorted(drawn, key=lambda item: item.path)
    assert drawn == sample(items, limit, seed)
    one_more = sample([*items, Item("zzz.jpg")], limit, seed)
    assert len(set(drawn) - set(one_more)) <= 1  # a file that comes pushes out one at most


def test_other_seeds_draw_others() -> None:
    items = [Item(f"{i:03}.jpg") for i in range(100)]
    hits = np.mean([len(set(sample(items, 50, seed)) & set(sample(items, 50, seed + 1))) for seed in range(20)])
    assert 20 < hits < 30
