"""Killed at every write, out of power at every write, out of disk at every write: nothing is lost, nothing is wrong."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError
from safetensors.numpy import load_file

import imgret
from imgret.commands import runs as runs_command
from imgret.errors import DiskFull
from tests.conftest import png, write
from tests.crash import NO_MOUNT, Job, Runs

IMAGES = 7  # distinct ones; with a copy and a broken file beside
pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the faults are told by /proc")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Bench"]:
    bench = Bench(tmp_path_factory.mktemp("crash"))
    yield bench
    bench.runs.close()


class Bench:
    """A collection, the process that forks runs over it, and what a lone run writes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        files = {f"{i}.png": png((250, 20, 20) if i % 2 else (20, 20, 250), noise=i + 1) for i in range(IMAGES)}
        images = write(root / "images", files | {"copy.png": files["1.png"], "broken.png": files["2.png"][:60]})
        for file in images.iterdir():
            os.utime(file, (10**9, 10**9))  # so that the cache trusts what it knows of them
        self.runs = Runs(images)
        self.events: list[Any] = []
        self.record("lone")
        self.lone = results(self.latest("lone"))

    def record(self, name: str, **more: Any) -> None:
        """Make a run that nothing happens to; its writes are those that are counted from now on."""
        file = self.root / "writes.json"
        assert self.runs([[self.job(name, writes=str(file), **more)]]) == [[0]], self.said(name)
        self.events = json.loads(file.read_text())

    def job(self, name: str, **more: Any) -> Job:
        root = self.root / name
        return {"home": str(root / "home"), "out": str(root / "out"), "log": f"{root}.log", **more}

    def said(self, name: str) -> str:
        return (self.root / f"{name}.log").read_text()

    def latest(self, name: str) -> Path:
        return (self.root / name / "out" / "latest").resolve()

    def forced(self, at: int) -> int:
        """How many images have their features on disk for good before a write: shards of two, and their folder."""
        shards = {n for n, (event, path, *_) in enumerate(self.events[:at]) if path.endswith(".safetensors")}
        done = sum(self.events[n + 1][0] == "fsync" and n + 1 < at for n in shards)
        return min(IMAGES, 2 * done)

    def points(self, kind: str) -> list[int]:
        """The writes at which this fault leaves what it leaves at no other one."""
        if kind == "kill":
            return [n for n, (event, *_) in enumerate(self.events) if event != "fsync"]  # else as at the next one
        if kind == "full":  # what makes room, and what takes none, is not refused
            return [n for n, (event, *_) in enumerate(self.events) if event not in ("os.remove", "os.rmdir", "fsync")]
        at = -1 if kind == "undone" else -2
        lost = [event[at] for event in self.events]
        return [n for n, what in enumerate(lost) if what and (n == 0 or what != lost[n - 1])]


def results(folder: Path) -> dict[str, bytes]:
    """What a run writes, but for run.json, which says when."""
    found = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert len(found) == 11 + IMAGES, sorted(found)
    return {name: data for name, data in found.items() if name != "run.json"}


def for_ever(results: dict[str, bytes], alone: bool) -> dict[str, bytes]:
    """Those that do not tell what became of the clusters of an earlier run, where there is one."""
    earlier = () if alone else ("clusters.csv", "report.html")
    return {name: data for name, data in results.items() if name not in earlier}


def whole_runs(out: Path, capsys: pytest.CaptureFixture[str]) -> list[Path]:
    """The runs that `imgret runs` lists: each can be loaded, `latest` is one of them or is not there."""
    if not out.is_dir():
        return []
    capsys.readouterr()
    runs_command.main([str(out)])
    lines = capsys.readouterr().out.splitlines()
    if lines[0].startswith("no runs"):
        assert not os.path.lexists(out / "latest")
        return []
    assert not any("cannot be read" in line for line in lines)
    folders = [out / line.split("  ")[0].rpartition("/")[2] for line in lines]
    for folder in folders:
        assert imgret.load(folder).info.outcomes["ok"] == IMAGES
    if os.path.lexists(out / "latest"):
        assert (out / "latest").resolve() in folders
    return folders


def committed(home: Path) -> int:
    """How many images have their features in a shard that is whole."""
    ids: set[bytes] = set()
    for shard in home.glob("features/*/[!.]*.safetensors"):
        try:
            ids |= {row.tobytes() for row in load_file(shard)["ids"]}
        except SafetensorError:
            continue
    return len(ids)


def prove(bench: Bench, kind: str, points: list[int], capsys: pytest.CaptureFixture[str], earlier: str = "") -> None:
    """At each point a run meets its fault, then another one goes on: it is a lone run byte for byte.

    It starts on an empty store, or on what the run `earlier` has left.
    """
    names = {at: f"{kind}-{at}-of-{len(points)}{earlier}" for at in points}
    for name in names.values() if earlier else ():
        shutil.copytree(bench.root / earlier, bench.root / name, symlinks=True)
    codes = bench.runs([[bench.job(names[at], fault=kind, at=at)] for at in points])
    kept = {}
    for at, (code,) in zip(points, codes, strict=True):
        what, root, said = bench.events[at][:2], bench.root / names[at], bench.said(names[at])
        there = whole_runs(root / "out", capsys)
        if kind != "full":
            assert code == -9, (what, code, said)
        else:
            assert code == (0 if there else DiskFull.exit_code), (what, code, said)
            assert there or "No space left on device\nmake room there" in said, (what, said)
            assert not list(root.rglob("*.tmp")), what
        assert "Traceback" not in said
        kept[at] = committed(root / "home"), len(there)
        assert kept[at][0] >= bench.forced(at), what
    codes = bench.runs([[bench.job(names[at])] for at in points])
    for at, (code,) in zip(points, codes, strict=True):
        what, root, said = bench.events[at][:2], bench.root / names[at], bench.said(names[at])
        assert code == 0, (what, said)
        rows, before = kept[at]
        assert len(whole_runs(root / "out", capsys)) == before + 1, what
        found, lone = (for_ever(each, not before) for each in (results(bench.latest(names[at])), bench.lone))
        assert found == lone, (what, [name for name in lone if found[name] != lone[name]])
        assert imgret.load(bench.latest(names[at])).info.features.computed == IMAGES - rows, (what, said)


KINDS = ["kill", "zero", "half", "undone", "full"]


@pytest.mark.parametrize("kind", KINDS)
def test_some_writes(bench: Bench, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    points = bench.points(kind)
    prove(bench, kind, points[:: len(points) // 3], capsys)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_write(bench: Bench, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    points = bench.points(kind)
    prove(bench, kind, points, capsys)


@pytest.mark.slow
def test_every_write_of_a_second_run(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """There `latest` is a link that is replaced, and the first run is still to be seen."""
    shutil.copytree(bench.root / "lone", bench.root / "first", symlinks=True)
    first = bench.events
    bench.record("lone")
    try:
        for kind in ("kill", "undone"):
            prove(bench, kind, bench.points(kind), capsys, earlier="first")
    finally:
        bench.events = first


@pytest.mark.parametrize("where", ["home", "out"])
def test_a_disk_that_is_really_full(bench: Bench, where: str, tmp_path: Path) -> None:
    codes = []
    for size in (20_000, 50_000, 80_000, 120_000, 180_000, 260_000):
        name = f"small-{where}-{size}"
        job = bench.job(name)
        then = bench.job(name, room=[job[where], 2**25], copy=str(tmp_path / name), log=f"{job['log']}.2")
        (found,) = bench.runs([[job | {"room": [job[where], size]}, then]])
        if found == [NO_MOUNT]:
            pytest.skip("no file system can be mounted here")
        said = bench.said(name)
        assert found[0] in (0, DiskFull.exit_code), said
        assert found[0] == 0 or "No space left on device" in said or " are free\n" in said, said  # met, or foreseen
        assert "Traceback" not in said
        assert found[1] == 0, bench.said(f"{name}.log.2")
        codes.append(found[0])
        again = results(tmp_path / name)
        assert for_ever(again, found[0] != 0) == for_ever(bench.lone, found[0] != 0)
    assert codes[0] == DiskFull.exit_code
    assert codes.count(DiskFull.exit_code) >= 3


@pytest.mark.slow
def test_runs_at_once_share_a_store(bench: Bench) -> None:
    """Four processes start on one empty store, and write what they would have written alone."""
    ways: list[dict[str, int]] = [{}, {}, {"k": 3}, {"seed": 1}]
    lone = []
    for number, way in enumerate(ways):
        assert bench.runs([[bench.job(f"alone-{number}", settings=way)]]) == [[0]]
        lone.append(results(bench.latest(f"alone-{number}")))
    for turn in range(3):
        name = f"together-{turn}"
        root = bench.root / name
        jobs = [bench.job(name, settings=way, log=f"{root}-{number}.log") for number, way in enumerate(ways)]
        assert bench.runs([[job] for job in jobs], workers=len(jobs)) == [[0]] * len(jobs)
        said = "".join(bench.said(f"{name}-{number}") for number in range(len(jobs)))
        assert not re.search("passed over|damaged|does not point", said), said
        runs = [imgret.load(file.parent) for file in sorted((root / "out").glob("2*/run.json"))]
        assert sorted((run.settings["k"], run.seed) for run in runs) == [(2, 0), (2, 0), (2, 1), (3, 0)]
        for run in runs:
            alone = lone[2 if run.settings["k"] == 3 else 3 if run.seed else 0]
            assert for_ever(results(run.folder), False) == for_ever(alone, False)
        assert committed(root / "home") == IMAGES
        assert bench.latest(name) in [run.folder for run in runs]
        assert not list(root.rglob("*.tmp"))
