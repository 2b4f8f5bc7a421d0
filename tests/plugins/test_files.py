"""`source=files`: what is listed, what is skipped, labels and groups."""

import os
from pathlib import Path

import pytest

from imgret.plugins.sources.files import files
from imgret.registry import UsageError
from tests.conftest import write

ODD = ["with space.jpg", "a,b[c]{d}.jpg", "quo'te\".jpg", "eq=ual~${k}.jpg", "Ünïcødé 写真.jpg", "new\nline.jpg"]


def test_listing_is_sorted_and_litter_is_counted(tmp_path: Path) -> None:
    names = ["b/2.jpg", "b/10.jpg", "a.jpg", ".hidden/x.jpg", "b/._2.jpg", "@eaDir/t.jpg", "Thumbs.db", "c/notes.txt"]
    source = files(str(write(tmp_path / "in", dict.fromkeys(names, b"x"))))
    assert [item.path for item in source] == ["a.jpg", "b/10.jpg", "b/2.jpg", "c/notes.txt"]
    assert dict(source.skipped) == {"hidden or system": 4}


def test_labels_and_groups_are_the_folders_below_what_all_share(tmp_path: Path) -> None:
    root = write(tmp_path / "in", dict.fromkeys(["all/cat/home/1.jpg", "all/cat/2.jpg", "all/dog/park/x/3.jpg"], b"x"))
    assert [(i.label, i.group) for i in files(str(root))] == [("cat", ""), ("cat", "home"), ("dog", "park")]


def test_labels_from_names(tmp_path: Path) -> None:
    root = write(tmp_path / "in", dict.fromkeys(["0002_c1s1_1.jpg", "-1_c3s1_2.jpg", "readme.jpg"], b"x"))
    source = files(str(root), label_regex=r"(?P<label>-?\d+)_c(?P<group>\d)")
    assert [(i.label, i.group) for i in source] == [("-1", "3"), ("0002", "1"), ("", "")]


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
