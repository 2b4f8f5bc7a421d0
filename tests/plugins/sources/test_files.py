"""`source=files`: what is listed, what is skipped, labels and groups."""

import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import imgret
from imgret.errors import UsageError
from imgret.executors import local
from imgret.plugin import Lost
from imgret.plugins.sources._pattern import QUICK, _most
from imgret.plugins.sources.files import files
from imgret.settings.options import CONFIGS
from tests.conftest import write

ODD = ["with space.jpg", "a,b[c]{d}.jpg", "quo'te\".jpg", "eq=ual~${k}.jpg", "Ünïcødé 写真.jpg", "new\nline.jpg"]


def test_listing_is_sorted_and_litter_is_counted(tmp_path: Path) -> None:
    names = ["b/2.jpg", "b/10.jpg", "a.jpg", ".hidden/x.jpg", "b/._2.jpg", "@eaDir/t.jpg", "Thumbs.db", "c/notes.txt"]
    source = files(str(write(tmp_path / "in", dict.fromkeys(names, b"x"))))
    assert [item.path for item in source] == ["a.jpg", "b/10.jpg", "b/2.jpg", "c/notes.txt"]
    assert dict(source.skipped) == {"hidden or system": 4}


def test_labels_and_groups_are_the_folders_below_what_all_share(tmp_path: Path) -> None:
    root = write(tmp_path / "in", dict.fromkeys(["all/cat/home/1.jpg", "all/cat/2.jpg", "all/dog/park/x/3.jpg"], b"x"))
    found = [(i.label, i.group) for i in files(str(root), folders="groups")]
    assert found == [("cat", ""), ("cat", "home"), ("dog", "park")]


def test_labels_from_names(tmp_path: Path) -> None:
    root = write(tmp_path / "in", dict.fromkeys(["0002_c1s1_1.jpg", "-1_c3s1_2.jpg", "readme.jpg"], b"x"))
    source = files(str(root), label_regex=r"(?P<label>-?\d+)_c(?P<group>\d)")
    assert [(i.label, i.group) for i in source] == [("-1", "3"), ("0002", "1"), ("", "")]


def test_labels_that_mean_junk_or_a_distractor(tmp_path: Path) -> None:
    root = write(tmp_path / "in", dict.fromkeys(["-1_c3.jpg", "0000_c2.jpg", "0002_c1.jpg", "readme.jpg"], b"x"))
    for junk in ("-1", -1):
        source = files(str(root), r"(?P<label>-?\d+)_c(?P<group>\d)", junk=junk, distractor="0000")
        found = [(i.label, i.group, dict(i.columns)) for i in source]
        assert found == [("", "3", {"junk": "1"}), ("", "2", {}), ("0002", "1", {}), ("", "", {})]


def test_names_of_every_kind_come_back_as_they_are(tmp_path: Path) -> None:
    root = write(tmp_path / "in", dict.fromkeys(ODD, b"x"))
    source = files(str(root))
    assert sorted(item.path for item in source) == sorted(ODD)
    assert all(source.open(item) == b"x" for item in source)


@pytest.mark.skipif(os.name == "nt", reason="names are not bytes on Windows")
def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/caf\xe9.jpg")).write_bytes(b"x")
    (item,) = files(str(tmp_path / "in"))
    assert os.fsencode(item.path) == b"caf\xe9.jpg"


@pytest.mark.skipif(os.name == "nt", reason="no links without privileges, no pipes on Windows")
def test_links_loops_and_pipes(tmp_path: Path) -> None:
    root = write(tmp_path / "in", {"sub/1.jpg": b"x"})
    (root / "sub" / "loop").symlink_to(root)
    (root / "dangling.jpg").symlink_to(root / "nowhere.jpg")
    (root / "linked.jpg").symlink_to(root / "sub" / "1.jpg")
    os.mkfifo(root / "pipe.jpg")
    source = files(str(root))
    assert [item.path for item in source] == ["dangling.jpg", "linked.jpg", "sub/1.jpg"]
    assert dict(source.skipped) == {"folder that contains itself": 1, "not a file": 1}


@pytest.mark.skipif(os.name == "nt", reason="no links without privileges, no pipes on Windows")
def test_links_to_themselves_and_to_pipes(tmp_path: Path) -> None:
    root = write(tmp_path / "in", {"1.jpg": b"x"})
    (root / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    (root / "to a pipe.jpg").symlink_to(tmp_path / "pipe")
    (root / "to a device.jpg").symlink_to(os.devnull)
    source = files(str(root))
    assert [item.path for item in source] == ["1.jpg", "loop"]
    assert dict(source.skipped) == {"not a file": 2}


@pytest.mark.skipif(os.name == "nt", reason="paths are short on Windows")
def test_folders_in_folders_in_folders(tmp_path: Path) -> None:
    place = str(tmp_path / "in")
    for _ in range(1101):  # one by one: os.makedirs calls itself
        os.mkdir(place)
        place += "/d"
    deep = place.removesuffix("/d")
    Path(deep, "1.jpg").write_bytes(b"x")
    try:
        assert [item.path for item in files(str(tmp_path / "in"))] == ["d/" * 1100 + "1.jpg"]
    finally:
        os.remove(deep + "/1.jpg")
        os.removedirs(deep)  # pytest could not


def test_runs_are_no_images(tmp_path: Path) -> None:
    run = {"run.json": b"{}", "items.csv": b"", "clusters/000.jpg": b"x", "map.png": b"x"}
    inside = {f"runs/{name}/{file}": data for name in ("1", "2") for file, data in run.items()}
    root = write(tmp_path / "in", inside | {"1.jpg": b"x", "mine/items.csv": b"", "theirs/run.json": b""})
    source = files(str(root))
    assert [item.path for item in source] == ["1.jpg", "mine/items.csv", "theirs/run.json"]
    assert dict(source.skipped) == {"of imgret's runs": 2}
    assert len(list(files(str(root / "runs" / "1")))) == 4  # asked for by name


def test_a_second_run_in_the_same_folder_sees_the_same_images(colours: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(colours)
    quick = {"backbone": "pixels", "view": "pca", "k": 3}
    first, second = (imgret.run(".", **quick) for _ in range(2))
    assert list(first.folder.rglob("*.jpg"))
    assert second.info.outcomes == first.info.outcomes == {"ok": 24}
    assert second.truth_names == ["blue", "green", "red"]


@pytest.mark.parametrize("loose", ["readme.txt", "all/notes.txt", ".hidden"])
def test_loose_files_change_no_labels(tmp_path: Path, loose: str) -> None:
    names = [f"all/{c}/{s}/1.jpg" for c in ("red", "green", "blue") for s in "ab"]
    root = write(tmp_path / "in", dict.fromkeys([*names, loose], b"x"))
    found = {item.path: (item.label, item.group) for item in files(str(root), folders="groups")}
    assert found.pop(loose, ("", "")) == ("", "")
    assert found == {name: tuple(name.split("/")[1:3]) for name in names}


def test_a_regex_that_matches_nothing_is_told(tmp_path: Path, caplog: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path / "in", dict.fromkeys(["b.jpg", "a.jpg"], b"x"))
    monkeypatch.setattr(logging.getLogger("imgret"), "propagate", True)
    assert [i.label for i in files(str(root), label_regex=r"(?P<label>\d)")] == ["", ""]
    assert "matches no path, a.jpg for one" in caplog.text
    caplog.clear()
    assert [i.label for i in files(str(root), label_regex=r"(?P<label>a)")] == ["a", ""]
    assert caplog.text == ""


def test_a_folder_whose_name_begins_with_a_tilde() -> None:
    write(Path("~foo"), {"1.jpg": b"x"})
    assert [item.path for item in files("~foo")] == ["1.jpg"]


@pytest.mark.parametrize("images", ["~nouser/x", "a" * 300, "a\0b"])
def test_folders_that_cannot_be(images: str) -> None:
    with pytest.raises(UsageError, match=r"does not exist\ngive a folder"):
        list(files(images))


def test_an_empty_name_is_not_where_one_stands() -> None:
    with pytest.raises(UsageError, match=r"^images= is empty\ntype images=FOLDER$"):
        list(files(""))


def test_a_folder_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)  # a superuser is let in everywhere
    with pytest.raises(UsageError, match=r"cannot be read: Permission denied\ngive a folder"):
        list(files(str(tmp_path)))


@pytest.mark.parametrize("regex", ["^(?P<label>(a+)+)$", "(?P<label>(a|aa){2,99})$", "(?P<label>a*a*a*a*a*a*a*)!"])
def test_a_pattern_that_comes_to_no_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, regex: str) -> None:
    monkeypatch.setattr("imgret.plugins.sources._pattern.WHILE", 1)
    done: list[str | Lost] = []

    def spread(*given: Any, **named: Any) -> Iterator[Any]:
        for part in local.spread(*given, **named):
            done.extend(part[1])
            yield part

    monkeypatch.setattr("imgret.plugins.sources._pattern.spread", spread)
    root, long = str(tmp_path / "in"), "a" * 120
    write(tmp_path / "in", {"a": b"", "b": b"", f"{long}b": b"", f"{long}c": b"", f"{long}d": b""})
    with pytest.raises(UsageError) as caught:
        list(files(root, label_regex=regex))
    said, hint = str(caught.value).splitlines()
    assert said == f"source.label_regex={regex} comes to no end for the path {long}b: no result after 1 s"
    assert hint.startswith("write it without a repeat in a repeat")
    assert sum(isinstance(each, Lost) for each in done) == 1  # the others are not waited for
    for end in "bcd":
        (tmp_path / "in" / f"{long}{end}").unlink()
    write(tmp_path / "in", {f"{'b' * 250}/c": b"", "aa": b""})
    wanted = [] if regex.endswith("!") else ["a", "aa"] if "+" in regex else ["aa"]
    assert [item.label for item in files(root, label_regex=regex) if item.label] == wanted


@pytest.mark.parametrize(
    "regex",
    [
        "(?P<label>" + "a?" * 34 + "a" * 36 + ")b",
        "(?P<label>" + "(?:a|a)" * 34 + ")b",
        "(?x)(?P<label>(a+ #[\n)+)$ #]",
        r"(?P<label>(a*)\2)(?=a)(?:a|b)+$",
        r"(?P<label>[*]a*\[a*]a*a*a*a*)b",
    ],
)
def test_what_may_take_long_is_searched_by_another_process(regex: str) -> None:
    assert _most(regex, 60) > QUICK


@given(st.text("ab*+?|()[]^", max_size=12), st.text("ab", max_size=7))
def test_no_search_takes_more_ways_than_are_counted(regex: str, path: str) -> None:
    """Beside a slow reference: every way through the pattern, counted by going it."""
    try:
        tree = re._parser.parse(regex)  # type: ignore[attr-defined]
    except (re.error, FutureWarning):  # no pattern, or one that is to mean something else some day
        return
    ways = sum(1 for start in range(len(path) + 1) for _ in ways_through(list(tree), path, start))
    assert ways * (len(regex) + 1) <= _most(regex, len(path))


def ways_through(parts: list[Any], path: str, at: int) -> Iterator[int]:
    """Where each way through the parsed pattern ends, dead ends included, which end where they stop."""
    if not parts:
        yield at
        return
    (kind, what), *rest = parts
    kind = str(kind)
    if kind == "BRANCH":
        for branch in what[1]:
            yield from ways_through([*branch, *rest], path, at)
    elif kind == "SUBPATTERN":
        yield from ways_through([*what[3], *rest], path, at)
    elif kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        least, most, inner = what
        for count in range(least, min(int(most), len(path) - at) + 1):
            yield from ways_through([*list(inner) * count, *rest], path, at)
    elif kind == "AT":
        yield from ways_through(rest, path, at)
    elif at < len(path):
        yield from ways_through(rest, path, at + 1)
    else:
        yield at


def test_usual_patterns_take_no_other_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgret.plugins.sources._pattern.spread", None)
    write(tmp_path / "in", {"0002_c1s1_000451_03.jpg": b""})
    market = yaml.safe_load((CONFIGS / "preset" / "market1501.yaml").read_text())["source"]["label_regex"]
    for regex in (
        market,
        r"(?P<label>-?\d+)_c(?P<group>\d)",
        r"(?P<label>[^/*+{]+)_\d+_\d+\.jpg",
        r"^(?P<label>(\d)?)",
        r"(?P<label>[^/]+)_\d+\.jpg",
        r"(?P<label>\d{4})(?:_|-)c?(?P<camera>\d)",
    ):
        assert [bool(item.label) for item in files(str(tmp_path / "in"), label_regex=regex)] == [True]


@pytest.mark.parametrize(
    ("made", "regex", "says"),
    [
        (None, "", "does not exist"),
        ("file", "", "is a file"),
        ("folder", "(", "source.label_regex=("),
        ("folder", r"\d+", "names neither label nor group"),
    ],
)
def test_what_is_wrong(tmp_path: Path, made: str | None, regex: str, says: str) -> None:
    place = tmp_path / "in"
    if made == "file":
        place.write_bytes(b"x")
    elif made == "folder":
        place.mkdir()
    with pytest.raises(UsageError) as caught:
        list(files(str(place), label_regex=regex))
    assert says in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 2
