"""How far a long stage is: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Self

from imgret.words import printable

EVERY = 20.0  # seconds between plain lines
log = logging.getLogger("imgret")
_counting: list[Progress] = []  # those under way, in whatever thread


class Progress:
    """Counts up to `total`, within `with`; silent where nobody listens to imgret's log."""

    def __init__(self, what: str, total: int, unit: str) -> None:
        self.what, self.total, self.unit = what, total, unit
        self.done = 0
        self.started = self.told = time.perf_counter()
        self._bar = None
        if total and sys.stderr and sys.stderr.isatty() and log.isEnabledFor(logging.INFO):
            from tqdm import tqdm

            screen = getattr(sys.stderr, "beneath", sys.stderr)  # a bar sends the cursor back, which no gate lets pass
            what, unit = printable(what), f" {unit}"
            self._bar = tqdm(total=total, desc=what, unit=unit, file=screen, leave=False, dynamic_ncols=True)

    def advance(self, count: int) -> None:
        self.done += count
        now = time.perf_counter()
        if self._bar is not None:
            self._bar.update(count)
        elif now - self.told >= EVERY and self.done < self.total:
            self.told = now
            rate = self.done / (now - self.started)
            left = (self.total - self.done) / rate
            done, total = f"{self.done:,}", f"{self.total:,}"
            log.info("%s: %s of %s %s, %.0f a second, %.0f s left", self.what, done, total, self.unit, rate, left)

    def __enter__(self) -> Self:
        _counting.append(self)
        return self

    def __exit__(self, *raised: object) -> None:
        _counting.remove(self)
        if self._bar is not None:
            self._bar.close()


@contextmanager
def under_way(what: str) -> Iterator[None]:
    """Say now and then that this is still being done, unless something counts what is done."""
    started, over = time.perf_counter(), Event()

    def say() -> None:
        while not over.wait(EVERY):
            if not _counting:
                log.info("%s: under way for %.0f s", what, time.perf_counter() - started)

    thread = Thread(target=say, name=f"imgret {what}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
