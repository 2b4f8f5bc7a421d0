"""Memory: what extraction holds does not grow by the pixels or the features of the images that it has done."""

import sys
from pathlib import Path

import pytest

from tests.bench_memory import extract_all

SIZE = 48  # pixels: of an image 6.9 kB, and 27.6 kB of features
MB = 10**6


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what of a process' memory is no file's")
def test_extraction_keeps_neither_pixels_nor_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """4,500 more images would be 31 MB more of pixels, 124 MB of features; a record of each is 5 MB."""
    monkeypatch.setattr("imgret.features.extract.SHARD", 64)  # what waits for a full shard is kept, and is to be little
    few = extract_all(500, tmp_path / "few", SIZE)
    many = extract_all(5000, tmp_path / "many", SIZE)
    assert many["own"] - few["own"] < 20 * MB
