"""forget and doctor, killed, out of power, out of disk at every write: the same command again ends what they began."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from imgret.errors import DiskFull
from tests.conftest import write
from tests.test_crash import IMAGES, KINDS, Bench, bench, committed, for_ever, pytestmark, results

__all__ = ["bench", "pytestmark"]


def prove(bench: Bench, kind: str, before: str, words: list[str], sample: int = 0) -> list[str]:
    """The folders in which a command met its fault at each write, or at a sample of them, and was then done again.

    Each starts as a copy of the folder `before`, by whose name the command's words name it.
    """

    def at(name: str) -> list[str]:
        return [word.replace("HERE", str(bench.root / name)) for word in words]

    first = bench.events
    counted = f"{before}-{kind}-{sample}-undisturbed"
    shutil.copytree(bench.root / before, bench.root / counted, symlinks=True)
    try:
        bench.record(counted, words=at(counted))
        points = bench.points(kind)
        what = [event[:2] for event in bench.events]
    finally:
        bench.events = first
    points = points[:: max(1, len(points) // sample)] if sample else points
    assert points or kind not in ("kill", "full")
    names = [f"{before}-{kind}-{point}-of-{len(points)}-{sample}" for point in points]
    for name in names:
        shutil.copytree(bench.root / before, bench.root / name, symlinks=True)
    jobs = [bench.job(name, words=at(name)) for name in names]
    codes = bench.runs([[job | {"fault": kind, "at": point}] for job, point in zip(jobs, points, strict=True)])
    for name, point, (code,) in zip(names, points, codes, strict=True):
        said = bench.said(name)
        assert code == -9 if kind != "full" else code in (0, DiskFull.exit_code), (what[point], code, said)
        assert "Traceback" not in said
        assert "a fault of imgret" not in said, (what[point], said)
        assert code != DiskFull.exit_code or "\nmake room " in said, (what[point], said)
    for left in (file for name in names for file in (bench.root / name).rglob(".*.tmp")):
        os.utime(left, (1, 1))  # else it might be of somebody at work
    for own in (file for name in names for file in (bench.root / name).rglob("*.before")):
        own.unlink()  # the ledger's, of what a name stood for
    codes = bench.runs([[job] for job in jobs])
    for name, point, (code,) in zip(names, points, codes, strict=True):
        assert code == 0, (what[point], bench.said(name))
        assert not list((bench.root / name).rglob(".*.tmp")), what[point]
    return names


def forgotten(bench: Bench) -> str:
    """The id of an image of the run `lone`."""
    return hashlib.sha256((bench.root / "images" / "3.png").read_bytes()).hexdigest()


def holds(folder: Path, id: str) -> list[str]:
    """The files below a folder that name an image, by their names or in their bytes."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    needles = id.encode(), bytes.fromhex(id)
    return [file.name for file in files if id in file.name or any(needle in file.read_bytes() for needle in needles)]


def check_forget(bench: Bench, kind: str, sample: int) -> None:
    id = forgotten(bench)
    assert holds(bench.root / "lone" / "home", id)
    names = prove(bench, kind, "lone", ["forget", id], sample)
    for name in names:
        home = bench.root / name / "home"
        assert holds(home, id) == [], name
        assert not list(home.glob("matrices/*.npy")), name
        assert committed(home) == IMAGES - 1, name  # nobody else's features went
    assert bench.runs([[bench.job(name)] for name in names]) == [[0]] * len(names)
    for name in names:
        assert for_ever(results(bench.latest(name)), False) == for_ever(bench.lone, False), name


def damaged(bench: Bench) -> str:
    """A copy of the run `lone` in which an array, a table, a thumbnail, and a shard and a thumbnail of the store are
    damaged."""
    name = "damaged"
    root = bench.root / name
    if not root.exists():
        shutil.copytree(bench.root / "lone", root, symlinks=True)
        latest = bench.latest(name)
        write(latest, {"view.npy": b"", "clusters.csv": b"cluster\n"})
        for file in (sorted((root / "home").glob("features/*/*.safetensors"))[0],
                     sorted((root / "home").glob("thumbnails/*/*/*.jpg"))[1],
                     sorted(latest.glob("thumbs/*/*"))[0]):  # fmt: skip
            file.write_bytes(file.read_bytes()[:-3])
    return name


def check_doctor(bench: Bench, kind: str, sample: int) -> None:
    names = prove(bench, kind, damaged(bench), ["doctor", "HERE/out/latest"], sample)
    for name in names:
        assert results(bench.latest(name)) == bench.lone, name
        assert committed(bench.root / name / "home") == IMAGES - 2, name  # a shard of two was damaged
    assert bench.runs([[bench.job(name)] for name in names]) == [[0]] * len(names)
    for name in names:
        assert for_ever(results(bench.latest(name)), False) == for_ever(bench.lone, False), name
        assert committed(bench.root / name / "home") == IMAGES, name


CHECKS = pytest.mark.parametrize("check", [check_forget, check_doctor])


@CHECKS
@pytest.mark.parametrize("kind", ["kill", "full"])
def test_some_writes(check: object, bench: Bench, kind: str) -> None:
    check(bench, kind, 2)  # type: ignore[operator]


@pytest.mark.slow
@CHECKS
@pytest.mark.parametrize("kind", KINDS)
def test_every_write(check: object, bench: Bench, kind: str) -> None:
    check(bench, kind, 0)  # type: ignore[operator]
