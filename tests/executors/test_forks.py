"""The server that forks workers: it is missed by nobody when it is killed, and needs nothing of its surroundings."""

import errno
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_info  # type: ignore[import-untyped, unused-ignore]

from imgret.__main__ import main
from imgret.errors import TooLittle
from imgret.executors import forks
from imgret.executors.forks import Server
from imgret.executors.worker import wrapped

pytestmark = pytest.mark.skipif(not forks.POSSIBLE, reason="there is no fork")


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def end(code: int) -> int:
    if code < 0:
        os.kill(os.getpid(), -code)
    os._exit(code)


@pytest.mark.parametrize("code", [0, 7, -signal.SIGKILL])
def test_how_a_worker_ended_is_told(server: Server, code: int) -> None:
    worker = server.fork()
    worker.pipe.send_bytes(wrapped(end, 60))
    assert worker.pipe.recv() == []
    assert worker.ended(0) is None
    worker.pipe.send([code])
    assert [worker.ended(60), worker.ended(0)] == [code, code]
    worker.pipe.close()


def test_a_worker_can_be_ended(server: Server) -> None:
    worker = server.fork()
    worker.kill()
    assert worker.ended(60) == -signal.SIGKILL
    worker.pipe.close()


def test_a_server_that_was_killed_is_started_anew_and_its_workers_go_on(server: Server) -> None:
    first = server.fork()
    first.pipe.send_bytes(wrapped(len, 60))
    assert first.pipe.recv() == []
    assert server.process
    lost = server.process
    lost.kill()
    second = server.fork()
    assert server.process is not lost
    second.pipe.send_bytes(wrapped(len, 60))
    assert second.pipe.recv() == []
    first.pipe.send(["abc"])
    assert [first.pipe.recv(), first.pipe.recv()] == [0, [(None, 3)]]
    assert first.ended(60) == 255  # there is nobody who could tell
    first.kill()  # nor anybody who holds its number
    for each in (first, second):
        each.pipe.close()


def test_servers_that_are_always_lost_are_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "get_executable", lambda: "/bin/false")
    with pytest.raises(ChildProcessError, match="a process that starts others has ended 3 times, the last time with 1"):
        server.fork()


def test_servers_that_are_always_lost_end_a_run_with_its_code(
    colours: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(forks, "get_executable", lambda: "/bin/false")
    monkeypatch.setattr(forks, "_server", Server())
    assert main([str(colours), "backbone=pixels", "log=quiet"]) == TooLittle.exit_code == 6
    assert capsys.readouterr().err == (
        "imgret: the machine gives too little: a process that starts others has ended 3 times, the last time with 1\n"
        "raise the limit of processes (ulimit -u, the container's or the job's)\n"
    )


def test_a_system_that_forks_no_more_is_said_with_its_number(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "told", lambda place: -errno.EAGAIN)
    with pytest.raises(BlockingIOError):
        server.fork()


def test_a_server_ends_when_nobody_can_ask_it(server: Server) -> None:
    server.fork().pipe.close()
    process = server.process
    assert process
    server.close()
    assert process.returncode == 0


def test_a_process_without_standard_streams_and_folder_has_workers(tmp_path: os.PathLike[str]) -> None:
    """What a service may lack: streams, a folder to stand in, one for temporary files. Nothing takes their place."""
    script = """
import os
for each in (0, 1, 2): os.close(each)
os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')
from imgret.executors.local import spread
said = [each for _, part in spread(len, ['abc', 'de'], workers=2) for each in part]
if not all(os.path.exists(f'/proc/self/fd/{each}') for each in (0, 1, 2)) and said == [3, 2]: os._exit(42)
"""
    environment = os.environ | {"TMPDIR": "/nowhere/" + 114 * "x", "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", script], env=environment, cwd=tmp_path, check=False).returncode == 42


def test_a_copy_of_the_process_has_a_server_of_its_own() -> None:
    forks.fork().pipe.close()
    reads, writes = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writes, pickle.dumps(forks._server.process))
        os._exit(0)
    os.waitpid(pid, 0)
    assert pickle.loads(os.read(reads, 100)) is None
    os.close(reads)
    os.close(writes)


def test_a_copy_of_the_process_has_one_thread_of_each_library() -> None:
    """Those of OpenMP were the other's. The libraries count by themselves: PyTorch, and each OpenMP."""
    import sklearn.cluster  # noqa: F401
    import torch

    def counts() -> list[int]:
        found = (each["num_threads"] for each in threadpool_info() if each["user_api"] == "openmp")
        return [torch.get_num_threads(), *found]

    before = counts()
    reads, writes = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writes, bytes(counts()))
        os._exit(0)
    os.waitpid(pid, 0)
    assert set(os.read(reads, 100)) == {1}
    assert counts() == before
    os.close(reads)
    os.close(writes)
