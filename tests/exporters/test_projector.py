"""The format projector: vectors, metadata and a sprite in one order."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import imgret
from imgret import Run
from imgret.__main__ import main


def test_projector(run: Run, root: Path) -> None:
    assert main(["export", "projector", "out"]) == 0
    np.testing.assert_allclose(np.loadtxt("out/tensors.tsv", delimiter="\t"), run.X, atol=1e-6)
    header, *lines = Path("out/metadata.tsv").read_text().splitlines()
    assert header.split("\t") == ["path", "id", "cluster", "label", "group", "file"]
    assert [line.split("\t")[1] for line in lines] == run.ids
    with Image.open("out/sprite.png") as sprite:
        assert sprite.size == (256, 256)  # 12 images in 4 columns of 64 pixels
    assert 'tensor_path: "tensors.tsv"' in Path("out/projector_config.pbtxt").read_text()


def test_the_sprite_shows_formats_that_were_asked_for(root: Path, capsys: Any) -> None:
    with Image.open(root / "a" / "0.png") as image:
        image.save(root / "a" / "scan.tif")
    imgret.run(root / "a", backbone="pixels", view="pca", reports=[], k=2, formats=["tiff"])
    assert main(["export", "projector", "out"]) == 0
    assert "7 distinct images" in (said := capsys.readouterr().out)
    assert "gone" not in said
