"""`source=files` on a tar: samples, labels, what is skipped, damage, and a run that is loaded again."""

import csv
import io
import pickle
import tarfile
from pathlib import Path

import pytest

import imgret
from imgret.contracts import Preprocess
from imgret.errors import UsageError
from imgret.plugins.sources.files import files
from imgret.reading.loader import read
from imgret.runs.run import Run
from tests.conftest import png
from tests.image_bytes import jpeg, scene

A, B = png((250, 0, 0)), png((0, 0, 250))


def tar(file: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(file, mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file


def test_samples_with_what_lies_beside_them(tmp_path: Path) -> None:
    members = {"b.png": A, "b.cls": b"7\n", "b.json": b'{"sku": 5, "group": "g"}', "b.txt": b"a coat", "a.bin": B,
               "a.cls": b"8", "a.json": b"[]", "notes.npy": b"x", "readme.txt": b"x", "../up.png": A, "/abs.png": A,
               ".h.png": A}  # fmt: skip
    source = files(str(tar(tmp_path / "s.tar", members)))
    found = [(i.path, i.file, i.label, i.group, dict(i.columns)) for i in source]
    assert found == [("b.png", "", "7", "g", {"sku": "5", "txt": "a coat"}), ("a.bin", "", "8", "", {})]
    assert dict(source.skipped) == {
        "no image": 1, "path that leads out of the tar": 2, "hidden or system": 1, "not beside an image": 1,
        ".json that cannot be read": 1,
    }  # fmt: skip
    items = list(source)
    source = pickle.loads(pickle.dumps(source))  # what a worker gets
    assert [source.open(item) for item in items] == [A, B]


def test_a_sample_is_called_by_its_name_up_to_the_first_dot(tmp_path: Path) -> None:
    """So several images share what lies beside them; a dot in a folder's name cuts nothing."""
    members = {
        "v1.0/7.left.png": A,
        "v1.0/7.right.png": B,
        "v1.0/7.cls": b"coat",
        "v1.0/8.png": A,
        "v1.0/8.a.cls": b"x",
    }
    source = files(str(tar(tmp_path / "s.tar", members)))
    assert [(i.path, i.label) for i in source] == [
        ("v1.0/7.left.png", "coat"),
        ("v1.0/7.right.png", "coat"),
        ("v1.0/8.png", ""),
    ]
    assert dict(source.skipped) == {"no image": 1}


def test_labels_are_the_folders_where_nothing_else_says_any(tmp_path: Path) -> None:
    place = str(tar(tmp_path / "s.tar", {"all/cat/1.png": A, "all/dog/2.png": B}))
    assert [(i.label, dict(i.columns)) for i in files(place)] == [("", {"folder": "cat"}), ("", {"folder": "dog"})]
    assert [i.label for i in files(place, folders="labels")] == ["cat", "dog"]
    assert [i.label for i in files(place, label_regex=r"(?P<label>\d)")] == ["1", "2"]


def test_what_is_missing_and_what_is_no_utf8_is_as_in_a_manifest(tmp_path: Path) -> None:
    place = str(tar(tmp_path / "s.tar", {"1.png": A, "1.cls": b"gr\xfcn", "2.png": B, "2.cls": b"nan\n"}))
    assert [i.label for i in files(place)] == ["gr\u00fcn", ""]
    assert [i.label for i in files(place, missing=False)] == ["gr\u00fcn", "nan"]


def test_an_empty_tar_has_no_files(tmp_path: Path) -> None:
    place = tar(tmp_path / "s.tar", {})
    assert place.read_bytes() == bytes(10240)
    with pytest.raises(UsageError, match=r"s\.tar has no files in it"):
        imgret.run(place)


def test_links_are_not_followed_and_the_last_of_a_name_counts(tmp_path: Path) -> None:
    place = tar(tmp_path / "s.tar", {"1.png": A})
    with tarfile.open(place, "a") as archive:
        link = tarfile.TarInfo("2.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    tar(place, {"1.png": B}, "a")
    source = files(str(place))
    assert [source.open(item) for item in source] == [B]
    assert dict(source.skipped) == {"link, device or the like": 1, "older member of the same name": 1}


def test_a_tar_that_was_cut_gives_what_it_has(tmp_path: Path) -> None:
    place = tar(tmp_path / "s.tar", {"1.png": A, "2.png": B})
    place.write_bytes(place.read_bytes()[: 512 + 512 * -(-len(A) // 512) + 512 + 10])
    source = files(str(place))
    assert [i.path for i in source] == ["1.png"]
    assert source.skipped["cut off"] == 1


def test_a_member_of_more_bytes_than_any_image_is_not_read(tmp_path: Path) -> None:
    place = tmp_path / "s.tar"
    large = tarfile.TarInfo("1.jpg")
    large.size = 2 * 10**9
    with place.open("wb") as stream:
        stream.write(large.tobuf() + jpeg(scene()))
        stream.seek(512 + large.size)
        stream.write(bytes(1024))  # the rest is a hole
    source = files(str(place))
    (item,) = source
    assert read(source, item, Preprocess((4, 4)))[0].outcome == "too_large"


@pytest.mark.parametrize("data", [b"", b"x" * 2000])
def test_what_is_no_tar(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "s.tar").write_bytes(data)
    with pytest.raises(UsageError, match="is no tar"):
        list(files(str(tmp_path / "s.tar")))


def test_a_compressed_tar(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is compressed, .*\ntype gunzip -k .*s.tar.gz"):
        list(files(str(tar(tmp_path / "s.tar.gz", {"1.png": A}, "w:gz"))))


def test_a_run_on_a_tar_is_loaded_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = {}
    for shot in range(12):
        members[f"{shot:02}.png"] = png(((250, 0, 0), (0, 0, 250))[shot % 2], noise=shot + 1)
        members[f"{shot:02}.json"] = b'{"label": "%s", "sku": %d}' % (b"rb"[shot % 2 :][:1], shot)
    tar(Path("shop.tar"), members)
    run = imgret.run("shop.tar", backbone="pixels", view="pca", k=2, reports=[])
    assert (run.truth_names, run.title.split(" ")[0]) == (["b", "r"], "shop.tar")
    with (run.folder / "items.csv").open() as stream:
        assert [row["sku"] for row in csv.DictReader(stream)] == [str(shot) for shot in range(12)]
    saved = run.folder.resolve()
    monkeypatch.chdir(tmp_path)
    loaded = Run.load(saved)
    assert loaded.open(0) == members[loaded.paths[0]]
    assert len(loaded.search("03.png", 3)) == 3
    (tmp_path / "here" / "shop.tar").unlink()
    with pytest.raises(OSError, match=r"(?i)no such file"):
        Run.load(saved).open(0)
