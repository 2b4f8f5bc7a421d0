"""What is computed for somebody else ends in time, and within memory."""

import sys
import time
from functools import partial
from operator import truediv

import pytest

from imgret.executors.bounded import bounded


def test_what_a_task_gives_and_raises() -> None:
    assert bounded(partial(truediv, 6, 4), 60) == 1.5
    with pytest.raises(ZeroDivisionError):
        bounded(partial(truediv, 6, 0), 60)


def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(TimeoutError, match="no result after 1 s"):
        bounded(partial(time.sleep, 600), 1)


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of memory")
def test_what_takes_too_much_memory_is_refused_it() -> None:
    assert len(bounded(partial(bytes, 10**7), 60, 10**9)) == 10**7
    with pytest.raises(MemoryError):
        bounded(partial(bytes, 10**9), 60, 10**8)
