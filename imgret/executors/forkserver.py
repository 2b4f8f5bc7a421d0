"""A process of one thread that has imported what workers need, and forks one whenever it is asked to."""

from __future__ import annotations

import os
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection, wait
from typing import NoReturn

from imgret.executors.worker import work

PRELOADED = ("imgret.reading.loader", "imgret.reading.thumbnails")
NUMBER = struct.Struct("q")


def serve(place: int) -> None:
    """What the server does: fork a worker for each request, and tell its number and its end, until nobody asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's to answer
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(opened, True)
    os.close(opened)
    for module in PRELOADED:
        with suppress(Exception):  # a worker that cannot do without it says why
            import_module(module)
    requests = socket.socket(fileno=place)
    woken, wakes = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    tells: dict[int, int] = {}  # by worker
    while True:
        ready = wait([requests, woken])
        if woken in ready:
            with suppress(BlockingIOError):
                os.read(woken, 4096)
            with suppress(ChildProcessError):  # there is none left
                while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                    tell(tells[ended[0]], os.waitstatus_to_exitcode(ended[1]))
                    os.close(tells.pop(ended[0]))
        if requests in ready:
            word, sent, *_ = socket.recv_fds(requests, 1, 2)
            if not word:
                return
            pipe, report = sent
            try:
                pid = os.fork()
            except OSError as error:
                tell(report, -(error.errno or 1))
                os.close(report)
            else:
                if not pid:
                    _be_worker(pipe, [place, woken, wakes, report, *tells.values()])
                tells[pid] = report
                tell(report, pid)
            os.close(pipe)


def _be_worker(pipe: int, others: Iterable[int]) -> NoReturn:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in others:
            os.close(each)
        work(Connection(pipe))
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(code & 255)


def tell(place: int, number: int) -> None:
    with suppress(BrokenPipeError):  # it is not waited for any more
        os.write(place, NUMBER.pack(number))


def told(place: int) -> int:
    """The next number that was told at a place. Raises EOFError where nothing will be told any more."""
    said = b""
    while len(said) < NUMBER.size:
        more = os.read(place, NUMBER.size - len(said))
        if not more:
            raise EOFError
        said += more
    (number,) = NUMBER.unpack(said)
    return int(number)
