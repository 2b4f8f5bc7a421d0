"""Versions of what is on disk: an older one is read, a newer one is refused with the version that reads it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import imgret
from imgret.__main__ import main
from imgret.errors import StoreDamaged
from imgret.store import schema
from imgret.store.store import Store, home
from tests.conftest import png, write

RECIPE = {"backbone": "x", "arguments": {}}
QUICK = ["backbone=pixels", "view=pca", "k=2", "reports=[]", "attributes=[]"]


def write_schema_1(root: Path) -> tuple[list[str], Any]:
    """A store as schema 1 had it before it said so, written without imgret: later versions read it, too."""
    ids = [hashlib.sha256(bytes([n])).hexdigest() for n in range(3)]
    raw = np.array([list(bytes.fromhex(id)) for id in ids], np.uint8)
    features = np.arange(12, dtype=np.float32).reshape(3, 4)
    recipe = json.dumps(RECIPE, sort_keys=True).encode() + b"\n"
    folder = root / "features" / hashlib.sha256(recipe).hexdigest()[:32]
    folder.mkdir(parents=True)
    (folder / "set.json").write_text(json.dumps({"schema": 1, "recipe": RECIPE}, indent=1, sort_keys=True))
    said = hashlib.sha256(f"uint8 {raw.shape}".encode() + raw.tobytes() + f"float32 {features.shape}".encode()
                          + features.tobytes()).hexdigest()[:32]  # fmt: skip
    save_file({"ids": raw, "features": features}, folder / f"{said}.safetensors")
    return ids, features


def test_a_store_of_schema_1_is_read(tmp_path: Path) -> None:
    ids, features = write_schema_1(tmp_path / "old")
    held = Store(tmp_path / "old").features(RECIPE)
    np.testing.assert_array_equal(held.rows(ids[::-1]), features[::-1])
    assert json.loads((tmp_path / "old" / "store.json").read_text()) == {"schema": 1, "imgret": imgret.__version__}


@pytest.mark.parametrize("damaged", ["", "[]", "{}", '{"schema": "1"}', "[" * 99999, '{"schema": 1'])
def test_a_label_that_is_damaged_is_written_again(damaged: str) -> None:
    Store()
    (home() / "store.json").write_text(damaged)
    Store()
    assert schema.read(home() / "store.json")["schema"] == 1


def test_what_is_newer_is_refused_with_the_version_that_reads_it(tmp_path: Path, capsys: Any) -> None:
    photos = write(tmp_path / "in", {f"{n}.png": png((20 * n, 90, 30), noise=n + 1) for n in range(4)})
    assert main([str(photos), *QUICK]) == 0
    label, held = home() / "store.json", next(home().glob("features/*/set.json"))
    run = Path("runs/latest/run.json")
    newer = {
        label: {"schema": 3, "imgret": "0.9.0"},
        held: {**json.loads(held.read_text()), "schema": 3, "imgret": "0.9.0"},
        run: {**json.loads(run.read_text()), "schema": 3, "versions": {"imgret": "0.9.0"}},
    }
    for file, content in newer.items():
        before = file.read_text()
        file.write_text(json.dumps(content))
        capsys.readouterr()
        words = [["query", "0.png"]] if file == run else [[str(photos), *QUICK], ["doctor"]][: 1 + (file == label)]
        for typed in words:
            assert main(typed) == 4
            assert "written by imgret 0.9.0 (schema 3), this is" in capsys.readouterr().err
        assert json.loads(file.read_text()) == content  # nothing was touched
        file.write_text(before)
    assert main(["doctor"]) == 0


def test_who_wrote_it_is_printed_as_text() -> None:
    with pytest.raises(StoreDamaged, match=r"written by imgret \\x1b\[2J"):
        schema.check(Path("x"), {"schema": 2, "imgret": "\x1b[2J" + "9" * 999}, 1)
    with pytest.raises(StoreDamaged, match="written by a newer imgret"):
        schema.check(Path("x"), {"schema": 2, "versions": 7}, 1)
