"""One computation whose time and memory somebody else decides: a process of its own, within bounds of ours."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from imgret.executors.local import LATE, Lost, Task, spread
from imgret.registry import load_plugins

Done = TypeVar("Done")


def bounded(task: Callable[[], Done], seconds: int, memory: int | None = None) -> Done:
    """What the task gives, in so many seconds and bytes of memory (on Linux) beyond what a process takes anyway.

    The task is pickled, and so is what it gives. Raises TimeoutError where it takes longer, RuntimeError where its
    process comes to an end, and what the task raises: MemoryError, say.
    """
    within: Task[Callable[[], Done], Done] = partial(_within, memory)
    (done,) = (each for _, chunk in spread(within, [task], seconds, workers=1) for each in chunk)
    if isinstance(done, Lost):
        raise (TimeoutError if done.outcome == LATE else RuntimeError)(done.reason)
    return done


def _within(memory: int | None, task: Callable[[], Done]) -> Done:
    load_plugins()
    if memory is not None:
        with suppress(ImportError, OSError, ValueError):
            import resource

            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])  # of data and stack
            most, hard = pages * resource.getpagesize() + memory, resource.getrlimit(resource.RLIMIT_DATA)[1]
            resource.setrlimit(resource.RLIMIT_DATA, (most if hard < 0 else min(most, hard), hard))
    return task()
