"""What a run takes: seconds by stage, and memory that is this run's own."""

import ast
import io
import subprocess
import sys
from typing import Any

import pytest

from imgret.runs.clock import Clock, forget_peak

MB = 10**6


PEAKS = """
from imgret.runs.clock import Clock

def peak_of_a_run(size):
    clock = Clock()
    with clock.stage("work"):
        bytearray(b"x") * size
    return clock.peak_of, clock.stages["work"].peak_bytes

print([peak_of_a_run(1), peak_of_a_run(200_000_000), peak_of_a_run(1)])
"""


def test_a_peak_is_not_handed_on_to_the_next_run() -> None:
    """In a process of its own: in one that has done much, what is freed may stay with the allocator."""
    done = subprocess.run([sys.executable, "-c", PEAKS], capture_output=True, text=True, check=True)
    (_, first), (_, large), (peak_of, last) = ast.literal_eval(done.stdout)
    if peak_of == "process":
        pytest.skip("the system does not forget a peak, and the clock says so")
    assert large > first + 190 * MB
    assert last < large - 190 * MB


@pytest.mark.parametrize(("in_use", "forgotten"), [(900, True), (600, False)])
def test_a_peak_is_forgotten_if_it_is_what_is_in_use(monkeypatch: Any, in_use: int, forgotten: bool) -> None:
    monkeypatch.setattr("builtins.open", lambda *_, **__: io.StringIO())
    monkeypatch.setattr("imgret.runs.clock._of_status", {"VmHWM": 905 * 2**20, "VmRSS": in_use * 2**20}.get)
    assert forget_peak() == forgotten


def test_where_a_peak_cannot_be_forgotten_the_clock_says_so(monkeypatch: Any) -> None:
    monkeypatch.setattr("imgret.runs.clock.forget_peak", lambda: False)
    monkeypatch.setattr("imgret.runs.clock._of_status", lambda field: None)
    clock = Clock()
    with clock.stage("work"):
        pass
    assert clock.peak_of == "process"
    assert sys.platform == "win32" or clock.stages["work"].peak_bytes > MB  # type: ignore[operator]
