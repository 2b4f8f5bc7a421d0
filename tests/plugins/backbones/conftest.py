"""What the tests of backbones share: built by name, caches that are empty, how far features are apart."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imgret.contracts import Backbone
from imgret.features import weights
from imgret.registry import build


def make(name: str, **arguments: Any) -> Backbone:
    made: Backbone = build("backbone", {"name": name, **arguments})
    return made


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty caches of torch's hub and of Hugging Face's, and the network gone; the latter's folder."""
    from huggingface_hub import constants

    def gone(url: str) -> Any:
        raise OSError(f"nobody may ask for {url}")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr(weights, "_open", gone)
    return tmp_path / "hf"


def difference(features: Any, reference: Any) -> float:
    return float((np.linalg.norm(features - reference, axis=1) / np.linalg.norm(reference, axis=1)).max())
