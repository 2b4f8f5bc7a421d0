"""Workers: processes that go through things one by one, and may crash or hang over one: it costs that one alone.

Each worker has a pipe of its own, and notes in shared memory which thing it takes up, before it does: so the one that
ended it is known. A queue that workers share would not do: one that is killed while it writes leaves the queue locked,
or half a message in it (see `multiprocessing.Queue`).
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Event
from typing import Any, Generic, NamedTuple, TypeVar

from imgret.executors.processes import STARTING, context, ignore_interrupt, without_main

CHUNK = 16  # things a task: enough to hide the cost of handing over, few enough that no worker idles at the end
TIMEOUT = 60  # seconds for one thing, where nothing else is set
CRASHED, LATE = "decoder_crashed", "timeout"
FOREVER = 10**9  # seconds: the watchdog counts nanoseconds in 64 bits
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
    task: Task[Thing, Done], things: Sequence[Thing], timeout: int = TIMEOUT, workers: int = 0, needs: object = None
) -> Iterator[tuple[Sequence[Thing], list[Done | Lost]]]:
    """What `task` makes of `things` in `workers` processes (default: one a core, 16 at most), in order, by CHUNK.

    One thing has `timeout` seconds. What ends its worker by a crash is tried once more when nothing else is being
    worked on, in a process for it alone, for it may have been the victim of others that used up the memory. What the
    task raises is raised here, and RuntimeError where a worker does not start. `needs` is an object that the workers
    cannot do without, which may be of a class of the user's script.
    """
    chunks = [things[start : start + CHUNK] for start in range(0, len(things), CHUNK)]
    if not chunks:
        return
    count = min(workers or min(os.cpu_count() or 1, 16), len(chunks))
    closing = Event()
    crew = [_Worker(task, timeout, needs, closing) for _ in range(count)]
    free: SimpleQueue[_Worker[Thing, Done]] = SimpleQueue()
    for worker in crew:
        free.put(worker)

    def go_through(chunk: Sequence[Thing]) -> list[Done | Lost]:
        worker = free.get()
        try:
            return worker(chunk)
        finally:
            free.put(worker)

    threads = ThreadPoolExecutor(count, "imgret")  # each waits for the answers of one worker
    ahead: deque[Future[list[Done | Lost]]] = deque()
    try:
        for place, chunk in enumerate(chunks):
            while len(ahead) < 2 * count and place + len(ahead) < len(chunks):
                ahead.append(threads.submit(go_through, chunks[place + len(ahead)]))
            done = ahead.popleft().result()
            for at, each in enumerate(done):
                if isinstance(each, Lost) and each.outcome == CRASHED:
                    wait(ahead)
                    (done[at],) = _alone(_Worker(task, timeout, needs, closing), chunk[at])
            yield chunk, done
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
    """One process after the other, each of which does what the task says until a thing ends it."""

    def __init__(self, task: Task[Thing, Done], timeout: int, needs: object, closing: Event) -> None:
        self.task, self.timeout, self.needs, self.closing = task, timeout, needs, closing
        self.process: Any = None
        self.pipe: Connection
        self.at: Any  # shared with the process: the place, in what it was sent, of the thing that it has in hand

    def __call__(self, things: Sequence[Thing]) -> list[Done | Lost]:
        """What there is of each thing; of fewer where this is closing."""
        done: dict[int, Done | Lost] = {}
        while len(done) < len(things) and (self.process or self._start()):
            todo = [place for place in range(len(things)) if place not in done]
            began, self.at.value, answered = time.time_ns(), 0, 0
            try:
                self.pipe.send([things[place] for place in todo])
                while answered < len(todo) and self._has_answered():
                    for fault, answer in self.pipe.recv():
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
                done[todo[max(answered, self.at.value)]] = Lost(*lost, began)
        return [done[place] for place in sorted(done)]

    def _start(self) -> bool:
        """Raises RuntimeError where the process ends before it takes anything up; False where this is closing."""
        processes = context(preload=["imgret.reading.loader", "imgret.reading.thumbnails"])
        self.pipe, theirs = processes.Pipe()
        self.at = processes.RawValue("q", 0)
        arguments = self.task, theirs, self.at, self.timeout + GRACE
        with STARTING, without_main(self.needs):
            process = processes.Process(target=_work, args=arguments, daemon=True)
            process.start()
            self.process = process  # only now: one that did not start cannot be waited for
        theirs.close()  # from now on, its end is the pipe's end
        try:
            while not self._has_answered():
                if self.closing.is_set():
                    return False
            self.pipe.recv()
        except (EOFError, OSError):
            raise RuntimeError(f"a worker process did not start: {self.stop(5)}") from None
        return True

    def _has_answered(self) -> bool:
        """Whether there is an answer before a thing has taken too long, or this is closing.

        Time is counted in short waits: when all processes are suspended for an hour, one wait is over, no more.
        """
        at, waits = self.at.value, 0
        while waits < 10 * self.timeout and not self.closing.is_set():
            if self.pipe.poll(0.1):
                return True
            at, waits = self.at.value, waits + 1 if self.at.value == at else 0
        return False

    def stop(self, leave: float = 0) -> str:
        """End the process, which has `leave` seconds to end by itself; what became of it."""
        if self.process is None:
            return ""
        with STARTING:
            self.process.join(leave)
            self.process.kill()
            self.process.join(5)  # one that waits for a dead network drive cannot be ended, nor waited for
            code = self.process.exitcode
        self.process = None
        self.pipe.close()
        if code is not None and code < 0:
            with suppress(ValueError):
                return f"killed by {signal.Signals(-code).name}"
        return f"its process ended with exit code {code}"


class _Raised(Exception):
    """What the task raised: no fault of the pipe's, whatever it is."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault


def _work(task: Task[Any, Any], pipe: Connection, at: Any, seconds: int) -> None:
    """What a worker does: answer for each thing that it is sent by (fault, answer), until there is nobody to answer.

    Answers are sent together while they come fast. Its own watchdog works in C, so that it ends a decoder that never
    comes back to Python, too.
    """
    ignore_interrupt()
    seconds = min(seconds, FOREVER)
    with suppress(EOFError, ConnectionError), open(os.devnull, "w") as nowhere:
        pipe.send(None)
        while True:
            things = pipe.recv()
            answers: list[tuple[Exception | None, Any]] = []
            sent = time.monotonic()
            faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
            for at.value, thing in enumerate(things):
                try:
                    answers.append((None, task(thing)))
                except Exception as error:
                    answers.append((_portable(error), None))
                if at.value == len(things) - 1 or time.monotonic() - sent > 0.1:
                    pipe.send_bytes(pickle.dumps(answers, 5))  # whose arrays are copied once less than by `send`
                    answers = []
                    sent = time.monotonic()
                    faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
            faulthandler.cancel_dump_traceback_later()


def _portable(error: Exception) -> Exception:
    """The error with its traceback as a note; or its words, where it cannot be taken to another process."""
    error.add_note(traceback.format_exc())
    try:
        pickle.loads(pickle.dumps(error))  # our own, of this moment
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
