"""Workers: order, what a crash and a hang cost, what a task raises, and that no worker outlives who started it."""

import ctypes
import errno
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgret.errors import TooLittle
from imgret.executors.local import CHUNK, CRASHED, LATE, Lost, late, spread

POSIX = pytest.mark.skipif(os.name == "nt", reason="names of signals")


def slow(thing: str) -> str:
    """Long enough for each to be answered for by itself."""
    time.sleep(0.15)
    return work(thing)


def work(thing: str) -> str:
    """Ends its process, by the word, in C: no handler of Python's comes between."""
    if thing == "crash":
        ctypes.string_at(0)
    if thing == "exit":
        sys.exit(7)
    if thing == "hang":
        re.match("(a+)+$", "a" * 60 + "b")  # for years, and holds the interpreter's lock
    if thing == "sleep":
        time.sleep(3600)
    if thing == "raise":
        raise ValueError("a fault of the task's own")
    return thing.upper()


class Once:
    """Crashes when it does a thing for the first time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, thing: str) -> str:
        with (self.folder / "begun").open("a") as file:
            file.write(f"{thing} {os.getpid()}\n")
        if (self.folder / "begun").read_text().count(thing) == 1:
            os.abort()
        return thing


class Deadly:
    """Ends the process that takes it in."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)",)


class Unpacked:
    def __call__(self, thing: str) -> str:
        return thing

    def __setstate__(self, state: object) -> None:
        raise ValueError("not here")

    def __getstate__(self) -> str:
        return "state"


def _outcomes(done: Iterator[tuple[object, list[str | Lost]]]) -> list[str]:
    return [f"{each.outcome}: {each.reason}" if isinstance(each, Lost) else each for _, part in done for each in part]


def test_chunks_come_in_order() -> None:
    things = [str(i) for i in range(70)]
    done = list(spread(work, things, workers=3))
    assert [len(chunk) for chunk, _ in done] == [CHUNK] * 4 + [6]
    assert [thing for chunk, _ in done for thing in chunk] == things == _outcomes(iter(done))
    assert list(spread(work, [])) == []


@POSIX
def test_what_crashes_or_hangs_costs_itself_alone() -> None:
    things = ["crash", *(f"a{i}" for i in range(30)), "hang", "sleep", "exit", "b", "crash", "hang"]
    told = {
        "crash": f"{CRASHED}: killed by SIGSEGV",
        "exit": f"{CRASHED}: its process ended with exit code 7",
        "hang": f"{LATE}: no result after 1 s",
        "sleep": f"{LATE}: no result after 1 s",
    }
    before = time.time_ns()
    done = list(spread(work, things, timeout=1, workers=2))
    assert _outcomes(iter(done)) == [told.get(thing, thing.upper()) for thing in things]
    assert all(before <= each.began <= time.time_ns() for _, part in done for each in part if isinstance(each, Lost))
    assert late(1) in told["hang"]


@POSIX
def test_slow_things_have_their_time_each() -> None:
    """Together they take longer than the timeout, and what has been answered is not lost by what crashes after it."""
    assert _outcomes(spread(slow, ["a"] * 9 + ["crash", "b", "hang"], timeout=1, workers=1)) == [
        *"AAAAAAAAA", f"{CRASHED}: killed by SIGSEGV", "B", f"{LATE}: no result after 1 s"
    ]  # fmt: skip


@POSIX
def test_where_the_first_that_takes_too_long_is_the_last() -> None:
    """It alone is waited for, be it the last or not of those that a worker has in hand; what crashes is no end."""
    told = ["A", f"{CRASHED}: its process ended with exit code 7", "B", f"{LATE}: no result after 1 s"]
    assert _outcomes(spread(work, ["a", "exit", "b", *["hang"] * 40], timeout=1, workers=1, goes_on=False)) == told
    done = _outcomes(spread(work, [*"abc", "hang", "d"], timeout=1, workers=1, chunk=4, goes_on=False))
    assert done == [*"ABC", told[-1]]


@settings(max_examples=5, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "c", "exit"]), max_size=40))
def test_everything_has_one_answer_wherever_the_crashes_are(things: list[str]) -> None:
    done = [each for _, part in spread(work, things, workers=2) for each in part]
    assert [each.outcome if isinstance(each, Lost) else each for each in done] == [
        CRASHED if thing == "exit" else thing.upper() for thing in things
    ]


@POSIX
def test_a_victim_of_others_is_tried_again_alone(tmp_path: Path) -> None:
    task = Once(tmp_path)
    (tmp_path / "begun").write_text("".join(f"{thing} 0\n" for thing in "abd"))
    assert _outcomes(spread(task, list("abcd"), workers=1)) == list("abcd")
    begun = [line.split() for line in (tmp_path / "begun").read_text().splitlines()[3:]]
    assert "".join(thing for thing, _ in begun) == "abcabdc"
    assert len({pid for _, pid in begun}) == 3  # until the crash, the rest, and the one alone


def test_what_the_task_raises_is_raised_here() -> None:
    with pytest.raises(ValueError, match="a fault of the task's own") as caught:
        list(spread(work, ["a", "raise", "b"]))
    assert "in work\n" in caught.value.__notes__[0]


def test_what_a_worker_that_cannot_begin_says_of_it_is_raised_here() -> None:
    with pytest.raises(ValueError, match=r"^not here"):
        list(spread(Unpacked(), ["a"]))


@POSIX
def test_a_worker_that_ends_before_it_begins_is_no_fault_of_the_things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgret.executors.local.wrapped", lambda *_: pickle.dumps(Deadly()))
    with pytest.raises(TooLittle, match=r"^a worker process did not start: killed by SIGKILL\nsee how much"):
        list(spread(work, ["a"]))


@POSIX
def test_a_system_that_starts_no_more_processes_is_said_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def start() -> None:
        raise BlockingIOError(errno.EAGAIN, "no more processes")

    monkeypatch.setattr("imgret.executors.local.start", start)
    with pytest.raises(BlockingIOError, match="no more processes"):
        list(spread(work, ["a"]))


def test_who_has_seen_enough_does_not_wait_for_what_hangs() -> None:
    done = spread(work, ["a"] * CHUNK + ["sleep"], timeout=3600, workers=2)
    assert next(done)[1] == ["A"] * CHUNK
    done.close()  # type: ignore[attr-defined]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks into /proc")
@pytest.mark.parametrize("thing", ["hang", "a"])
def test_no_worker_outlives_a_parent_that_was_killed(
    thing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that waits ends at once; one that is busy when it is done, or by its own watchdog."""
    script = tmp_path / "script.py"
    script.write_text(
        "import imgret.executors.local\nfrom tests.executors.test_local import work\n"
        "imgret.executors.local.GRACE = 1\n"
        f"for _ in imgret.executors.local.spread(work, ['a'] * 16 + [{thing!r}], 1, 2):\n"
        "    print('begun', flush=True)\n    import time; time.sleep(60)\n"
    )
    mark = f"IMGRET_TEST_MARK={tmp_path}"
    environment = os.environ | {"IMGRET_TEST_MARK": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"begun\n"
        assert len(list(_marked(mark))) > 1
        parent.send_signal(signal.SIGKILL)
    for _ in range(600):
        if not list(_marked(mark)):
            break
        time.sleep(0.1)
    assert list(_marked(mark)) == []


def _marked(mark: str) -> Iterator[int]:
    """Processes that have a word in their environment."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                environment = (folder / "environ").read_bytes()
            except OSError:
                continue
            if mark.encode() in environment.split(b"\0"):
                yield int(folder.name)
