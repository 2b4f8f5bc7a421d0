"""The server's own side: spoken to in a process of this test's, over a pair of sockets."""

import errno
import os
import socket
import subprocess
import sys

import pytest

from imgret.executors import forkserver
from imgret.executors.forkserver import NUMBER, told

pytestmark = pytest.mark.skipif(not hasattr(socket, "send_fds"), reason="there is no fork")


def test_a_number_is_told_whole_or_not_at_all() -> None:
    reads, writes = os.pipe()
    forkserver.tell(writes, -9)
    assert told(reads) == -9
    os.write(writes, NUMBER.pack(7)[:3])
    os.close(writes)
    with pytest.raises(EOFError):
        told(reads)
    os.close(reads)


@pytest.mark.parametrize("refused", [False, True])
def test_a_worker_s_number_and_end_or_why_there_is_none(refused: bool) -> None:
    ours, theirs = socket.socketpair()
    limit = "def no(): raise OSError(11, 'no more')\nforkserver.os.fork = no" if refused else "pass"
    code = "from imgret.executors import forkserver\n" + limit + f"\nforkserver.serve({theirs.fileno()})"
    server = subprocess.Popen([sys.executable, "-c", code], pass_fds=[theirs.fileno()])
    theirs.close()
    mine, worker = socket.socketpair()
    reads, writes = os.pipe()
    socket.send_fds(ours, [b"1"], [worker.fileno(), writes])
    worker.close()
    os.close(writes)
    pid = told(reads)
    mine.close()  # nobody to answer: it ends by itself
    if refused:
        assert pid == -errno.EAGAIN
    else:
        assert pid > 0
        assert told(reads) == 0
    ours.close()  # nobody who asks
    assert server.wait(60) == 0
    os.close(reads)
