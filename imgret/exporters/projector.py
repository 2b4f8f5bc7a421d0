"""A run for TensorBoard's embedding projector: `tensorboard --logdir OUT`, or the two tables at any projector.

    OUT/tensors.tsv             X (n, d): centred features of unit length, one distinct image a line
    OUT/metadata.tsv            path, id, cluster, label, group and file of each, below a header
    OUT/sprite.png              a square grid of thumbnails, row by row; at most 8192 pixels a side
    OUT/projector_config.pbtxt  which is which

https://www.tensorflow.org/tensorboard/tensorboard_projector_plugin
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.contracts import Preprocess
from imgret.exporters.folders import folder_of
from imgret.ops import blocks
from imgret.runs.run import Run
from imgret.words import counted, printable

if TYPE_CHECKING:
    from imgret.contracts import Ints

LARGEST = 8192  # pixels: what a browser takes as one texture
SIDES = 8, 64  # pixels: of a thumbnail, at the least and at the most
HEADER = ("path", "id", "cluster", "label", "group", "file")


def write(run: Run, out: Path, copy: bool, places: Sequence[int]) -> list[str]:
    found = run.collection.rows[places]
    shown: Ints = np.unique(found[found >= 0])  # rows of distinct images
    out.mkdir()
    with (out / "tensors.tsv").open("w", encoding="ascii", newline="\n") as stream:
        for part in blocks(len(shown), 1024):
            np.savetxt(stream, run.X[shown[part]], "%.6g", "\t", "\n")
    _write_metadata(run, out / "metadata.tsv", shown)
    lines = ["embeddings {", '  tensor_name: "features"', '  tensor_path: "tensors.tsv"']
    lines.append('  metadata_path: "metadata.tsv"')
    said = [f"{counted(len(shown), 'distinct image')}: tensors.tsv, metadata.tsv"]
    columns = math.ceil(math.sqrt(len(shown)))
    side = min(SIDES[1], LARGEST // columns)
    if side >= SIDES[0]:
        gone = _draw_sprite(run, out / "sprite.png", shown, columns, side)
        size = f"single_image_dim: {side} single_image_dim: {side}"
        lines.append(f'  sprite {{ image_path: "sprite.png" {size} }}')
        said[0] += ", sprite.png"
        said += [f"{counted(gone, 'image')} of the run gone, and blank in sprite.png"] if gone else []
    else:
        said.append(f"no sprite.png: thumbnails of so many images would be below {SIDES[0]} pixels")
    (out / "projector_config.pbtxt").write_text("\n".join([*lines, "}", ""]), encoding="ascii")
    return said


def _write_metadata(run: Run, file: Path, shown: Ints) -> None:
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("\t".join(HEADER) + "\n")
        for row in shown.tolist():
            item = run.collection.items[run.collection.first[row]]
            cells = (item.path, run.ids[row], folder_of(run, row), item.label, item.group, item.file)
            stream.write("\t".join(map(printable, cells)) + "\n")


def _draw_sprite(run: Run, file: Path, shown: Ints, columns: int, side: int) -> int:
    """Draw the thumbnails of these rows; returns how many could not be had and stayed white."""
    from PIL import Image

    from imgret.reading.decode import decode

    preprocess = Preprocess((side, side), fit="pad")

    def thumbnail(row: int) -> Any:
        try:
            return decode(run.open(row), preprocess, run.settings["formats"]).pixels
        except (OSError, ValueError):
            return None

    sheet = np.full((columns * side, columns * side, 3), 255, np.uint8)
    gone = 0
    with ThreadPoolExecutor(4) as pool:
        for part in blocks(len(shown), 1024):  # no more tiles at a time than these wait to be laid
            for place, pixels in enumerate(pool.map(thumbnail, shown[part].tolist()), part.start):
                top, left = place // columns * side, place % columns * side
                if pixels is None:
                    gone += 1
                else:
                    sheet[top : top + side, left : left + side] = pixels.transpose(1, 2, 0)
    Image.fromarray(sheet).save(file, "PNG")
    return gone
