"""Draw the shots of one fabric into a folder: the task of a worker process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from .fields import Array
from .motifs import MOTIFS
from .odd_files import ODD, encoded
from .palettes import palette
from .photograph import Camera, Cloth, photograph
from .plan import Shot
from .prints import PRINTS
from .woven import WOVEN
from .yarns import on_cloth

DESIGNS = (*WOVEN, *PRINTS, *MOTIFS)
SMALL = 240  # pixels of an odd file's longest side


def tile(seed: int, fabric: int) -> Array:
    """The seamless tile of a fabric, (SIDE, SIDE, 3) float32, sRGB about 0..1.

    As in a real catalogue, one fabric in five is the fabric before it in other colours, and one in five has
    the colours of the fabric before it in another design.
    """
    drawn = fabric - (fabric % 5 == 2)
    coloured = fabric - (fabric % 5 == 4)
    turn, place = divmod(drawn, len(DESIGNS))  # all designs come once before one comes again
    design = DESIGNS[np.random.default_rng([seed, 1, 0, turn]).permutation(len(DESIGNS))[place]]
    colours = palette(np.random.default_rng([seed, 1, 1, coloured]))
    rng = np.random.default_rng([seed, 1, 2, drawn])
    return design(rng, colours) if design in WOVEN else on_cloth(rng, design(rng, colours))


def draw(folder: Path, shots: Sequence[Shot], size: int, seed: int) -> None:
    """Write the files of these shots, all of one fabric, into `folder`; sides up to `size` pixels."""
    cloth = Cloth(tile(seed, shots[0].fabric))
    for shot in shots:
        by = Camera(np.random.default_rng([seed, 2, shot.camera]))
        picture = photograph(np.random.default_rng([seed, 3, shot.of]), cloth, by, size, size // 4)
        (folder / shot.name).write_bytes(_file(seed, shot, by, picture))


def _file(seed: int, shot: Shot, by: Camera, picture: Image.Image) -> bytes:
    if shot.form in ODD:
        picture.thumbnail((SMALL, SMALL))
        return ODD[shot.form][1](picture)
    if shot.form == "near":
        rng = np.random.default_rng([seed, 4, shot.number])
        left, top, right, bottom = (rng.uniform(0, 0.04, 4) * [*picture.size, *picture.size]).astype(int).tolist()
        picture = picture.crop((left, top, picture.width - right, picture.height - bottom))
        return encoded(picture, "JPEG", quality=int(rng.integers(55, 95)))
    return encoded(picture, "JPEG", quality=by.quality)
