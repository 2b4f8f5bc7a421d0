"""`source=files`: whether folders are labels, what they are else, and what is said of it."""

import itertools
import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgret
from imgret import UsageError
from imgret.evaluation.queryset import read
from imgret.plugins.sources._folder import AUTO, above
from imgret.plugins.sources.files import files
from tests.conftest import png, write

ARCHIVE = ["2019/Summer in Italy", "2021-06 Birthday", "DCIM/100CANON", "Scans"]


def taken_as(folders: dict[str, int]) -> str:
    """What the rule makes of folders with so many files in each."""
    return above([f"{folder}/{i}.jpg" for folder, n in folders.items() for i in range(n)], AUTO)[1]


@pytest.mark.parametrize(
    ("folders", "how"),
    [
        ({"cat": 5, "dog": 5}, "groups"),
        ({"cat": 5, "dog": 4}, "columns"),
        ({**{f"kind {i}": 5 for i in range(9)}, "rare": 1}, "groups"),  # one of ten
        ({**{f"kind {i}": 5 for i in range(8)}, "rare": 1}, "columns"),  # one of nine
        ({"2019": 9, "2020": 9}, "columns"),
        ({"Italy 2019": 9, "Home": 9}, "columns"),
        ({"20210612": 9, "Home": 9}, "columns"),
        ({"2021-06 Birthday": 9, "Home": 9}, "columns"),
        ({"Urlaub_2019_Süden": 9, "Home": 9}, "columns"),
        ({"DCIM": 9, "Home": 9}, "columns"),
        ({"100CANON": 9, "101_PANA": 9}, "columns"),
        ({"WhatsApp Images": 9, "Screenshots": 9}, "columns"),
        ({"Camera": 9, "Camera Roll": 9}, "columns"),
        ({"train": 9, "test": 9}, "columns"),
        ({f"{person:04}": 5 for person in range(1, 2100)}, "groups"),  # persons: one in ten is called as a year is
        ({"camera": 5, **{f"thing {i}": 5 for i in range(100)}}, "groups"),  # a class of Caltech 101
        ({"n01914609": 5, "n02019999": 5}, "groups"),  # of ImageNet
        ({"10012345": 5, "10123456": 5}, "groups"),  # numbers of products
        ({"1920x1080": 5, "19": 5, "2051": 5, "latest": 5}, "groups"),
        ({"iPhone 12": 5, "Canon EOS 5D": 5, "GoPro": 5}, "columns"),
        ({"Nikon D90": 5, "Home": 5, "Garden": 5}, "columns"),  # of a model one is enough
        ({"GoPro": 5, "Huawei": 5, "Home": 5}, "columns"),
        ({"Apple": 5, "Canon": 5, "Ford": 5, "Shell": 5}, "groups"),  # logos: half of them
        ({"Apple 10": 5, "Apple Braeburn 1": 5, "Apricot 1": 5}, "groups"),  # of Fruits-360
        ({"January": 5, "February": 5, "Home": 5}, "columns"),
        ({"01 Jänner": 5, "02-Feb.": 5, "März": 5}, "columns"),
        ({"fe\u0301vrier": 5, "AOUT": 5, "déc": 5}, "columns"),  # as macOS writes an accent
        ({"enero": 5, "Feb 19": 5}, "columns"),
        ({"May": 5, "April": 5, "Anna": 5, "Bo": 5}, "groups"),
        ({"Mars": 5, "Venus": 5, "Saturn": 5}, "groups"),
        ({"batch_001": 5, "batch_002": 5}, "columns"),
        ({"New Folder": 5, "New Folder (2)": 5, "Misc": 5, "to sort": 5}, "columns"),
        ({"raw": 5, "edited": 5, "final": 5, "export": 5}, "columns"),
        ({"100x100": 5, "200 × 200": 5, "1080px": 5}, "columns"),
        ({"Misc": 5, "raw": 5, "January": 5, "GoPro": 5, "Home": 5, "Garden": 5}, "columns"),  # most, of several kinds
        ({"dress": 5, "t-shirt": 5, "other": 5}, "groups"),
        ({"batches": 5, "rawhide": 5, "marching": 5, "leica 2 go": 5, **{f"thing {i}": 5 for i in range(9)}}, "groups"),
        ({str(digit): 5 for digit in range(10)}, "groups"),
        ({"cat/raw": 5, "dog/edited": 5}, "labels"),
        ({"cat/home": 5, "dog/home": 5, "dog/park": 5}, "groups"),
        ({"cat/home": 5, "dog/home": 5, "dog/park": 4}, "labels"),
        ({"cat/2019": 5, "dog/2020": 5}, "labels"),
        ({"": 9}, "groups"),  # no folder says anything
        ({"": 3, "cat": 5, "dog": 5}, "groups"),
    ],
)
def test_the_rule(folders: dict[str, int], how: str) -> None:
    assert taken_as({"all/" + name: n for name, n in folders.items()} if "" not in folders else folders) == how


@given(st.dictionaries(st.sampled_from(["a", "b", "2019", "DCIM", "c/d", "c/e", ""]), st.integers(1, 8), min_size=1))
def test_names_are_kept_whatever_they_are_taken_as(folders: dict[str, int]) -> None:
    """Each once, as label or column; and something is said where the rule takes any as a column."""
    paths = [f"{folder}/{i}.jpg".lstrip("/") for folder, n in folders.items() for i in range(n)]
    names = [(place.label, place.group) for place in above(paths, "groups")[0]]
    for typed in (AUTO, "columns", "labels", "groups"):
        places, how, line = above(paths, typed)
        assert places == above(paths, how)[0]
        assert bool(line) == (typed == AUTO and how != "groups")
        for place, said in zip(places, names, strict=True):
            both = [(place.label, place.columns.get("folder", "")), (place.group, place.columns.get("subfolder", ""))]
            assert all("" in each for each in both)
            assert tuple(map("".join, both)) == said


def test_an_archive_is_told_of_in_one_line(tmp_path: Path) -> None:
    root = write(tmp_path / "in", {f"{folder}/{i}.jpg": b"x" for folder in ARCHIVE for i in range(6)})
    source = files(str(root))
    found = {item.path: (item.label, item.group, dict(item.columns)) for item in source}
    assert found["2019/Summer in Italy/0.jpg"] == ("", "", {"folder": "2019", "subfolder": "Summer in Italy"})
    assert found["Scans/0.jpg"] == ("", "", {"folder": "Scans"})
    assert source.notes == [
        "folders are not labels but the column folder: 3 of 4 are named like a date or by a camera (2019, 2021-06 "
        "Birthday, DCIM); otherwise type source.folders=labels"
    ]
    typed = files(str(root), folders="labels")
    assert {item.label for item in typed} == {"2019", "2021-06 Birthday", "DCIM", "Scans"}
    assert typed.notes == []


def test_second_folders_are_told_of(tmp_path: Path) -> None:
    root = write(tmp_path / "in", {f"{c}/{i % 4}/{i}.jpg": b"x" for c in ("cat", "dog") for i in range(8)})
    source = files(str(root))
    found = {item.path: (item.label, item.group, dict(item.columns)) for item in source}
    assert found["cat/1/5.jpg"] == ("cat", "", {"subfolder": "1"})
    assert source.notes == [
        "the second folders are not groups but the column subfolder: 4 of 4 are of fewer than 5 files (0, 1, 2, ...); "
        "otherwise type source.folders=groups"
    ]


def test_with_a_regular_expression_folders_are_neither_unless_typed(tmp_path: Path) -> None:
    root = write(tmp_path / "in", dict.fromkeys(["2019/a_1.jpg", "2020/b_2.jpg"], b"x"))
    for folders, column in (("auto", {}), ("columns", {"folder": "2019"})):
        source = files(str(root), r"(?P<label>[ab])_(?P<camera>\d)", folders=folders)
        item, _ = source
        assert (item.label, item.group, dict(item.columns), source.notes) == ("a", "1", column, [])


def test_a_group_goes_by_the_name_that_it_is_given(tmp_path: Path) -> None:
    root = str(write(tmp_path / "in", {f"{p}_c{p % 2}_{p}.png": png((40 * p, 9, 9), noise=p + 1) for p in range(6)}))
    same: dict[str, Any] = {"backbone": "pixels", "view": "pca", "reports": [], "attributes": [], "metrics": [], "k": 2}
    for regex, group, word in (
        (r"(?P<label>\d)_c(?P<group>\d)", "", "group"),
        (r"(?P<label>\d)_c(?P<camera>\d)", "", "camera"),
        (r"(?P<label>\d)_c(?P<cam_id>\d)", "cam_id", "camera"),
        (r"(?P<label>\d)_c(?P<shop>\d)", "shop", "group"),
    ):
        run = imgret.load(imgret.run(root, **same, source__label_regex=regex, source__group=group).folder)
        assert (run.group_word, run.group_names) == (word, ["0", "1"])
        assert read(run, root).collection.group_names == ["0", "1"]
    run.collection.records[0] = run.collection.records[0]._replace(camera="Canon")  # a camera of another kind
    run.info.fitted.source["group"] = "camera"
    assert run.group_word == "group"
    with pytest.raises(UsageError, match=r"source.group names a column, and a folder has none"):
        list(files(root, r"(?P<label>\d)", group="camera"))


def test_what_is_no_way_to_take_folders(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^source.folders=label\nchoose from: auto, columns, labels, groups$"):
        list(files(str(write(tmp_path / "in", {"1.jpg": b"x"})), folders="label"))


def test_queries_are_read_as_the_run_was(colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr("imgret.pipeline.log.info", lambda text, *more: told.append(text % more if more else text))
    same: dict[str, Any] = {"backbone": "pixels", "view": "pca", "reports": [], "attributes": [], "metrics": [], "k": 3}
    queries = write(
        tmp_path / "q", {f"{c}/x/1.png": png((250, 20, n), noise=n + 90) for n, c in enumerate(("red", "2019"))}
    )
    asked = read(imgret.load(imgret.run(colours, **same).folder), str(queries))
    assert (asked.collection.truth_names, asked.collection.group_names) == (["2019", "red"], ["x"])
    assert not [line for line in told if "folders" in line]
    assert imgret.run(tmp_path / "q", **{**same, "k": 1}).truth_names == []
    assert [line for line in told if line.startswith("folders are not labels but the column folder: 1 of 2 are named")]


@pytest.mark.parametrize(("names", "told"), [
    (("bounding_box_test", "bounding_box_train", "query", "gt_bbox"), True),
    (("bounding_box_test", "query"), True),
    (("bounding_box_test",), False),
    (("test", "query"), False),
])  # fmt: skip
def test_the_folder_above_market_1501_s_names_the_commands(tmp_path: Path, names: tuple[str, ...], told: bool) -> None:
    crops = {f"all of it/{part}/0002_c{i}s1_{i}_01.jpg": b"x" for part, i in itertools.product(names, range(6))}
    root = write(tmp_path / "in", {**crops, "readme.txt": b"x"})
    for regex in ("", r"(?P<label>\d+)_c(?P<camera>\d)"):
        source = files(str(root), regex)
        list(source)
        said = [line for message in source.notes for line in message.splitlines() if line.startswith("python")]
        assert [shlex.split(line)[3:] for line in said] == [
            [f"{root}/all of it/bounding_box_test", "preset=market1501"],
            ["evaluate", "--queries", f"{root}/all of it/query"],
        ] * told
