"""A run to take away."""

from pathlib import Path

import pytest

import imgret
from imgret import Run
from tests.conftest import png, write


def pictures(root: Path) -> Path:
    """Twelve pictures of two colours in folders a and b, with the same names in both, a duplicate and a text."""
    shots = {f"{d}/{i}.png": png(c, noise=i + 20 * (d == "a") + 1)
             for d, c in {"a": (240, 9, 9), "b": (9, 9, 240)}.items() for i in range(6)}  # fmt: skip
    return write(root, {**shots, "b/twin\tof 0.png": shots["b/0.png"], "a/note.txt": b"no image"})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return pictures(tmp_path / "in")


@pytest.fixture
def run(root: Path) -> Run:
    return imgret.run(root, backbone="pixels", view="pca", reports=[], k=2)
