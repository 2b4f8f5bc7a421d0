"""Workers: processes that go through things one by one, and may crash or hang over one: it costs that one alone.

Each worker has a pipe of its own, and says on it which thing it takes up, before it does: so the one that ended it is
known. A queue that workers share would not do: one that is killed while it writes leaves the queue locked, or half a
message in it (see `multiprocessing.Queue`).
"""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from queue import SimpleQueue
from threading import Event
from typing import Any, Generic, NamedTuple, TypeVar

from imgret.errors import TooLittle
from imgret.executors.forks import Forked
from imgret.executors.processes import Spawned, cores, start
from imgret.executors.worker import wrapped

CHUNK = 16  # things a task: enough to hide the cost of handing over, few enough that no worker idles at the end
TIMEOUT = 60  # seconds for one thing, where nothing else is set
CRASHED, LATE = "decoder_crashed", "timeout"
GRACE = 10  # seconds after which a worker ends itself, where the process that should have ended it is gone
Thing = TypeVar("Thing")
Done = TypeVar("Done")
Task = Callable[[Thing], Done]  # pickled to the workers


class Lost(NamedTuple):
    """What there is of a thing that ended its worker: outcome, reason, and when it was begun (ns since the epoch)."""

    outcome: str
    reason: str
    began: int


def late(seconds: int) -> str:
    """The reason of what took longer than `seconds`."""
    return f"no result after {seconds} s"


def spread(
    task: Task[Thing, Done],
    things: Sequence[Thing],
    timeout: int = TIMEOUT,
    workers: int = 0,
    chunk: int = CHUNK,
    goes_on: bool = True,
) -> Iterator[tuple[Sequence[Thing], list[Done | Lost]]]:
    """What `task` makes of `things` in `workers` processes (default: one a core, 16 at most), in order, by `chunk`.

    One thing has `timeout` seconds. What ends its worker by a crash is tried once more when nothing else is being
    worked on, in a process for it alone, for it may have been the victim of others that used up the memory. Unless it
    `goes_on`, the first that takes too long is the last there is. What the task raises is raised here, and TooLittle or
    OSError where a worker does not start.
    """
    chunks = [things[start : start + chunk] for start in range(0, len(things), chunk)]
    if not chunks:
        return
    count = min(workers or min(cores(), 16), len(chunks))
    closing, sent = Event(), wrapped(task, timeout + GRACE)
    crew: list[_Worker[Thing, Done]] = [_Worker(sent, timeout, closing, goes_on) for _ in range(count)]
    free: SimpleQueue[_Worker[Thing, Done]] = SimpleQueue()
    for worker in crew:
        free.put(worker)

    def go_through(part: Sequence[Thing]) -> list[Done | Lost]:
        worker = free.get()
        try:
            return worker(part)
        finally:
            free.put(worker)

    threads = ThreadPoolExecutor(count, "imgret")  # each waits for the answers of one worker
    ahead: deque[Future[list[Done | Lost]]] = deque()
    try:
        for place, part in enumerate(chunks):
            while len(ahead) < 2 * count and place + len(ahead) < len(chunks):
                ahead.append(threads.submit(go_through, chunks[place + len(ahead)]))
            done = ahead.popleft().result()
            for at, each in enumerate(done):
                if isinstance(each, Lost) and each.outcome == CRASHED:
                    wait(ahead)
                    (done[at],) = _alone(_Worker(sent, timeout, closing), part[at])
            yield part[: len(done)], done
            if not goes_on and any(isinstance(each, Lost) and each.outcome == LATE for each in done):
                return
    finally:
        closing.set()
        threads.shutdown(cancel_futures=True)
        for worker in crew:
            worker.stop()


def _alone(worker: _Worker[Thing, Done], thing: Thing) -> list[Done | Lost]:
    try:
        return worker([thing])
    finally:
        worker.stop()


class _Worker(Generic[Thing, Done]):
    """One process after the other, each of which does what it was `sent` until a thing ends it."""

    def __init__(self, sent: bytes, timeout: int, closing: Event, goes_on: bool = True) -> None:
        self.sent, self.timeout, self.closing, self.goes_on = sent, timeout, closing, goes_on
        self.process: Forked | Spawned | None = None
        self.at = 0  # the place, in what it was sent, of the thing that it has in hand

    def __call__(self, things: Sequence[Thing]) -> list[Done | Lost]:
        """What there is of each thing; of fewer where this is closing, or goes not on after one that took too long."""
        done: dict[int, Done | Lost] = {}
        while len(done) < len(things) and (self.process or self._start()):
            assert self.process
            todo = [place for place in range(len(things)) if place not in done]
            began, self.at, answered = time.time_ns(), 0, 0
            try:
                self.process.pipe.send([things[place] for place in todo])
                while answered < len(todo) and (answers := self._answers()) is not None:
                    for fault, answer in answers:
                        if fault is not None:
                            raise _Raised(fault)
                        done[todo[answered]] = answer
                        answered += 1
                lost = LATE, late(self.timeout)
            except (EOFError, OSError):
                lost = CRASHED, self.stop(5)
            except _Raised as raised:
                raise raised.fault from None
            if self.closing.is_set():
                break
            if answered < len(todo):
                self.stop()
                place = todo[max(answered, self.at)]
                done[place] = Lost(*lost, began)
                if lost[0] == LATE and not self.goes_on:
                    things = things[: place + 1]  # of those before it, some may not have been answered
        return [done[place] for place in sorted(done)]

    def _start(self) -> bool:
        """Raises TooLittle where the process ends before it takes anything up; False where this is closing."""
        self.process = start()
        try:
            self.process.pipe.send_bytes(self.sent)
            while (answers := self._answers()) is None:
                if self.closing.is_set():
                    return False
        except (EOFError, OSError):
            raise TooLittle(
                f"a worker process did not start: {self.stop(5)}\n"
                "see how much memory and how many processes there may be (ulimit -a, and the container's limits)"
            ) from None
        if answers:
            raise answers[0][0]
        return True

    def _answers(self) -> list[Any] | None:
        """The next answers that come before a thing has taken too long, or this is closing.

        Time is counted in short waits: when all processes are suspended for an hour, one wait is over, no more.
        """
        assert self.process
        waits = 0
        while waits < 10 * self.timeout and not self.closing.is_set():
            if not self.process.pipe.poll(0.1):
                waits += 1
                continue
            said = self.process.pipe.recv()
            if not isinstance(said, int):
                return list(said)
            self.at, waits = said, 0
        return None

    def stop(self, leave: float = 0) -> str:
        """End the process, which has `leave` seconds to end by itself; what became of it."""
        process, self.process = self.process, None
        if process is None:
            return ""
        if process.ended(leave) is None:
            process.kill()
        code = process.ended(5)  # one that waits for a dead network drive cannot be ended, nor waited for
        process.pipe.close()
        if code is not None and code < 0:
            with suppress(ValueError):
                return f"killed by {signal.Signals(-code).name}"
        return f"its process ended with exit code {code}"


class _Raised(Exception):
    """What the task raised: no fault of the pipe's, whatever it is."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault
