"""Streams that are closed, full or not to be written to, in processes of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

from imgret import streams
from imgret.errors import DiskFull
from tests.conftest import png, write

RUN = "pictures k=2 backbone=pixels view=pca reports=[] attributes=[] metrics=[] log=quiet"
pytestmark = pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no disk that is always full")


def _shell(redirected: str, words: str = RUN) -> tuple[int, list[str]]:
    """The exit code, and what the other stream has of it."""
    write(Path("pictures"), {f"{i}.png": png((40 * i, 20, 200 - 30 * i), noise=i) for i in range(1, 5)})
    command = f"exec {sys.executable} -m imgret {words} {redirected}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    return done.returncode, (done.stderr + done.stdout).splitlines()


def _runs() -> int:
    return len(
        [folder for folder in Path("runs").iterdir() if (folder / "run.json").is_file() and folder.name[0] == "2"]
    )


@pytest.mark.parametrize("redirected", [">&-", "2>/dev/full", "<&- >&- 2>&-"])
def test_a_run_is_made_and_done_whatever_is_closed_and_whoever_hears_of_it(redirected: str) -> None:
    code, said = _shell(redirected)
    assert (code, _runs()) == (0, 1)
    assert not any("imgret:" in line for line in said)


def test_a_summary_that_cannot_be_written_loses_no_run_and_is_told() -> None:
    code, said = _shell(">/dev/full")
    assert (code, _runs()) == (DiskFull.exit_code, 1)
    assert said == ["imgret: standard output cannot be written to: No space left on device", "make room there"]
    code, said = _shell("1</dev/null")
    assert (code, _runs(), said) == (2, 2, ["imgret: standard output cannot be written to: Bad file descriptor"])


def test_a_sweep_goes_on_and_its_table_is_written() -> None:
    code, said = _shell(">/dev/full", f"-m {RUN.replace('k=2', 'k=2,3')}")
    assert (code, _runs(), len(list(Path("runs").glob("*-sweep/table.csv")))) == (DiskFull.exit_code, 2, 1)
    assert said[0].startswith("imgret: standard output cannot be written to")


def test_a_fault_has_its_code_where_nobody_can_be_told() -> None:
    assert _shell("2>/dev/full", "nonsense") == (2, [])
    assert _shell("2>&-", "nonsense") == (2, [])


def test_what_is_no_fault_of_the_stream_is_not_taken_for_one() -> None:
    assert streams.unprinted(FileNotFoundError(2, "gone", "file")) is None
    assert streams.unprinted(OSError(12, "Cannot allocate memory")) is None
    assert streams.unprinted(ValueError()) is None
