"""Worker processes begin with nothing of this one: no fork, no script of the user's."""

import contextlib
import multiprocessing
import os
import signal
import sys
from types import ModuleType

import pytest

from imgret.executors import forks
from imgret.executors.processes import Spawned, context, cores, ignore_interrupt, start, without_main
from imgret.executors.worker import wrapped


def test_no_process_is_a_copy_of_this_one() -> None:
    forkserver = "forkserver" in multiprocessing.get_all_start_methods()
    assert context().get_start_method() == "spawn"
    assert context(["json"]).get_start_method() == ("forkserver" if forkserver else "spawn")


def test_where_there_is_no_fork_a_worker_is_spawned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "POSSIBLE", False)
    worker = start()
    assert isinstance(worker, Spawned)
    worker.pipe.send_bytes(wrapped(len, 60))
    worker.pipe.send(["abc"])
    assert [worker.pipe.recv() for _ in range(3)] == [[], 0, [(None, 3)]]
    assert worker.ended(0) is None
    worker.kill()
    assert worker.ended(60) == -signal.SIGKILL
    worker.pipe.close()


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="nobody tells")
def test_cores_are_those_that_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 8})
    assert cores() == 3


def test_ctrl_c_is_the_main_process_s_to_answer() -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        ignore_interrupt()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_script_is_away_for_as_long_as_workers_start_and_comes_back() -> None:
    main = sys.modules["__main__"]
    with contextlib.suppress(OSError), without_main(3, "x"):
        away = sys.modules["__main__"]
        raise OSError("no more processes")
    assert not hasattr(away, "__file__")
    assert sys.modules["__main__"] is main


def test_the_script_stays_where_a_worker_needs_what_it_defines(monkeypatch: pytest.MonkeyPatch) -> None:
    script = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", script)
    mine = type("Mine", (), {"__module__": "__main__"})
    with without_main(3, mine()):
        assert sys.modules["__main__"] is script
