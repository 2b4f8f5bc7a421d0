"""Workers that are forked: asked for of a server, and what becomes of them.

multiprocessing has one like it, and asks more of its surroundings: a socket in the folder for temporary files, whose
path is short; /dev/shm; a process that is not daemonic; a program that has no such server with other modules in it. Nor
is it started anew while it is being asked. This one is asked over a pair of sockets that have no name.
"""

from __future__ import annotations

import atexit
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.spawn import get_executable

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

from imgret.executors.forkserver import told
from imgret.executors.worker import here

POSSIBLE = hasattr(os, "fork") and hasattr(socket, "send_fds")
TRIES = 3  # servers that may be lost while one worker is asked for


class Forked:
    """A worker: the `pipe` to it, and its end."""

    def __init__(self, pipe: Connection, pid: int, place: int) -> None:
        self.pipe, self.pid, self._told = pipe, pid, place
        self._code: int | None = None

    def ended(self, seconds: float) -> int | None:
        """The exit code, negative for a signal, once it has ended or the server has; None after so many seconds.

        Where the server that could tell has ended it is 255.
        """
        if self._code is None and wait([self._told], seconds):
            try:
                self._code = told(self._told)
            except EOFError:
                self._code = 255
            os.close(self._told)
        return self._code

    def kill(self) -> None:
        """End it now. Where its server has ended, nobody holds its number, and it ends when the pipe is closed."""
        if self.ended(0) is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


class Server:
    """The server of this process: started when it is first asked, and again where it was lost."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket

    def fork(self) -> Forked:
        """A new worker. Raises OSError where the system starts none."""
        with self.lock:
            for last in range(TRIES - 1, -1, -1):
                try:
                    if self.process is None:
                        self._start()
                    return self._ask()
                except (EOFError, ConnectionError) as error:
                    code = self._end()
                    if not last:
                        what = f"a process that starts others has ended {TRIES} times, the last time with {code}"
                        raise ChildProcessError(errno.ECHILD, what) from error
        raise AssertionError

    def _ask(self) -> Forked:
        ours, theirs = socket.socketpair()
        reads, tells = os.pipe()
        try:
            try:
                socket.send_fds(self._requests, [b"1"], [theirs.fileno(), tells])
            finally:
                theirs.close()
                os.close(tells)
            pid = told(reads)
            if pid < 0:
                raise OSError(-pid, os.strerror(-pid))
        except BaseException:
            ours.close()
            os.close(reads)
            raise
        return Forked(Connection(ours.detach()), pid, reads)

    def _start(self) -> None:
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
        with _no_standard_stream_free():
            ours, theirs = socket.socketpair()
            code = (
                f"import sys; sys.path[:] = {sys.path!r}\n"
                f"from imgret.executors.forkserver import serve; serve({theirs.fileno()})"
            )
            before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # until the server ignores it
            try:
                self.process = subprocess.Popen(
                    [get_executable(), *flags, "-c", code],
                    stdin=subprocess.DEVNULL,
                    cwd=None if here() else os.sep,
                    pass_fds=[theirs.fileno()],
                )
            except BaseException:
                ours.close()
                raise
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                theirs.close()
        self._requests = ours

    def _end(self) -> int | None:
        """Let the server go, which ends when nobody can ask any more; its exit code."""
        if self.process is None:
            return None
        self._requests.close()
        process, self.process = self.process, None
        try:
            return process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def close(self) -> None:
        with self.lock:
            self._end()


@contextmanager
def _no_standard_stream_free() -> Iterator[None]:
    """Nothing that is opened in here takes the place of a standard stream that is closed."""
    held = [os.open(os.devnull, os.O_RDWR)]
    try:
        while held[-1] <= 2:
            held.append(os.open(os.devnull, os.O_RDWR))
        yield
    finally:
        for each in held:
            os.close(each)


_server = Server()


def fork() -> Forked:
    """A new worker of this process. Raises OSError where the system starts none."""
    return _server.fork()


def _forget() -> None:
    """In a copy of this process: the server is the other's, and the threads of libraries are none of its own.

    OpenMP waits for ever for those that it had before. With one thread it needs none, in PyTorch, which keeps its
    count itself, nor in scikit-learn, openTSNE and whoever else brings an OpenMP along.
    """
    global _server
    _server = Server()
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
        threadpool_limits(1, "openmp")


if POSSIBLE:
    os.register_at_fork(after_in_child=_forget)
    atexit.register(lambda: _server.close())
