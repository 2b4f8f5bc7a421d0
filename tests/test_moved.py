"""Plug-ins that were written for 0.1 find what they import, and are told where it is now."""

import subprocess
import sys
import warnings
from importlib import import_module
from pathlib import Path

import pytest

OLD = """
import imgret.weights
from imgret import UsageError, register, sheet
from imgret.decode import FILTERS
from imgret.files import read_file
from imgret.processes import context
from imgret.registry import unknown
from imgret.results import Run
from imgret.sheet import Tile
from imgret.store import digest, home
from imgret.weights import Remote
from imgret.words import counted
from imgret.contracts import Item
from imgret.ops import top_k
"""
NEW = """
from imgret import Run, UsageError, register
from imgret.plugin import FILTERS, Item, Remote, Tile, counted, digest, home, ops, processes, read_file, sheet, unknown
"""
MOVED = ("decode", "files", "processes", "results", "sheet", "weights")


def test_an_old_import_gives_the_same_objects_and_a_warning_that_names_the_new_one() -> None:
    old: dict[str, object] = {}
    new: dict[str, object] = {}
    for name in MOVED:
        sys.modules.pop(f"imgret.{name}", None)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        exec(compile(OLD, "plugin.py", "exec"), old)
        exec(NEW, new)
    shared = {name for name in old.keys() & new.keys() if not name.startswith("__")}
    assert {"FILTERS", "Item", "Remote", "Run", "Tile", "counted", "digest", "home", "sheet", "unknown"} <= shared
    assert all(old[name] is new[name] for name in shared)
    assert {warning.filename for warning in said} == {"plugin.py"}
    named = {str(warning.message).partition(" ")[0] for warning in said}
    assert named == {f"imgret.{name}" for name in (*MOVED, "store.digest", "store.home")}
    assert all("import what you need of it from imgret.plugin" in str(warning.message) for warning in said)
    assert all(str(warning.message).endswith("goes with version 0.3") for warning in said)


def test_nothing_else_is_handed_on() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Store'"):
        import_module("imgret.store").Store  # noqa: B018


def test_a_run_says_which_line_of_a_plugin_is_to_be_mended(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("from imgret.weights import Remote\n")
    done = subprocess.run(
        [sys.executable, "-m", "imgret", "plugins"], env={"IMGRET_PLUGINS": str(tmp_path), "PATH": ""},
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert f"{tmp_path / 'mine.py'}:1: DeprecationWarning: imgret.weights has moved" in done.stderr
