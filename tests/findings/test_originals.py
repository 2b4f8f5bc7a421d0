"""The files of a run: what is opened, and a folder of links."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest

import imgret
from imgret import Run
from imgret.__main__ import main
from imgret.contracts import Item
from imgret.findings.originals import check_place, is_under, original, reach
from imgret.registry import build
from imgret.store.store import home
from tests.conftest import png, write

QUICK = {"backbone": "pixels", "view": "pca", "k": 2, "reports": []}


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_a_folder_of_links_is_a_collection_like_any(tmp_path: Path) -> None:
    files = write(tmp_path / "in", {f"{n}.png": png((25 * n, 90, 200), noise=n + 1) for n in range(6)})
    imgret.run(files, **QUICK)
    assert main(["export", "folders", "by-cluster"]) == 0
    again = imgret.run("by-cluster", **QUICK)
    assert again.info.reach == str(files.resolve())
    shutil.rmtree(home())
    run = Run.load(again.folder)
    assert {run.open(row) for row in range(6)} == {file.read_bytes() for file in files.iterdir()}
    assert main(["export", "folders", "copies", "--copy"]) == 0
    assert len(list(Path("copies").rglob("*.png"))) == 6


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_reach_is_the_folder_of_what_lies_outside(tmp_path: Path) -> None:
    write(tmp_path, {"root/a.png": b"", "x/y/b.png": b"", "x/z/c.png": b"", "rooted/d.png": b""})
    root = tmp_path / "root"
    (root / "b.png").symlink_to("../x/y/b.png")
    (root / "folder").symlink_to("../x/z", target_is_directory=True)
    (root / "inside.png").symlink_to("a.png")

    def found(*names: str) -> str:
        return reach([Item(name, str(root / name)) for name in names], str(root))

    assert found("a.png", "inside.png") == ""
    assert found("a.png", "b.png") == str((tmp_path / "x" / "y").resolve())
    assert found("b.png", "folder/c.png") == str((tmp_path / "x").resolve())
    assert reach([Item("a.png")], "") == ""
    assert not is_under(str(tmp_path / "rooted" / "d.png"), str(root))
    assert is_under("/a", "/")


@pytest.mark.skipif(not os.path.isfile("/proc/self/environ"), reason="/proc")
def test_what_the_kernel_answers_is_no_file(tmp_path: Path) -> None:
    """It says that it is empty: its digest would be that of nothing, whatever is then read through a link."""
    nothing = hashlib.sha256(b"").hexdigest()
    source = build("source", {"name": "files", "images": None})
    write(tmp_path, {"empty.png": b""})
    (tmp_path / "link.png").symlink_to("/proc/self/environ")
    assert original(source, Item("empty.png", str(tmp_path / "empty.png")), nothing, ["/"]) == b""
    for name in (
        "/proc/self/environ",
        "/proc/version",
        str(tmp_path / "link.png"),
        "/dev/null",
        "/sys/kernel/uevent_seqnum",
    ):
        with pytest.raises(OSError):  # noqa: PT011
            original(source, Item(name, name), nothing, ["/"])
    if os.access("/dev/shm", os.W_OK):  # memory that holds files
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            write(Path(folder), {"empty.png": b""})
            check_place(Item("empty.png", f"{folder}/empty.png"), [folder])
