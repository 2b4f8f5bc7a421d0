"""CONTRIBUTING's components, each held to its contract, and its package, installed."""

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from imgret.checks import faults
from imgret.checks.templates import COMPONENTS
from imgret.contracts import OFFERED
from imgret.registry import KINDS

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = {kind: code for code in re.findall(r"```python\n(.*?)```", TEXT, re.S)
          for kind in re.findall(r'@register\("(\w+)"', code)}  # fmt: skip


def _name(code: str) -> str:
    return re.findall(r"^(?:def|class) (\w+)", code, re.M)[0]


def test_each_kind_has_its_example_which_is_what_new_writes() -> None:
    assert set(BLOCKS) == set(KINDS)
    for kind, code in BLOCKS.items():
        assert code == COMPONENTS[kind].replace("NAME", _name(code))
        assert len(code.splitlines()) <= 20


@pytest.mark.parametrize("kind", BLOCKS)
def test_examples_keep_their_contracts(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgret.dropped.__path__", [str(tmp_path)])
    name = _name(BLOCKS[kind])
    (tmp_path / f"{name}.py").write_text(BLOCKS[kind], encoding="utf-8")
    importlib.import_module(f"imgret.dropped.{name}")
    assert faults(kind, name) == []


@pytest.mark.slow
@pytest.mark.skipif(not all(map(importlib.util.find_spec, ("pip", "setuptools"))), reason="nothing to install with")
def test_the_package_is_offered_once_it_is_installed(tmp_path: Path) -> None:
    folder = tmp_path / "imgret-birch"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(re.findall(r"```toml\n(.*?)```", TEXT, re.S)[0], encoding="utf-8")
    (folder / "imgret_birch.py").write_text(BLOCKS["clusterer"], encoding="utf-8")
    test = next(code for code in re.findall(r"```python\n(.*?)```", TEXT, re.S) if "import imgret_birch" in code)
    (folder / "test_imgret_birch.py").write_text(test, encoding="utf-8")
    tree = re.findall(r"```text\n(imgret-birch/.*?)```", TEXT, re.S)[0].split()
    assert tree == ["imgret-birch/", *sorted((file.name for file in folder.iterdir()), key=tree.index)]

    def do(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *words],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), str(ROOT)])},
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    alone = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "-q")
    do("pip", "install", *alone, "--target", str(tmp_path / "site"), ".")
    (folder / "imgret_birch.py").unlink()  # it is the installed one that is found
    assert "clusterer=birch  k=${k} threshold=0.5" in do("imgret", "plugins", "clusterer")
    assert "clusterer/birch: no fault in" in do("imgret", "plugins", "check", "clusterer/birch")
    assert "1 passed" in do("pytest", "-p", "no:cacheprovider")


def test_what_a_metric_may_ask_for_is_said_as_the_package_has_it() -> None:
    for name, said in OFFERED.items():
        assert f"| `{name}` | {said} |\n" in TEXT
