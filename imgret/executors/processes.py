"""Worker processes: new ones, that know nothing of this one but what they are given."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from imgret.executors import forks
from imgret.executors.forks import Forked
from imgret.executors.worker import work

# Held to start a process and to wait for its end: multiprocessing keeps its processes, and we swap the main module,
# as if there were no threads.
STARTING = threading.RLock()


class Spawned:
    """A worker as `forks.Forked`, where there is no fork."""

    def __init__(self) -> None:
        processes = multiprocessing.get_context("spawn")
        self.pipe, theirs = processes.Pipe()
        with STARTING, without_main():
            self._process = processes.Process(target=work, args=(theirs,), daemon=True)
            self._process.start()
        theirs.close()  # from now on, its end is the pipe's end

    def ended(self, seconds: float) -> int | None:
        with STARTING:
            self._process.join(seconds)
            return self._process.exitcode

    def kill(self) -> None:
        with STARTING:
            self._process.kill()


def start() -> Forked | Spawned:
    """A process that does what `worker.work` says. Raises OSError where the system starts none."""
    frozen = getattr(sys, "frozen", False)  # there is no interpreter beside this program
    return forks.fork() if forks.POSSIBLE and not frozen else Spawned()


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def context(preload: Sequence[str] = ()) -> Any:
    """How to start processes: never as copies of this one, which has threads, and threads do not survive a fork.

    Modules in `preload` are imported once for all of them, where the system can do that.
    """
    if not preload or "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(list(preload))
    return found


def ignore_interrupt(*_: object) -> None:
    """What a worker does first: Ctrl-C is the main process's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def without_main(*needed: object) -> Iterator[None]:
    """Start workers in here, and they do not run the user's script again, guarded by `if __name__` or not.

    Left alone where an object that they need was defined in that script.
    """
    if any(type(each).__module__ == "__main__" for each in needed):
        yield
        return
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
