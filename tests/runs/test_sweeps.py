"""A sweep where a run is asked for: its runs are named, whatever its files say."""

from pathlib import Path

import pytest

from imgret import Run, UsageError
from imgret.commands.compare import main as compare
from imgret.runs.sweeps import JOBS, is_sweep, runs
from tests.conftest import write


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    names = ["a", "b c", "d"]
    jobs = b"job,run,failed\n1,../a,\n2,../gone,\n3,,no k\n4,../b c,\n5,../d,\n"
    files = {f"runs/s-sweep/{JOBS}": jobs, **{f"runs/{name}/run.json": b"{}" for name in names}}
    return write(tmp_path, files) / "runs" / "s-sweep"


def test_runs_of_jobs(sweep: Path) -> None:
    assert is_sweep(sweep)
    assert not is_sweep(sweep.parent / "a")
    assert runs(sweep) == ["../a", "../gone", "", "../b c", "../d"]


def test_whoever_names_a_sweep_is_told_of_its_runs(sweep: Path) -> None:
    says = "runs/s-sweep is a sweep, not one run\nname runs of it, such as runs/a 'runs/b c'$"
    with pytest.raises(UsageError, match=says):
        Run.load(Path("runs/s-sweep"))
    for words in (["s-sweep"], ["runs/s-sweep", "runs/a"]):
        with pytest.raises(UsageError, match=says):
            compare(words)
    with pytest.raises(UsageError, match="runs are named without --run: python -m imgret compare RUN"):
        compare(["--run", "runs/a"])


@pytest.mark.parametrize("text", [b"", b"job\n1\n", b"run\n\xff\x00\n", b"run\n" + b"x" * 200_000])
def test_a_damaged_sweep_is_one_as_well(sweep: Path, text: bytes) -> None:
    (sweep / JOBS).write_bytes(text)
    with pytest.raises(UsageError, match=r"not one run\nsee its runs: python -m imgret runs$"):
        Run.load(sweep)
