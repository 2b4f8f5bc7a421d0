"""What a worker does: it sets itself up as the process that asked for it is, and goes through things one by one."""

from __future__ import annotations

import faulthandler
import os
import pickle
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import process, spawn
from multiprocessing.connection import Connection
from typing import Any

from imgret.errors import UsageError

FOREVER = 10**9  # seconds: the watchdog counts nanoseconds in 64 bits
_at_work = False


def refuse_worker() -> None:
    """Raises UsageError in a worker: one that runs the user's script again must not begin all anew."""
    if _at_work:
        script = os.path.basename(getattr(sys.modules["__main__"], "__file__", None) or sys.argv[0])
        raise UsageError(
            f"{script} is run again by a worker process, for what it defines\n"
            "put what it does under `if __name__ == '__main__':`, or what it defines into a file of its own"
        )


def wrapped(task: Callable[..., Any], seconds: int) -> bytes:
    """What `work` is first sent: where this process stands, the task, and how long it may go without an answer.

    The script that was started is run again by a worker only where the task is, or holds, something that it defines.
    Raises UsageError in a worker.
    """
    refuse_worker()
    said = pickle.dumps((task, seconds), 5)
    main = _main() if b"__main__" in said else {}
    return pickle.dumps((list(sys.path), dict(os.environ), here(), main, said), 5)


def here() -> str:
    """The folder that this process stands in; empty where it was deleted."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def _main() -> dict[str, str]:
    """Where the script lies, as `multiprocessing.spawn.prepare` takes it; nothing of what was typed into Python."""
    main = sys.modules["__main__"]
    if name := getattr(main.__spec__, "name", None):
        return {"init_main_from_name": name}
    file = os.path.join(process.ORIGINAL_DIR or "", getattr(main, "__file__", None) or "")  # type: ignore[attr-defined]
    return {"init_main_from_path": os.path.normpath(file)} if os.path.isfile(file) else {}


def work(pipe: Connection) -> None:
    """Answer for what the pipe brings until there is nobody to answer.

    First comes what `wrapped` gives, and is answered by [] or a fault; then lists of things. The place of each is sent
    before it is taken up, so that the one that ended a worker is known; answers are (fault, answer), sent together
    while they come fast. Its own watchdog works in C, so that it ends a decoder that never comes back to Python, too.
    """
    global _at_work
    _at_work = True
    with suppress(EOFError, ConnectionError), open(os.devnull, "w") as nowhere:
        try:
            task, seconds = _set_up(pipe.recv_bytes())
        except Exception as error:
            if isinstance(error, EOFError | ConnectionError):
                raise
            pipe.send([(_portable(error), None)])
            return
        pipe.send([])
        seconds = min(seconds, FOREVER)
        while True:
            things = pipe.recv()
            answers: list[tuple[Exception | None, Any]] = []
            sent = time.monotonic()
            faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
            for place, thing in enumerate(things):
                pipe.send(place)
                try:
                    answers.append((None, task(thing)))
                except Exception as error:
                    answers.append((_portable(error), None))
                if place == len(things) - 1 or time.monotonic() - sent > 0.1:
                    pipe.send_bytes(pickle.dumps(answers, 5))  # whose arrays are copied once less than by `send`
                    answers = []
                    sent = time.monotonic()
                    faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)
            faulthandler.cancel_dump_traceback_later()


def _set_up(sent: bytes) -> tuple[Callable[..., Any], int]:
    path, environment, folder, main, said = pickle.loads(sent)  # our own, of this moment, as all that comes here
    sys.path[:] = path
    os.environ.clear()
    os.environ.update(environment)
    if folder:
        os.chdir(folder)
    spawn.prepare(main)
    try:
        task, seconds = pickle.loads(said)
    except AttributeError as error:
        if "__main__" not in str(error):
            raise
        raise UsageError(
            f"what was typed into Python, or into a notebook, is not there in worker processes: {error}\n"
            "write it to a file NAME.py, and import it from there"
        ) from error
    return task, seconds


def _portable(error: Exception) -> Exception:
    """The error with its traceback as a note; or its words, where it cannot be taken to another process."""
    error.add_note(traceback.format_exc())
    try:
        pickle.loads(pickle.dumps(error))  # our own, of this moment
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
