"""What tests share: a store and a folder of their own, tiny images, and the photographs where there are any."""

import io
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imgret import registry
from imgret.registry import load_plugins

load_plugins()


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has its own store and stands in its own folder."""
    monkeypatch.setenv("IMGRET_HOME", str(tmp_path / "store"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture(autouse=True)
def _own_plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test registers or drops in, it takes along."""
    monkeypatch.setattr(registry, "_found", dict(registry._found))
    yield
    for name in [name for name in sys.modules if name.startswith("imgret.dropped.")]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def _own_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test's log goes to the standard error of an earlier one, or is as quiet as that one wanted."""
    log = logging.getLogger("imgret")
    level = log.level
    monkeypatch.setattr(log, "handlers", [])
    monkeypatch.setattr(log, "propagate", True)
    yield
    log.setLevel(level)


@pytest.fixture
def photographs() -> Path:
    """The folder `clothing` of `$IMGRET_TEST_DATA`."""
    folder = Path(os.environ.get("IMGRET_TEST_DATA", "")) / "clothing"
    if "IMGRET_TEST_DATA" not in os.environ or not folder.is_dir():
        pytest.skip("IMGRET_TEST_DATA names no folder with `clothing` in it")
    return folder


def png(colour: tuple[int, int, int], size: tuple[int, int] = (24, 16), noise: int = 0) -> bytes:
    """A PNG of one colour, (width, height); `noise` seeds grain that makes it differ from others of its colour."""
    grain = np.random.default_rng(noise).integers(0, 30 if noise else 1, (size[1], size[0], 3))
    stream = io.BytesIO()
    Image.fromarray((np.array(colour) // 2 + grain).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """A folder of 3 labels x 8 images: red, green and blue ones, each label's cameras a and b in turn."""
    for label, colour in {"red": (250, 20, 20), "green": (20, 250, 20), "blue": (20, 20, 250)}.items():
        for shot in range(8):
            file = tmp_path / "colours" / label / "ab"[shot % 2] / f"{shot}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(png(colour, noise=shot + 1 + 10 * len(label)))
    return tmp_path / "colours"


def write(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files by relative name into a folder, and return the folder."""
    for name, data in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder
