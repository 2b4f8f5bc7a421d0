"""Names, paths, counts and times as people read them."""

import shlex
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgret.words import as_word, counted, decimal, duration, listed, printable, quoted, shown_path, size, typed_path

ANY_TEXT = st.text(st.characters(codec=None), max_size=40)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ünïcødé 写真.jpg", "Ünïcødé 写真.jpg"),
        ("a\tb\nc\r\x00\x1b[31m", "a\\tb\\nc\\r\\x00\\x1b[31m"),
        ("caf\udce9.jpg", "caf\\udce9.jpg"),
        ("evil\u202egpj.exe", "evil\\u202egpj.exe"),
        ("9.41\u202fAM\u00a0x", "9.41 AM x"),
        ("one\u2028two", "one\\u2028two"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(ANY_TEXT)
def test_printable_text_is_printable_and_stays_so(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(printable(text)) == printable(text)
    printable(text).encode()


def test_counts_and_times() -> None:
    assert [counted(n, "image") for n in (0, 1, 12345)] == ["0 images", "1 image", "12,345 images"]
    assert [size(b) for b in (0, 900, 1e6, 187_711_488, 6.26e9, 3e12)] == [
        "0 kB",
        "1 kB",
        "1 MB",
        "188 MB",
        "6.3 GB",
        "3.0 TB",
    ]
    assert [duration(s) for s in (0.2, 59.6, 89, 91, 3000, 7200)] == ["1 s", "60 s", "89 s", "2 min", "50 min", "2.0 h"]
    assert listed({"ok": 1200, "truncated": 3}) == "1,200 ok, 3 truncated"


def test_paths() -> None:
    assert shown_path(Path.cwd() / "runs" / "latest") == str(Path("runs/latest"))
    assert shown_path(Path("/elsewhere")) == str(Path("/elsewhere").resolve())
    assert shlex.split(quoted("it's $HOME.jpg")) == ["it's $HOME.jpg"]


def test_paths_as_typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert typed_path("~/x") == tmp_path / "x"
    for name in ("x", "~nouser/x", "~a\0b", "a" * 300, "~\ud800", ""):
        assert typed_path(name) == Path(name)
    Path("~").mkdir()
    assert typed_path("~") == Path("~")
    assert typed_path("~/x") == tmp_path / "x"


def test_numbers_have_six_digits() -> None:
    assert [decimal(np.float32(x)) for x in (1 / 3, 0, -1.5e-9, 123456789)] == [
        "0.333333",
        "0",
        "-1.5e-09",
        "1.23457e+08",
    ]
    assert [decimal(x) for x in (float("nan"), float("inf"), "red", 3)] == ["", "", "red", "3"]


def test_values_as_words() -> None:
    assert [as_word(each) for each in (True, None, ["a", 1, None, [False]], 0.5, "a b")] == [
        "true", "null", "[a,1,null,[false]]", "0.5", "a b",
    ]  # fmt: skip
