"""What a store can do without, how many bytes that frees, and what is kept."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from imgret.care.gc import feature_sets, matrices, set_aside
from tests.conftest import write


def test_a_matrix_that_a_run_links_is_kept(tmp_path: Path) -> None:
    write(tmp_path / "matrices", {"linked.npy": b"12345", "spare.npy": b"1234567", "note.txt": b"1"})
    os.link(tmp_path / "matrices" / "linked.npy", tmp_path / "of a run.npy")
    (spare,) = matrices(tmp_path)
    assert (spare.place.name, spare.what, spare.bytes) == ("spare.npy", "a matrix that no run links", 7)
    spare.remove()
    spare.remove()
    assert sorted(file.name for file in (tmp_path / "matrices").iterdir()) == ["linked.npy", "note.txt"]


def test_what_was_set_aside_may_go(tmp_path: Path) -> None:
    write(tmp_path / "features" / "a", {"x.damaged": b"123", "x.safetensors": b"1"})
    assert [(spare.place.name, spare.bytes) for spare in set_aside(tmp_path)] == [("x.damaged", 3)]


@pytest.mark.parametrize(
    ("label", "said"),
    [
        (
            {"schema": 1, "recipe": {"backbone": "pixels", "arguments": {"size": 32, "fit": "pad"}}},
            "pixels fit=pad size=32",
        ),
        ({"schema": 1, "recipe": {"backbone": "pixels", "arguments": {}}}, "pixels"),
        ({"schema": 1, "recipe": []}, "features of an unknown backbone"),
        ({}, "features of an unknown backbone"),
    ],
)
def test_a_set_says_what_it_was_made_with_and_of_how_many_images(label: object, said: str, tmp_path: Path) -> None:
    """Three and two rows; a shard that is damaged has none."""
    folder = write(tmp_path / "features" / "a", {"set.json": json.dumps(label).encode(), "c.safetensors": b"damaged"})
    for name, rows in (("a", 3), ("b", 2)):
        save_file({"ids": np.zeros((rows, 32), np.uint8)}, folder / f"{name}.safetensors")
    size = sum(file.stat().st_size for file in folder.iterdir())
    (spare,) = feature_sets(tmp_path)
    assert (spare.place, spare.what, spare.bytes) == (folder, f"{said}, 5 images", size)
    spare.remove()
    assert list((tmp_path / "features").iterdir()) == []
