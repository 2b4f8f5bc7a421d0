"""What a run takes: seconds and memory, stage by stage."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from imgret.findings.info import Stage
from imgret.progress import under_way

QUICKER = 1.2  # times as fast; less is within what two timings differ by


class Clock:
    """Seconds of each stage, and the most memory that was in use since this clock was made, in bytes.

    Memory is this process's own: workers that decode are not counted, what earlier runs have left behind is.
    `peak_of` says whether it could be counted from this run on; else it is the most that the process ever had.
    """

    def __init__(self) -> None:
        self.stages: dict[str, Stage] = {}
        self.peak_of = "run" if forget_peak() else "process"

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        with under_way(name):
            yield
        self.stages[name] = Stage(round(time.perf_counter() - started, 3), peak_bytes())


def forget_peak() -> bool:
    """Let `peak_bytes` count from now on; whether that could be done, as on Linux (proc(5), clear_refs).

    Some systems take the order and do nothing: it was done if the peak is now what is in use now.
    """
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        return False
    peak, now = _of_status("VmHWM"), _of_status("VmRSS")
    return peak is not None and now is not None and peak - now < 10 * 2**20


def peak_bytes() -> int | None:
    """The most memory that this process has had, since `forget_peak` where that works; None where no one tells."""
    if sys.platform == "win32":
        return None
    peak = _of_status("VmHWM")  # getrusage has the same figure, but that of the process before exec where it is more
    if peak is None:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peak *= 1 if sys.platform == "darwin" else 1024
    return peak


def _of_status(field: str) -> int | None:
    """A field of Linux' /proc/self/status, in bytes."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith(f"{field}:")), None)
    except OSError:
        return None
