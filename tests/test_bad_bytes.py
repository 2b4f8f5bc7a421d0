"""The loader on files that were damaged at random: a fixed seed and number of them, in a process of its own."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from imgret.reading.imagefile import OUTCOMES
from tests.bad_bytes import damaged, seeds, summed
from tests.image_bytes import save, scene

ROOT = Path(__file__).parents[1]


def _fuzz(count: int, seed: int) -> tuple[dict[str, dict[str, int]], int]:
    words = [sys.executable, "-W", "error", "-m", "tests.bad_bytes", str(count), str(seed)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return found["outcomes"], found["mebibytes"]


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory by `resource`")
def test_damaged_files_have_an_outcome_and_cost_little_memory() -> None:
    """No exception, no warning, no shape but that asked for; memory beside the pixels' is small."""
    outcomes, mebibytes = _fuzz(1000, 0)
    assert set(outcomes) == {"JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"}
    assert all(sum(counts.values()) == 1000 for counts in outcomes.values())
    total: Counter[str] = sum((Counter(counts) for counts in outcomes.values()), Counter())
    assert set(total) == set(OUTCOMES)  # the blows reach every way out
    assert all(counts["ok"] and counts["decode_error"] + counts["truncated"] for counts in outcomes.values())
    assert mebibytes < 64


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="measures memory by `resource`")
def test_many_damaged_files() -> None:
    assert _fuzz(20_000, 1)[1] < 64


def test_the_same_seed_is_the_same_damage() -> None:
    files = seeds()
    for format in files:
        made = [damaged(format, number, 0, files) for number in range(20)]
        assert made == [damaged(format, number, 0, files) for number in range(20)]
        assert len(set(made)) > 15


def test_checksums_are_mended() -> None:
    whole = save(scene(), "PNG")
    wrong = bytearray(whole)
    wrong[29] ^= 1  # in the checksum of the header
    assert summed(bytes(wrong)) == whole
    assert summed(whole[:40]) == whole[:40]
