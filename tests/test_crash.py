"""Killed at every write, out of power at every write, out of disk at every write: nothing is lost, nothing is wrong."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError
from safetensors.numpy import load_file

import imgret
from imgret.commands import runs as runs_command
from tests.conftest import png, write
from tests.crash import Job, Runs

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
        (code,) = self.runs([[self.job("lone", writes=str(root / "writes.json"))]])[0]
        assert code == 0, self.said("lone")
        self.events = json.loads((root / "writes.json").read_text())
        self.lone = results(self.latest("lone"))

    def job(self, name: str, **more: Any) -> Job:
        root = self.root / name
        return {"home": str(root / "home"), "out": str(root / "out"), "log": f"{root}.log", **more}

    def said(self, name: str) -> str:
        return (self.root / f"{name}.log").read_text()

    def latest(self, name: str) -> Path:
        return (self.root / name / "out" / "latest").resolve()

    def points(self, kind: str) -> list[int]:
        """The writes at which this fault leaves what it leaves at no other one."""
        if kind == "kill":
            return list(range(len(self.events)))
        if kind == "full":  # what makes room, and what takes none, is not refused
            return [n for n, (event, *_) in enumerate(self.events) if event not in ("os.remove", "os.rmdir", "fsync")]
        at = -1 if kind == "undone" else -2
        lost = [event[at] for event in self.events]
        return [n for n, what in enumerate(lost) if what and (n == 0 or what != lost[n - 1])]


def results(folder: Path) -> dict[str, bytes]:
    names = ["items.csv", "metrics.json", "clusters.csv", *sorted(file.name for file in folder.glob("*.npy"))]
    assert len(names) == 7
    return {name: (folder / name).read_bytes() for name in names}


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
        assert imgret.load(folder).info["outcomes"]["ok"] == IMAGES
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


def prove(bench: Bench, kind: str, points: list[int], capsys: pytest.CaptureFixture[str]) -> None:
    """At each point a run meets its fault, then another one goes on: it is a lone run byte for byte."""
    names = {at: f"{kind}-{at}-{len(points)}" for at in points}
    codes = bench.runs([[bench.job(names[at], fault=kind, at=at)] for at in points])
    kept = {}
    for at, (code,) in zip(points, codes, strict=True):
        what, root, said = bench.events[at][:2], bench.root / names[at], bench.said(names[at])
        there = whole_runs(root / "out", capsys)
        if kind != "full":
            assert code == -9, (what, code, said)
        else:
            assert code == (0 if there else 2), (what, code, said)
            assert there or re.search("No space left on device\n(make room there|type out=FOLDER)", said), (what, said)
            assert not list(root.rglob("*.tmp")), what
        assert "Traceback" not in said
        kept[at] = committed(root / "home"), len(there)
    codes = bench.runs([[bench.job(names[at])] for at in points])
    for at, (code,) in zip(points, codes, strict=True):
        what, root, said = bench.events[at][:2], bench.root / names[at], bench.said(names[at])
        assert code == 0, (what, said)
        rows, before = kept[at]
        assert len(whole_runs(root / "out", capsys)) == before + 1, what
        found, lone = results(bench.latest(names[at])), dict(bench.lone)
        if before:  # what became of its clusters is in it
            del found["clusters.csv"], lone["clusters.csv"]
        assert found == lone, (what, [name for name in lone if found[name] != lone[name]])
        assert imgret.load(bench.latest(names[at])).info["features"]["computed"] == IMAGES - rows, (what, said)


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
