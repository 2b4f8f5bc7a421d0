"""README's commands, run as they are written."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgret.__main__ import main
from imgret.registry import load_plugins
from tests.conftest import png, write

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = [line for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines()]
PYTHON = re.findall(r"```python\n(.*?)```", README, re.S)
RUNS = [line for line in SHELL if "python -m imgret" in line and "venv" not in line]
QUICK = [line for line in RUNS if line == "python -m imgret ~/photos" or not (
    re.search("umap|dbscan|archive|manifold", line)  # these compile for twenty seconds first
    or (re.search("python -m imgret ~/", line) and "precomputed" not in line)  # and these a network for seven
)]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with what README's commands speak of."""
    shots = {f"{label}/{i}.jpg": png((60 * n, 200 - 50 * n, 90), noise=10 * n + i)
             for n, label in enumerate(("cat", "dog", "owl")) for i in range(1, 9)}  # fmt: skip
    write(tmp_path / "photos", shots)
    write(
        tmp_path / "queries",
        {f"{label}/9.jpg": png((59, 198, 91), noise=78 + n) for n, label in enumerate(("cat", "dog"))},
    )
    write(tmp_path / "new", {"1.jpg": png((200, 10, 90), noise=77)})
    names = [f"{person:04}_c{camera}s1_{shot}.jpg" for person in (2, 7, 11) for camera in (1, 2) for shot in range(4)]
    write(tmp_path / "crops", {name: png((9 * i, 99, 5 * i), noise=i + 1) for i, name in enumerate(names)})
    write(tmp_path / "plugins", {"birch.py": next(code for code in PYTHON if "def birch" in code).encode()})
    rows = "\n".join(f"photos/{name},{name[:3]},{place}.90" for place, name in enumerate(shots))
    write(tmp_path, {"products.csv": f"photo,type,price\n{rows}\n".encode()})
    np.save(tmp_path / "features.npy", np.random.default_rng(0).normal(size=(len(shots), 8)).astype(np.float32))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _words(line: str) -> tuple[dict[str, str], list[str]]:
    """Variables set before the command, and its words as bash hands them over."""
    before, _, after = line.partition("python -m imgret")
    listed = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {after}"], capture_output=True, text=True, check=True
    ).stdout
    variables = dict(word.split("=", 1) for word in shlex.split(before))
    return variables, listed.split("\0")[:-1] if after.strip() else []


def test_the_two_commands_are_the_first_that_one_sees() -> None:
    assert SHELL[0].endswith("&& pip install -e . && python -m imgret clusterer=kmeans k=100")
    assert SHELL[1].endswith('&& pip install -e ".[test]" && pytest -n auto')


@pytest.mark.parametrize("line", [
    pytest.param(line, marks=[] if line in QUICK else [pytest.mark.slow]) for line in RUNS
])  # fmt: skip
def test_commands(line: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    import imgret.dropped

    variables, words = _words(line)
    if "~/resnet50.pth" in line:
        import torch
        import torchvision

        torch.save(torchvision.models.resnet50().state_dict(), home / "resnet50.pth")
    if "IMGRET_PLUGINS" in variables:
        monkeypatch.setattr(imgret.dropped, "__path__", [variables["IMGRET_PLUGINS"].replace("~", str(home), 1)])
        load_plugins()
    if words[:1] and words[0] in (
        "query",
        "runs",
        "export",
        "assign",
        "doctor",
        "forget",
        "evaluate",
        "sweep-k",
        "compare",
    ):
        for k in (2, 3) if words[0] == "compare" else (3,):
            assert main(["photos", f"k={k}", "backbone=pixels", "view=pca", "reports=[]"]) == 0
    assert main([_fewer(word) for word in words]) == 0, capsys.readouterr().err
    assert capsys.readouterr().out


def _fewer(word: str) -> str:
    """README speaks of folders larger than the test's two dozen images: a smaller k, the same command."""
    return {"k=20": "k=4", "k=10,20": "k=2,3", "k=10": "k=3"}.get(word, word)


@pytest.mark.slow
def test_the_python_example(home: Path, capsys: Any) -> None:
    code = next(code for code in PYTHON if "imgret.run(" in code)
    exec(compile(code, "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) >= 6
