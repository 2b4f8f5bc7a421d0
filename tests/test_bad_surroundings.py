"""The same run in other surroundings: another user, locale, umask, home, clock, folder. It gives the same bytes."""

import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import Run
from imgret.contracts import Item, Preprocess
from imgret.plugins.sources import _folder
from imgret.plugins.sources.files import files
from imgret.reading.loader import read
from tests.conftest import png, write

if sys.platform == "win32":
    pytest.skip("users, modes and locales are other ones there", allow_module_level=True)

NAMES = ("a", "Ü 写真", "i İ ı", "new\nline", "caf\udce9", "z")
PICTURES = {f"{'xy'[i % 2]}/{name}.png": png((40 * i, 20, 200 - 30 * i), noise=i + 1) for i, name in enumerate(NAMES)}
QUICK: dict[str, Any] = {"backbone": "pixels", "view": "pca", "k": 2, "reports": ["maps", "sheets"]}
SAME = ("items.csv", "failures.csv", "metrics.json", "features.npy", "mean.npy", "labels.npy", "view.npy")
NOBODY = 65534


def same(first: Path, second: Path) -> None:
    for name in SAME:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


@pytest.fixture
def usual(tmp_path: Path) -> Run:
    return imgret.run(write(tmp_path / "in", PICTURES), **QUICK)


@contextmanager
def nobody() -> Iterator[None]:
    """As a user who may read what all may read; the superuser may read everything."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_file_and_a_folder_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write(tmp_path / "in", {"mine.png": png((1, 2, 3)), "ours.png": png((4, 5, 6)), "closed/1.png": b"x"})
    root.chmod(0o755)
    monkeypatch.chdir(root)  # the folders above are closed to others, and relative names do not go through them
    Path("mine.png").chmod(0)
    Path("closed").chmod(0)
    skipped: Counter[str] = Counter()
    try:
        with nobody():
            found = sorted(_folder.walk(".", skipped))
            records = {name: read(files("."), Item(name, name), Preprocess((4, 4)))[0] for name in found}
    finally:
        Path("closed").chmod(0o755)
    assert {name: record.outcome for name, record in records.items()} == {"mine.png": "unreadable", "ours.png": "ok"}
    assert records["mine.png"].reason == "Permission denied"
    assert skipped == {"folder that cannot be read": 1}


@pytest.mark.parametrize("mask", [0o077, 0o000])
def test_another_umask(usual: Run, tmp_path: Path, mask: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMGRET_HOME", "another store")
    before = os.umask(mask)
    try:
        run = imgret.run(tmp_path / "in", **QUICK)
    finally:
        os.umask(before)
    same(usual.folder, run.folder)
    kinds = {0o600, 0o700} if mask else {0o666, 0o777}
    assert {file.stat().st_mode & 0o777 for file in run.folder.rglob("*") if not file.is_symlink()} <= kinds | {0o755}


@pytest.mark.parametrize("folder", ["with space, [and] more ${k}", "d" * 250 + "/" + "é" * 120, "d/" * 400])
def test_another_folder_to_stand_in(usual: Run, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root, first = usual.info.root, usual.folder.resolve()
    os.makedirs(folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("IMGRET_HOME", "store")
    run = imgret.run(root, **QUICK)
    same(first, run.folder)
    assert imgret.load().search("x/a.png", 3) == usual.search("x/a.png", 3)


@pytest.mark.parametrize("mtime", [-(10**9), 0, 2**32, 4 * 10**9], ids=["1938", "1970", "2106", "2096"])
def test_files_of_any_time(usual: Run, tmp_path: Path, mtime: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in PICTURES:
        os.utime(tmp_path / "in" / path, (mtime, mtime))
    monkeypatch.setenv("IMGRET_HOME", "another store")
    for _ in range(2):
        same(usual.folder, imgret.run(tmp_path / "in", **QUICK).folder)


@pytest.mark.parametrize("now", [86_400.0, 4e9], ids=["1970", "2096"])
def test_a_clock_that_is_wrong(usual: Run, tmp_path: Path, now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was remembered at another time is still held against the files as they are."""
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr(time, "time_ns", lambda: int(now * 1e9))
    for _ in range(2):
        same(usual.folder, imgret.run(tmp_path / "in", **QUICK).folder)
    (tmp_path / "in" / "x" / "a.png").write_bytes(PICTURES["y/z.png"])
    changed = imgret.run(tmp_path / "in", **QUICK)
    assert changed.info.outcomes == {"ok": 5, "duplicate": 1}


@pytest.mark.slow
@pytest.mark.parametrize(
    "surroundings",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},  # names are bytes beyond ASCII there
        {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},  # where the small letter of I is another
        {"TZ": "Pacific/Kiritimati"},
        {"HOME": os.devnull},
        {"HOME": "read-only", "XDG_CACHE_HOME": "", "MPLCONFIGDIR": ""},
        {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "7"},
    ],
    ids=lambda s: next(iter(s.items()))[0] + "=" + next(iter(s.values())),
)
def test_another_process(usual: Run, tmp_path: Path, surroundings: dict[str, str]) -> None:
    Path("read-only").mkdir(mode=0o500)
    env = os.environ | surroundings | {"IMGRET_HOME": str(tmp_path / "another store")}
    if "HOME" in surroundings:
        env["HOME"] = str(Path(surroundings["HOME"]).absolute())
    env = {name: value for name, value in env.items() if value}
    words = ["backbone=pixels", "view=pca", "k=2", "reports=[maps,sheets]", f"out={tmp_path / 'runs'}"]
    command = [sys.executable, "-m", "imgret", str(tmp_path / "in"), *words]
    done = subprocess.run(command, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    same(usual.folder, (tmp_path / "runs" / "latest").resolve())
    assert list(Path("read-only").iterdir()) == []


LITTLE = """
import json, multiprocessing, os, sys, threading

def go(folder):
    import imgret
    try:
        run = imgret.run(folder, **json.loads(sys.argv[2]))
        return str(run.folder.absolute())
    except BaseException as error:
        return repr(error)

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(go, [sys.argv[1]])[0])
    told = []
    threads = [threading.Thread(target=lambda: told.append(go(sys.argv[1]))) for _ in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    print(*told, sep="\\n")
"""


@pytest.mark.slow
def test_a_process_that_may_do_little_makes_the_same_run(usual: Run, tmp_path: Path) -> None:
    """In a daemonic process, and in threads at once; the folder for temporary files has a name of 114 characters."""
    long = tmp_path / ("x" * 114)
    long.mkdir()
    Path("script.py").write_text(LITTLE)
    env = os.environ | {
        "TMPDIR": str(long),
        "IMGRET_HOME": str(tmp_path / "other"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "script.py", str(tmp_path / "in"), json.dumps(QUICK)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    folders = done.stdout.split()
    assert len(folders) == 3
    for folder in folders:
        same(usual.folder, Path(folder))
    assert list(long.iterdir()) == []


def once_more(folder: str) -> tuple[str, list[str]]:
    run = imgret.run(folder, **QUICK, rehash=True)
    return str(run.folder), [hit.id for hit in run.search(run.ids[0], top=3)]


@pytest.mark.parametrize("pool", ["Pool", "ProcessPoolExecutor"])
def test_a_pool_that_is_forked_after_a_run_makes_the_same_run(usual: Run, tmp_path: Path, pool: str) -> None:
    """Threads of OpenMP do not survive a fork, and are waited for ever in the copy if it means to have any."""
    fork = multiprocessing.get_context("fork")
    if pool == "Pool":
        with fork.Pool(1) as workers:
            folder, hits = workers.apply_async(once_more, [str(tmp_path / "in")]).get(timeout=60)
    else:
        with ProcessPoolExecutor(1, mp_context=fork) as workers:
            asked = workers.submit(once_more, str(tmp_path / "in"))
            try:
                folder, hits = asked.result(timeout=60)
            except TimeoutError:  # leave none behind that never ends
                [process.kill() for process in workers._processes.values()]
                raise
    made = imgret.load(folder)
    np.testing.assert_array_equal(made.features, usual.features)
    np.testing.assert_array_equal(made.labels, usual.labels)
    np.testing.assert_allclose(made.view, usual.view, atol=1e-5)  # one thread adds up in another order than several
    assert hits == [hit.id for hit in usual.search(usual.ids[0], top=3)]
