"""Room: what a run takes is told, and what cannot fit is refused with the arithmetic, before the work."""

import logging
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret.errors import DiskFull, UsageError
from imgret.store import room
from imgret.store.room import Room, free_disk, free_memory, refuse_memory
from imgret.store.store import home

GB, MB = 10**9, 10**6


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> dict[str, int | None]:
    """Bytes that are free, as a test says."""
    found: dict[str, int | None] = {"disk": 10**15, "memory": 10**15}
    monkeypatch.setattr(room, "free_disk", lambda _: found["disk"])
    monkeypatch.setattr(room, "free_memory", lambda: found["memory"])
    return found


def test_what_is_noticeable_is_told(free: dict[str, int | None], tmp_path: Path) -> None:
    here = Room(tmp_path, tmp_path, thumbnails=True)
    assert here.check(100, 100, 512) == ""  # .4 MB of features and matrix, 1.2 MB of thumbnails
    # (2,291 + 2,291) x 1,280 x 4 = 23.46 MB, and 2,291 x 12 kB = 27.49 MB
    assert here.check(2291, 2291, 1280) == ", 51 MB of disk"
    assert Room(tmp_path, tmp_path).check(2291, 2291, 1280) == ", 23 MB of disk"
    # 2 x 200,000 x 2,048 x 4 = 3.28 GB; 3.3 x 1.638 + .64 + .4 = 6.4 GB
    assert Room(tmp_path, tmp_path).check(200_000, 200_000, 2048) == ", 3.3 GB of disk, 6.4 GB of memory"
    free.update(disk=3 * GB, memory=4 * GB)
    words = Room(tmp_path, tmp_path).check(200_000, 200_000, 2048)
    assert words == ", 3.3 GB of disk (3.0 GB are free), 6.4 GB of memory (4.0 GB are free)"


def test_what_cannot_fit_is_refused_with_the_arithmetic(free: dict[str, int | None], tmp_path: Path) -> None:
    here = Room(tmp_path, tmp_path)
    free["disk"] = 22914 * 2048 * 4
    here.check(22914, 22914, 2048)  # every second file may be no image: it may fit
    free["disk"] = 100 * MB
    with pytest.raises(DiskFull) as raised:
        here.check(22914, 22914, 2048)
    assert str(raised.value) == (
        f"22,914 images x 2,048 features x 4 bytes = 188 MB, in {tmp_path}: 100 MB are free\n"
        "make room there, or set IMGRET_HOME=FOLDER"
    )
    here.check(12_000, 22914, 2048)  # what is in the store already takes no more of it
    free.update(disk=None, memory=None)
    here.check(22914, 22914, 2048)  # where no one tells, nobody is refused


def test_memory_that_cannot_suffice_is_refused(free: dict[str, int | None], tmp_path: Path) -> None:
    free["memory"] = 100 * MB
    with pytest.raises(UsageError) as raised:
        Room(tmp_path, tmp_path).check(22914, 22914, 2048)
    assert str(raised.value) == (
        "22,914 images x 2,048 features x 4 bytes = 188 MB of memory: 100 MB are free\n"
        "make room there, choose a backbone with fewer features, or type limit=6103"
    )
    refuse_memory(6103, 2048)


def test_another_disk_needs_room_for_the_run(
    free: dict[str, int | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr(room, "_same_disk", lambda *_: False)
    monkeypatch.setattr(room, "free_disk", lambda folder: 0 if folder == out else 10**15)
    with pytest.raises(DiskFull, match=r"in .*out: 0 kB are free\nmake room there, or type out=FOLDER$"):
        Room(tmp_path, out).check(0, 100, 512)


def test_a_run_says_what_it_takes_and_ends_before_the_features(
    free: dict[str, int | None], colours: Path, caplog: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(room, "TOLD", (100_000, 10**15))
    settings: dict[str, Any] = {"backbone": "pixels", "baseline": None, "k": 3, "reports": [], "attributes": []}
    free["disk"] = 290_000  # 24 x 3,072 x 4 = 294,912
    with pytest.raises(UsageError, match=r"^24 images x 3,072 features x 4 bytes = 295 kB, in .*: 290 kB are free\n"):
        imgret.run(colours, **settings)
    assert not list(home().rglob("*.safetensors"))
    free["disk"] = 10**9
    imgret.run(colours, **settings)
    assert any(line.endswith(" s, 590 kB of disk") for line in caplog.messages)
    free["memory"] = 290_000  # now all features are in the store
    with pytest.raises(UsageError, match=r"295 kB of memory: 290 kB are free\n"):
        imgret.run(colours, **settings)


def test_vectors_need_room_too(free: dict[str, int | None], colours: Path, tmp_path: Path) -> None:
    import numpy as np

    np.save(tmp_path / "vectors.npy", np.ones((24, 100), np.float32))
    free["disk"] = 9000
    chosen = {"backbone": "precomputed", "backbone.vectors": str(tmp_path / "vectors.npy"), "baseline": None}
    with pytest.raises(UsageError, match="24 images x 100 features x 4 bytes = 10 kB"):
        imgret.run(colours, **chosen)


def test_free_space_is_that_of_the_nearest_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    asked = []
    monkeypatch.setattr(room.shutil, "disk_usage", lambda folder: asked.append(folder) or usage(9, 2, 7))
    assert free_disk(tmp_path / "a" / "b") == 7
    assert asked == [tmp_path]


def test_free_memory_is_known_here() -> None:
    assert free_memory() is None or free_memory() > MB  # type: ignore[operator]


@pytest.mark.parametrize(
    ("lines", "files", "left"),
    [
        (
            "0::/jobs/one\n",
            {
                "jobs/one": {"memory.max": "max", "memory.current": "50", "memory.stat": "anon 1\n"},
                "jobs": {"memory.max": "1000", "memory.current": "700", "memory.stat": "inactive_file 60\nanon 5\n"},
            },
            [360],
        ),
        (
            "4:memory:/job\n1:cpu:/job\n",
            {
                "memory/job": {
                    "memory.limit_in_bytes": "900",
                    "memory.usage_in_bytes": "1000",
                    "memory.stat": "active_file 7\ntotal_active_file 30\ntotal_inactive_file 40\n",
                },
                "job": {"memory.max": "1", "memory.current": "0", "memory.stat": ""},
            },
            [0],
        ),
        ("", {}, []),
        ("nonsense\n", {}, []),
    ],
)
def test_what_control_groups_leave(
    lines: str, files: dict[str, dict[str, str]], left: list[int], tmp_path: Path
) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(lines)
    for folder, contents in files.items():
        for name, text in contents.items():
            file = tmp_path / "sys/fs/cgroup" / folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    assert list(room._groups(tmp_path)) == left
