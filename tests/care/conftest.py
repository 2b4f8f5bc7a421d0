"""A store and a run to harm, and what doctor says of them."""

import re
from pathlib import Path
from typing import Any

import pytest

from imgret.__main__ import main
from imgret.store.store import home
from tests.conftest import png, write

QUICK = ["backbone=pixels", "view=pca", "k=2", "reports=[maps,clusters,page]", "log=quiet"]
PICTURES = {f"{n}.png": png((25 * n, 90, 200), noise=n + 1) for n in range(7)}


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("imgret.store.store.WORTH_KEEPING", -1.0)
    folder = write(tmp_path / "in", {**PICTURES, "sub/x.png": png((1, 2, 3)), "bad.jpg": b"\xff\xd8\xff"})
    assert main([str(folder), *QUICK]) == 0
    return folder


def state(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.resolve().rglob("*") if file.is_file() and file.name != "run.json"]
    return {file.relative_to(folder.resolve()).as_posix(): file.read_bytes() for file in files}


def doctor(capsys: Any, *words: str) -> tuple[int, list[str]]:
    capsys.readouterr()
    code = main(["doctor", *words])
    return code, [line for line in capsys.readouterr().out.splitlines() if not re.match("store|runs|faults", line)]


def damage(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.unlink()  # what is linked to it stays whole
    file.write_bytes(data)


def one(pattern: str) -> Path:
    return sorted(home().glob(pattern))[0]


def traces(needles: list[bytes]) -> list[str]:
    return [f.name for f in home().rglob("*") if f.is_file() and any(needle in f.read_bytes() for needle in needles)]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("imgret.store.store.WORTH_KEEPING", -1.0)
    assert main([str(write(tmp_path / "in", PICTURES)), *QUICK]) == 0
    return Path("runs/latest").resolve()
