"""The life of a collection: files come, go, are renamed and edited, and the next run is as if it were the first."""

import hashlib
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import imgret
from imgret import Run
from tests.conftest import png, write

QUICK: dict[str, Any] = {"backbone": "pixels", "view": "pca", "reports": [], "k": 2}
SAME = ("items.csv", "metrics.json", "features.npy", "mean.npy", "labels.npy", "view.npy")
NAMES = ("a.png", "b.png", "c/a.png", "c/d.jpg", "e.png")
THEN = 1_500_000_000  # seconds; long enough ago to be trusted


def content(number: int) -> bytes:
    """A picture, or where the number ends in 9 none. The same length for all, so that sizes tell nothing."""
    data = b"no image" if number % 10 == 9 else png((25 * number % 256, 90, 200), noise=number + 1)
    return data.ljust(4000, b"\0")


def put(file: Path, number: int) -> None:
    """Write into the file in place, or a new one, and date it back."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("r+b" if file.exists() else "wb") as stream:
        stream.write(content(number))
    os.utime(file, (THEN, THEN))


def ids(folder: Path) -> set[str]:
    """Of the pictures that lie there."""
    found = (file.read_bytes() for file in folder.rglob("*") if file.is_file())
    return {hashlib.sha256(data).hexdigest() for data in found if not data.startswith(b"no image")}


def same(one: Run, other: Run) -> bool:
    return all((one.folder / name).read_bytes() == (other.folder / name).read_bytes() for name in SAME)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(6):
        put(tmp_path / "in" / f"{number}.png", number)
    return tmp_path / "in"


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(NAMES), st.integers(0, 11)),
        st.tuples(st.just("remove"), st.sampled_from(NAMES), st.just(0)),
        st.tuples(st.just("rename"), st.sampled_from(NAMES), st.integers(0, len(NAMES) - 1)),
    ),
    max_size=5,
)


def edit(folder: Path, what: str, name: str, number: int) -> None:
    file = folder / name
    if what == "put":
        put(file, number)
    elif file.exists() and what == "remove":
        file.unlink()
    elif file.exists() and file != folder / NAMES[number]:
        (folder / NAMES[number]).parent.mkdir(exist_ok=True)
        os.replace(file, folder / NAMES[number])


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EDITS, min_size=1, max_size=3))
def test_any_edits_and_then_a_run_is_the_run_of_an_empty_store(rounds: list[list[tuple[str, str, int]]]) -> None:
    with tempfile.TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        folder = Path(place) / "in"
        put(folder / "x.png", 20)
        put(folder / "y.png", 21)
        seen: set[str] = set()
        for edits in [[], *rounds]:
            for each in edits:
                edit(folder, *each)
            patch.setenv("IMGRET_HOME", str(Path(place) / "kept"))
            run = imgret.run(folder, out=str(Path(place) / "runs"), **QUICK)
            assert run.info.features.computed == len(ids(folder) - seen)  # of each new content, once
            assert set(run.ids) == ids(folder)
            seen |= ids(folder)
        patch.setenv("IMGRET_HOME", str(Path(place) / "empty"))
        first = imgret.run(folder, out=str(Path(place) / "runs"), **QUICK)
        assert first.info.features.computed == len(ids(folder))
        assert same(run, first)


def test_only_new_content_is_computed_and_what_is_gone_is_gone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = imgret.run(folder, **QUICK)
    os.replace(folder / "0.png", folder / "renamed.png")
    renamed = imgret.run(folder, **QUICK)
    assert (renamed.info.features.computed, renamed.ids) == (0, first.ids)
    assert renamed.row_of["renamed.png"] == first.row_of["0.png"]
    (folder / "1.png").unlink()
    put(folder / "2.png", 12)
    put(folder / "new/3.png", 13)
    put(folder / "twin.png", 13)
    changed = imgret.run(folder, **QUICK)
    assert changed.info.features.computed == 2
    assert set(changed.ids) == ids(folder)
    assert changed.info.outcomes == {"ok": 6, "duplicate": 1}
    assert not {"0.png", "1.png"} & set(changed.row_of)
    since = changed.info.since
    assert (since.run, since.new, since.gone) == (renamed.folder.name, 2, 2)
    monkeypatch.setenv("IMGRET_HOME", "another store")
    assert same(changed, imgret.run(folder, **QUICK))


def test_files_that_change_places_change_images(folder: Path) -> None:
    first = imgret.run(folder, **QUICK)  # of one size and time, and by name still there
    for old, new in (("0.png", "z"), ("1.png", "0.png"), ("z", "1.png")):
        os.replace(folder / old, folder / new)
    swapped = imgret.run(folder, **QUICK)
    assert swapped.info.features.computed == 0
    assert [swapped.row_of[name] for name in ("0.png", "1.png")] == [first.row_of[n] for n in ("1.png", "0.png")]


def unnoticed(file: Path, number: int) -> None:
    """Edit a file in place so that nothing tells, as where a system keeps no time of the change."""
    put(file, number)
    seen = os.stat(file)
    with sqlite3.connect(Path(os.environ["IMGRET_HOME"]) / "cache.sqlite") as base:
        values = seen.st_ctime_ns, os.fsencode(file.resolve())
        assert base.execute("UPDATE files_3 SET ctime_ns = ? WHERE path = ?", values).rowcount == 1
    base.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no time of the change")
def test_an_edit_of_the_same_size_and_time_is_found_by_the_time_of_the_change(folder: Path) -> None:
    imgret.run(folder, **QUICK)
    put(folder / "2.png", 12)
    changed = imgret.run(folder, **QUICK)
    assert (changed.info.features.computed, set(changed.ids)) == (1, ids(folder))


def test_an_edit_that_nothing_tells_of_is_found_by_rehash_alone(folder: Path) -> None:
    first = imgret.run(folder, **QUICK)
    unnoticed(folder / "2.png", 12)
    assert imgret.run(folder, **QUICK).ids == first.ids
    found = imgret.run(folder, rehash=True, **QUICK)
    assert (found.info.features.computed, set(found.ids)) == (1, ids(folder))
    after = imgret.run(folder, **QUICK)  # what was found is remembered
    assert (after.info.features.computed, after.ids) == (0, found.ids)


def test_rehash_computes_nothing_that_is_there_and_gives_the_same(folder: Path, reads: list[str]) -> None:
    first = imgret.run(folder, **QUICK)
    reads.clear()
    again = imgret.run(folder, rehash=True, **QUICK)
    assert (again.info.features.computed, len(reads)) == (0, 6)
    assert same(first, again)
    reads.clear()
    imgret.run(folder, **QUICK)
    assert reads == []


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of what is handed to the loader."""
    from imgret.features import extract

    paths: list[str] = []
    batches = extract.batches

    def noted(source: Any, items: Any, *more: Any, **named: Any) -> Any:
        paths.extend(item.path for item in items)
        return batches(source, items, *more, **named)

    monkeypatch.setattr(extract, "batches", noted)
    return paths


def test_rehash_reads_again_where_vectors_come_from_elsewhere(folder: Path) -> None:
    import numpy as np

    np.save("v.npy", np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32))
    given = QUICK | {"backbone": "precomputed", "backbone__vectors": "v.npy"}
    first = imgret.run(folder, **given)
    unnoticed(folder / "2.png", 12)
    assert imgret.run(folder, **given).ids == first.ids
    assert set(imgret.run(folder, rehash=True, **given).ids) == ids(folder)


def test_a_folder_that_moves_is_read_and_not_computed(folder: Path, tmp_path: Path) -> None:
    first = imgret.run(folder, **QUICK)
    shutil.move(folder, tmp_path / "elsewhere")
    moved = imgret.run(tmp_path / "elsewhere", **QUICK)
    assert (moved.info.features.computed, moved.info.since) == (0, None)
    assert same(first, moved)


def test_settings_typed_as_flags(folder: Path, capsys: Any) -> None:
    from imgret.__main__ import main

    write(Path("photos"), {"1.png": content(1)})
    assert main(["photos", "--rehash", "k=1"]) == 2
    assert capsys.readouterr().err.endswith("type rehash=true\n")


def test_a_matrix_that_goes_while_a_run_is_at_work_loses_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by `doctor --gc` or `forget`: no run links it before it is saved."""
    from imgret import pipeline
    from imgret.care import gc
    from imgret.store.store import home

    first = imgret.run(folder, **QUICK)
    measure = pipeline.measure

    def freed(*given: Any) -> Any:
        for spare in gc.matrices(home()):
            spare.remove()
        return measure(*given)

    monkeypatch.setattr("imgret.pipeline.measure", freed)
    kept = shutil.copytree(first.folder, first.folder.with_name("kept"))
    shutil.rmtree(first.folder)  # with the only link
    first.folder = kept
    second = imgret.run(folder, **QUICK)
    assert not list(home().glob("matrices/*"))
    assert same(first, second)
