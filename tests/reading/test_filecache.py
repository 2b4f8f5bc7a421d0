"""What is known of a file without opening it, and when that is not trusted."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from imgret.reading.decode import DECODE
from imgret.reading.filecache import FileCache, Stamp, stamp
from imgret.reading.formats import how_to_read
from imgret.reading.record import Record


def _aged(file: Path, seconds: float = 60) -> str:
    then = time.time() - seconds
    os.utime(file, (then, then))
    return str(file)


def test_an_unchanged_file_is_known_and_a_changed_one_is_not(tmp_path: Path) -> None:
    names = ["kept", "longer", "touched", "replaced"]
    for name in names:
        (tmp_path / name).write_bytes(b"12")
    paths = [_aged(tmp_path / name) for name in names]
    cache = FileCache(tmp_path / "cache.sqlite")
    records = [Record(f"{i}", "ok", "", 3, 4) for i in range(4)]
    cache.remember([(p, s, r) for p, r in zip(paths, records, strict=True) if (s := stamp(p))])
    (tmp_path / "longer").write_bytes(b"123")
    _aged(tmp_path / "longer")
    _aged(tmp_path / "touched", 30)
    (tmp_path / "new").write_bytes(b"21")
    _aged(tmp_path / "new")
    os.replace(tmp_path / "new", tmp_path / "replaced")
    assert cache.known(paths) == {paths[0]: records[0]}
    assert cache.known([str(tmp_path / "never seen")]) == {}


def test_a_file_that_may_still_change_within_the_same_time_stamp_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "young").write_bytes(b"1")
    cache = FileCache(tmp_path / "cache.sqlite")
    young = str(tmp_path / "young")
    seen = stamp(young)
    assert seen
    cache.remember([(young, seen, Record("1", "ok"))])
    assert cache.known([young]) == {}


def test_numbers_that_sqlite_cannot_hold_end_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inodes of 64 bits, as pooled drives have them; times beyond 2262 are never settled."""
    inode, late = 2**64 - 3, 2**63 + 5
    for name, time_ns in {"pooled": 10**18, "future": late}.items():
        (tmp_path / name).write_bytes(b"1")
        status = SimpleNamespace(st_size=1, st_mtime_ns=time_ns, st_ctime_ns=10**18, st_ino=inode)
        with monkeypatch.context() as patch:
            patch.setattr("imgret.reading.filecache.os.stat", lambda file, status=status: status)
            path, seen = str(tmp_path / name), stamp(str(tmp_path / name))
            assert seen
            cache = FileCache(tmp_path / "cache.sqlite")
            cache.remember([(path, seen, Record(name, "ok"))])
            assert cache.known([path]) == ({path: Record(name, "ok")} if name == "pooled" else {})
            status.st_ino -= 1
            assert cache.known([path]) == {}


def test_a_table_of_an_earlier_imgret_is_read_by_the_names_of_its_columns(tmp_path: Path) -> None:
    """As 0.1 made it; and one whose columns are in another order."""
    columns = ["path BLOB PRIMARY KEY", "size INTEGER", "mtime_ns INTEGER", "ctime_ns INTEGER", "inode INTEGER",
               "read_ns INTEGER", "id TEXT", "outcome TEXT", "reason TEXT", "width INTEGER", "height INTEGER",
               "taken TEXT", "camera TEXT", "format TEXT", "decoder INTEGER"]  # fmt: skip
    (tmp_path / "a").write_bytes(b"12")
    a = _aged(tmp_path / "a")
    s = os.stat(a)
    values = [os.fsencode(a), 2, s.st_mtime_ns, s.st_ctime_ns, s.st_ino, time.time_ns(),
              "1", "ok", "", 3, 4, "2019-07-21T18:04:11", "Canon", "heic", DECODE]  # fmt: skip
    for order in (slice(None), slice(None, None, -1)):
        with closing(sqlite3.connect(tmp_path / "cache.sqlite")) as base, base:
            base.execute(f"CREATE TABLE files_3 ({', '.join(columns[order])})")
            base.execute(f"INSERT INTO files_3 VALUES ({', '.join('?' * 15)})", values[order])
        record = Record("1", "ok", "", 3, 4, "2019-07-21T18:04:11", "Canon", "heic")
        cache = FileCache(tmp_path / "cache.sqlite")
        assert cache.known([a], ["heic"]) == {a: record}
        cache.remember([(a, Stamp(2, s.st_mtime_ns, s.st_ctime_ns, s.st_ino), record._replace(camera="Leica"))])
        assert cache.known([a], ["heic"])[a].camera == "Leica"
        (tmp_path / "cache.sqlite").unlink()


def test_what_an_earlier_imgret_refused_is_read_again_and_what_it_read_is_known(tmp_path: Path) -> None:
    """Which files are refused changes without a pixel of those that are read, whose features stay."""
    cache = FileCache(tmp_path / "cache.sqlite")
    for name, outcome in (("a", "ok"), ("b", "decode_error")):
        (tmp_path / name).write_bytes(b"12")
        path = _aged(tmp_path / name)
        seen = stamp(path)
        assert seen
        cache.remember([(path, seen, Record("1", outcome))])
    files = [str(tmp_path / "a"), str(tmp_path / "b")]
    assert set(cache.known(files)) == set(files)
    with closing(sqlite3.connect(tmp_path / "cache.sqlite")) as base, base:
        base.execute("UPDATE files_3 SET decoder = ?", (DECODE,))  # as it was written of every outcome
    assert set(cache.known(files)) == {files[0]}


def test_a_damaged_cache_starts_empty(tmp_path: Path) -> None:
    file = tmp_path / "cache.sqlite"
    file.write_bytes(b"this is no data base, but a page of something else" * 100)
    (tmp_path / "a").write_bytes(b"1")
    a = _aged(tmp_path / "a")
    cache = FileCache(file)
    assert cache.known([a]) == {}
    seen = stamp(a)
    assert seen
    cache.remember([(a, seen, Record("1", "ok"))])
    assert cache.known([a]) == {a: Record("1", "ok")}


def test_a_damaged_cache_takes_its_journal_along(tmp_path: Path) -> None:
    """Else SQLite would play it back into the next file."""
    (tmp_path / "cache.sqlite").write_bytes(b"this is no data base" * 100)
    (tmp_path / "cache.sqlite-journal").write_bytes(b"nor is this its journal")
    assert FileCache(tmp_path / "cache.sqlite").known(["x"]) == {}
    assert list(tmp_path.glob("cache*")) == []


def test_a_cache_that_cannot_be_opened_is_passed_over(tmp_path: Path) -> None:
    cache = FileCache(tmp_path / "missing folder" / "cache.sqlite")
    assert cache.known(["x"]) == {}
    cache.remember([])


def test_what_took_too_long_is_known_for_as_long_a_time_only(tmp_path: Path) -> None:
    cache = FileCache(tmp_path / "cache.sqlite")
    (tmp_path / "a.png").write_bytes(b"12")
    path = _aged(tmp_path / "a.png")
    seen = stamp(path)
    assert seen
    for outcome, reason, known in (("timeout", "no result after 5 s", False), ("decoder_crashed", "killed", True)):
        cache.remember([(path, seen, Record("", outcome, reason))])
        assert cache.known([path], timeout=5) == {path: Record("", outcome, reason)}
        assert bool(cache.known([path], timeout=6)) == known


def test_what_hangs_on_the_formats_asked_for_is_known_only_for_these(tmp_path: Path) -> None:
    records = {
        "read.tif": Record("1", "ok", "", 3, 4, "2019-07-21T18:04:11", "Canon EOS 5D", "tiff"),
        "cut.tif": Record("2", "truncated", "cut", format="tiff"),
        "not asked for.heic": Record("", "unsupported", f"HEIC: {how_to_read(['HEIC'])}", format="heic"),
        "said otherwise.heic": Record("", "unsupported", "HEIC: type something else", format="heic"),
        "notes.txt": Record("", "unsupported", "not a JPEG, PNG, WEBP, GIF, BMP or TIFF file"),
        "raw.tif": Record("3", "unsupported", "a camera's raw file"),
        "plain.png": Record("4", "ok", "", 3, 4),
    }
    cache, known = FileCache(tmp_path / "cache.sqlite"), {}
    for name, record in records.items():
        (tmp_path / name).write_bytes(b"12")
        path = _aged(tmp_path / name)
        seen = stamp(path)
        assert seen
        cache.remember([(path, seen, record)])
        known[path] = record
    for formats, names in {
        (): {"not asked for.heic", "raw.tif", "plain.png"},
        ("tiff",): set(records) - {"said otherwise.heic"},
        ("heic",): {"raw.tif", "plain.png"},
        ("heic", "tiff"): {"read.tif", "cut.tif", "raw.tif", "plain.png"},
    }.items():
        assert cache.known(known, formats) == {p: r for p, r in known.items() if Path(p).name in names}
