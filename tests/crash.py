"""Small runs in processes that may be killed: `python -m tests.crash` imports everything once and forks a child a run.

A child forked from the tests themselves would inherit what their threads hold; a new interpreter a run would take
minutes. It reads requests from its standard input, one JSON line each, and answers in the same way.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SETTINGS = {
    "backbone": "pixels",
    "view": "pca",
    "k": 2,
    "metrics": ["sizes", "geometry", "retrieval"],
    "reports": ["clusters", "page"],
}
NO_MOUNT = 77  # exit code
Job = dict[str, Any]  # home, out, log; settings that differ from SETTINGS; fault and at, see faults.Fault; writes, the
# file to write its events to; room, the bytes of a small disk to have first, and where; copy, where to put the run;
# words, a command to do in place of a run


class Runs:
    """The process that forks."""

    def __init__(self, images: Path) -> None:
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "tests.crash", str(images)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, text=True)

    def __call__(self, sequences: Sequence[Sequence[Job]], workers: int = 2) -> list[list[int]]:
        """Do the jobs of each sequence one after the other, `workers` sequences at a time; how each job ended.

        That is its exit code, or minus the signal that ended it.
        """
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps({"sequences": sequences, "workers": workers}), file=self.process.stdin, flush=True)
        answer: list[list[int]] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def serve(images: str) -> None:
    """Answer requests until there are no more."""
    _import_everything()
    composed: dict[str, dict[str, Any]] = {}
    for line in sys.stdin:
        request = json.loads(line)
        for job in (job for sequence in request["sequences"] for job in sequence):
            key = job["as"] = json.dumps(job.get("settings", {}))
            composed[key] = composed.get(key) or _compose(images, job.get("settings", {}))
        print(json.dumps(_spread(request["sequences"], request["workers"], composed)), flush=True)


def _import_everything() -> None:
    """What a run imports, so that a child has it all; and small shards, everything kept, no further processes."""
    import gc

    import safetensors.numpy
    import scipy.sparse
    import sklearn.cluster
    import sklearn.decomposition
    import sklearn.metrics
    import torch

    import imgret.__main__
    import imgret.pictures.sheet
    from imgret import pipeline
    from imgret.features import extract
    from imgret.features.engine import Engine
    from imgret.reading import loader, thumbnails
    from imgret.runs import write as record
    from imgret.store import store

    def in_here(task: Any, things: Sequence[Any], *_: Any, **__: Any) -> Iterator[Any]:
        for start in range(0, len(things), 2):
            chunk = things[start : start + 2]
            yield chunk, [task(thing) for thing in chunk]

    def small(backbone: Any, device: str) -> Engine:
        return Engine(backbone, device, 2)

    del safetensors, scipy, sklearn, torch
    loader.spread = thumbnails.spread = in_here
    pipeline.Engine = small  # type: ignore[misc,assignment]
    extract.SHARD, thumbnails.SHARD, store.WORTH_KEEPING = 2, 3, -1.0
    imgret.__main__._talk([])
    record.versions()  # which takes a while, once a process
    gc.freeze()  # what is collected in a child is copied first


def _compose(images: str, changes: dict[str, Any]) -> dict[str, Any]:
    """The settings of a run, without the run: the slowest part of a small one is Hydra."""
    import imgret
    from imgret import pipeline

    real = pipeline.run
    pipeline.run = dict  # type: ignore[assignment]
    try:
        settings: Any = imgret.run(images, **(SETTINGS | changes))
    finally:
        pipeline.run = real
    return dict(settings)


def _spread(sequences: list[list[Job]], workers: int, settings: dict[str, Any]) -> list[list[int]]:
    pipes = []
    for worker in range(workers):
        read, write = os.pipe()
        if os.fork() == 0:
            codes = [_sequence(sequence, settings) for sequence in sequences[worker::workers]]
            with os.fdopen(write, "w") as stream:
                json.dump(codes, stream)
            os._exit(0)
        os.close(write)
        pipes.append(os.fdopen(read))
    answers: list[list[int]] = [[] for _ in sequences]
    for worker, pipe in enumerate(pipes):
        with pipe:
            answers[worker::workers] = json.load(pipe)
        os.wait()
    return answers


def _sequence(jobs: list[Job], settings: dict[str, Any]) -> list[int]:
    codes = []
    for number, job in enumerate(jobs):
        if "room" in job:
            try:
                _mount(*job["room"], again=number > 0)
            except OSError:
                return [NO_MOUNT]
        child = os.fork()
        if child == 0:
            code = 99
            try:
                code = _do(job, settings[job["as"]])
            finally:
                os._exit(code)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    return codes


def _do(job: Job, settings: dict[str, Any]) -> int:
    """One run, as the command line does it; what it says and the writes that it made go into files."""
    from imgret import pipeline
    from imgret.__main__ import _tell, main
    from tests.faults import Fault

    log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ["IMGRET_HOME"] = job["home"]
    fault = Fault(job.get("fault", "none"), job.get("at", -1), [job["home"], job["out"]])
    fault.install()
    try:
        if "words" in job:
            code = main(job["words"])
        else:
            pipeline.run(settings | {"out": job["out"]})
            code = 0
    except Exception as error:
        code = _tell(error)
    sys.stderr.flush()
    if code == 0 and "copy" in job:
        shutil.copytree(Path(job["out"]) / "latest", job["copy"])
    if "writes" in job:
        Path(job["writes"]).write_text(json.dumps(fault.events), encoding="ascii")
    return code


def _mount(folder: str, size: int, again: bool) -> None:
    """A disk of `size` bytes at `folder` that only this process and its children see; `again`: another size for it.

    Raises OSError where that is not permitted. Numbers are those of Linux' sched.h and mount.h.
    """
    system = ctypes.CDLL(None, use_errno=True)

    def done(code: int) -> None:
        if code:
            raise OSError(ctypes.get_errno(), f"no disk at {folder}")

    options = f"size={size}".encode()
    if again:
        done(system.mount(b"none", os.fsencode(folder), b"tmpfs", 32, options))  # MS_REMOUNT
        return
    user, group = os.getuid(), os.getgid()
    if system.unshare(0x00020000):  # CLONE_NEWNS, which is root's to do; with CLONE_NEWUSER, everyone's
        done(system.unshare(0x10020000))
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            Path("/proc/self", name).write_text(text, encoding="ascii")
    done(system.mount(b"none", b"/", None, 0x44000, None))  # MS_REC, MS_PRIVATE: not for others to see
    os.makedirs(folder, exist_ok=True)
    done(system.mount(b"none", os.fsencode(folder), b"tmpfs", 0, options))


if __name__ == "__main__":
    serve(sys.argv[1])
