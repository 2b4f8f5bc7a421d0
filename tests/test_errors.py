"""Exit codes: each has its line in `--help`; a disk that is full has its own, wherever it is met."""

import errno
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError

import imgret
from imgret import errors
from imgret.__main__ import main
from imgret.errors import (
    EXIT_CODES,
    FAULT,
    STOPPED,
    DiskFull,
    Fault,
    StoreDamaged,
    TooLittle,
    TooManyFailed,
    UsageError,
    is_full,
    too_little,
    unwritable,
)
from imgret.store.store import home

ROOT = Path(__file__).parents[1]
QUICK = {"backbone": "pixels", "view": "pca", "reports": ["maps"], "attributes": [], "metrics": []}
FULL = OSError(errno.ENOSPC, "No space left on device")


def test_every_code_is_in_the_table_and_in_help(capsys: Any) -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, UsageError)]
    codes = [0, FAULT, STOPPED, *(kind.__dict__["exit_code"] for kind in kinds if kind is not Fault)]
    assert sorted(codes) == sorted(EXIT_CODES)  # and no two have one
    with_code = [file.name for file in (ROOT / "imgret").rglob("*.py") if re.search(r"^    exit_code =", file.read_text(
        encoding="utf-8"), re.MULTILINE)]  # fmt: skip
    assert with_code == ["errors.py"]
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out.partition("\nExit codes:\n")[2]
    assert re.findall(r"^  (\d+) +(.+)$", shown, re.MULTILINE) == [(str(n), said) for n, said in EXIT_CODES.items()]


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (FULL, True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"), True),
        (SafetensorError("Error while serializing: I/O error: no words of ours (os error 122)"), True),
        (sqlite3.OperationalError("database or disk is full"), True),
        (DiskFull("by the arithmetic"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
        (SafetensorError("Error while deserializing header: header too small"), False),
        (sqlite3.OperationalError("database is locked"), False),
        (UsageError("no k"), False),
    ],
)
def test_a_full_disk_is_known_whoever_tells_of_it(error: Exception, full: bool) -> None:
    assert is_full(error) is full
    assert type(unwritable("out", error)) is (DiskFull if full else UsageError)


def test_what_is_said_of_a_place_that_cannot_be_written_to() -> None:
    said = "out cannot be written to: No space left on device\nmake room there"
    assert str(unwritable("out", FULL)) == said
    assert str(unwritable("out", FULL, "type out=FOLDER")) == f"{said}, or type out=FOLDER"
    denied = OSError(errno.EACCES, "Permission denied")
    assert str(unwritable("out", denied, "give another")) == "out cannot be written to: Permission denied\ngive another"
    assert str(unwritable("out", OSError(), "give another")).startswith("out cannot be written to: OSError\n")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MemoryError(), "out of memory\nclose what needs memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "Cannot allocate memory\nclose what needs memory"),
        (ImportError("libmine.so: failed to map segment from shared object"), "libmine.so: failed to map"),
        (
            BlockingIOError(errno.EAGAIN, "no more now"),
            "no more now\nraise the limit of processes",
        ),
        (RuntimeError("can't start new thread"), "can't start new thread\nraise the limit of processes"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many open files\nraise the limit of open files: ulimit -n"),
        (FileNotFoundError(2, "No usable temporary directory found in ['/x']"), "No usable temporary directory"),
        (OSError(errno.EFBIG, "File too large"), "File too large\nraise the limit of a file's size"),
        (SafetensorError("I/O error: x (os error 27)"), "I/O error: x (os error 27)\nraise the limit of a file's size"),
        (SafetensorError("I/O error: x (os error 24)"), "I/O error: x (os error 24)\nraise the limit of open files"),
        (SafetensorError("I/O error: x (os error 13)"), None),
        (OSError(errno.EACCES, "Permission denied"), None),
        (ImportError("No module named 'mine'"), None),
        (ValueError("out of memory"), None),
    ],
)
def test_what_the_machine_does_not_give_is_known_and_said_with_what_to_do(error: Exception, says: str | None) -> None:
    def fails() -> None:
        try:
            raise error
        except Exception as cause:
            raise KeyError("behind it") from cause

    found = too_little(error)
    assert (found is None) == (says is None)
    if found and says:
        assert str(found).startswith(f"the machine gives too little: {says}")
        assert type(unwritable("out", error)) is TooLittle
        with pytest.raises(KeyError) as caught:
            fails()
        assert str(too_little(caught.value)) == str(found)


def test_too_little_ends_a_command_with_its_code(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def fails(words: list[str]) -> None:
        raise MemoryError

    monkeypatch.setattr("imgret.commands.runs.main", fails)
    assert main(["runs"]) == TooLittle.exit_code
    assert capsys.readouterr().err.splitlines()[0] == "imgret: the machine gives too little: out of memory"


@pytest.mark.skipif(sys.platform != "linux", reason="sets a limit in its own process")
def test_a_limit_of_the_size_of_files_ends_a_run_with_its_code(colours: Path, capsys: Any) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, before[1]))
    try:
        code = main([str(colours), "backbone=pixels", "backbone.size=128", "log=quiet"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == TooLittle.exit_code == 6
    assert capsys.readouterr().err == (
        "imgret: the machine gives too little: Error while serializing: I/O error: File too large (os error 27)\n"
        "raise the limit of a file's size (ulimit -f unlimited, or the job's), or take a disk that has larger files\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="a folder that is stood in stays there")
def test_a_folder_to_stand_in_that_was_deleted_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    said = "the folder to stand in was deleted\ngo to another: cd FOLDER"
    assert main([str(tmp_path)]) == UsageError.exit_code
    assert capsys.readouterr().err == f"imgret: {said}\n"
    with pytest.raises(UsageError, match=said):
        imgret.run(tmp_path)


def _full(*_: object, **__: object) -> None:
    raise FULL


WRITES = [  # words, and what has no room for what they write
    ("colours k=3", "imgret.store.files.os.replace"),
    ("colours k=3", "imgret.runs.write.make_folder"),
    ("colours k=3", "imgret.runs.write.sync_tree"),
    ("colours k=3", "imgret.pictures.sheet.save"),
    ("export csv out.csv", "imgret.exporters.os.rename"),
    ("evaluate --plot p.png", "imgret.pictures.sheet.save"),
    ("sweep-k --to 2", "imgret.pictures.sheet.save"),
    ("compare RUN runs/latest --page p.html", "imgret.store.files.os.replace"),
    ("plugins new metric mine", "pathlib.Path.mkdir"),
    ("doctor", "imgret.care.faults._remove"),
    ("forget colours/red", "imgret.care.forget.write_shard"),
]


@pytest.mark.parametrize(("words", "target"), WRITES)
def test_no_room_is_said_in_two_lines_by_whatever_writes(
    words: str, target: str, colours: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(colours.parent)
    run = imgret.run("colours", k=2, **QUICK)
    if "RUN" in words:
        imgret.run("colours", k=3, **QUICK)
    if words == "doctor":
        next(home().glob("thumbnails/*/*/*.jpg")).write_bytes(b"")
    settings = ["backbone=pixels", "view=pca", "reports=[maps]", "metrics=[]", "attributes=[]", "log=quiet"]
    typed = [word.replace("RUN", str(run.folder)) for word in words.split()]
    capsys.readouterr()
    monkeypatch.setattr(target, _full)
    assert main(typed + settings * ("k=" in words)) == DiskFull.exit_code
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert said[1].startswith("make room")
    assert not list(Path().rglob("*.tmp"))


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no disk that is always full")
def test_no_room_for_what_is_printed() -> None:
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "imgret", "--help"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, cwd=ROOT, text=True, check=False)
    said = "imgret: standard output cannot be written to: No space left on device\nmake room there\n"
    assert (done.returncode, done.stderr) == (DiskFull.exit_code, said)


@pytest.mark.parametrize(
    ("error", "code"), [(UsageError, 2), (TooManyFailed, 3), (StoreDamaged, 4), (DiskFull, 5), (TooLittle, 6)]
)
def test_an_error_is_its_words_and_its_code(
    error: type[UsageError], code: int, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def fails(words: list[str]) -> None:
        raise error("what was given\nwhat to type")

    Path("runs").mkdir()
    monkeypatch.setattr("imgret.commands.runs.main", fails)
    assert main(["runs"]) == code
    assert capsys.readouterr() == ("", "imgret: what was given\nwhat to type\n")
