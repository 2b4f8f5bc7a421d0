"""What is printed has no power over the terminal, and a name begins no line of its own."""

import ast
import io
import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgret
from imgret.errors import UsageError
from imgret.screen import Gate, Lines, complain, gated, plain, say, say_json

EVIL = "x\x1b[2J\u202e\x9b\r\n\udcff"


@given(st.text(st.characters(codec=None), max_size=40))
def test_what_passes_the_gate_is_printable_line_by_line(text: str) -> None:
    beneath = io.StringIO()
    assert Gate(beneath).write(text) == len(text)
    assert beneath.getvalue() == plain(text) == plain(plain(text))
    assert beneath.getvalue().replace("\n", "").replace("\t", "").isprintable()
    if text.isascii() and text.isprintable():
        assert plain(text) == text


def test_a_line_of_ours_stays_one(capsys: Any) -> None:
    say("a", f"b {EVIL}", "c")
    say_json({"b": EVIL})
    complain(UsageError(f"{EVIL} is no name\ntype another"))
    complain("stopped")
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[:3] == ["a", "b x\\x1b[2J\\u202e\\x9b\\r\\n\\udcff", "c"]
    assert json.loads("\n".join(lines[3:])) == {"b": EVIL}
    assert err.splitlines() == [
        "imgret: x\\x1b[2J\\u202e\\x9b\\r\\n\\udcff is no name", "type another", "imgret: stopped"
    ]  # fmt: skip


def test_whatever_python_prints_passes_it(capsys: Any) -> None:
    before = sys.stdout, sys.stderr
    with gated():
        print("out", EVIL)
        sys.stderr.write(EVIL)
        sys.stdout.writelines([EVIL])
        try:
            raise ValueError(EVIL)
        except ValueError:
            sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    assert (sys.stdout, sys.stderr) == before
    out, err = capsys.readouterr()
    assert out.count("x\\x1b[2J\\u202e\\x9b\\r\n\\udcff") == 2
    assert err.count("x\\x1b[2J\\u202e\\x9b\\r\n\\udcff") == 2


def test_a_record_has_the_lines_of_its_text_alone() -> None:
    def told(text: str, *args: object) -> str:
        return Lines().format(logging.LogRecord("imgret", logging.INFO, "", 0, text, args, None))

    assert told("%s of %d is\n%s", EVIL, 3, Path("a\nb")) == "x\\x1b[2J\\u202e\\x9b\\r\\n\\udcff of 3 is\na\\nb"
    assert told("%s", UsageError("no such file\ntype another")) == "no such file type another"
    assert told("100 % of it\x1b") == "100 % of it\\x1b"


def test_nothing_is_printed_but_through_it() -> None:
    """`print` at a call decides for itself what is shown."""
    root = Path(imgret.__file__).parent
    for file in sorted(root.rglob("*.py")):
        if file.name not in ("screen.py", "streams.py", "__main__.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                assert not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"), file


@pytest.mark.parametrize("none", ["stdout", "stderr"])
def test_a_stream_that_is_not_there_takes_what_is_said_and_shows_nothing(
    none: str, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setattr(sys, none, None)
    with gated():
        print("lost", file=getattr(sys, none), flush=True)
    getattr(sys, none).close()
    assert capfd.readouterr() == ("", "")
