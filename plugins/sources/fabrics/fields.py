"""Seamless fields on a square tile: coordinates, smooth noise, antialiased cuts, painting and stamping.

Fields are float32 (SIDE, SIDE) and continue over the tile's border; a canvas is (SIDE, SIDE, 3), sRGB in 0..1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 768  # pixels of a tile's side; the yarns' pitches divide it

Array = NDArray[np.floating[Any]]
Rng = np.random.Generator


def axes() -> tuple[Array, Array]:
    """Columns x (1, SIDE) and rows y (SIDE, 1), in periods: 0 <= x, y < 1."""
    x = (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE
    return x[None, :], x[:, None]


def noise(rng: Rng, columns: int, rows: int = 0) -> Array:
    """Smooth noise of about zero mean and unit variance, with so many random values along each side."""
    smooth = _enlarged(rng.standard_normal((rows or columns, columns), dtype=np.float32))
    return smooth / max(float(smooth.std()), 1e-6)


def wobble(rng: Rng, amount: float, cells: int = 12) -> tuple[Array, Array]:
    """`axes`, shaken by a hand: x, y (SIDE, SIDE), moved by `amount` pixels (standard deviation)."""
    x, y = axes()
    return x + amount / SIDE * noise(rng, cells), y + amount / SIDE * noise(rng, cells)


def cells(t: Array, count: int) -> tuple[NDArray[np.int64], Array]:
    """Number of the cell (0..count-1) and place in it (-0.5..0.5) of coordinates in periods."""
    at = t * count
    whole = np.floor(at)
    return whole.astype(np.int64) % count, at - whole - 0.5


def cut(field: Array, pixels: float = 0) -> Array:
    """Coverage 0..1 of `field > 0`, the border one pixel wide; `pixels` = the field's unit, 0 = by its slope."""
    if not pixels:
        dy, dx = np.gradient(field)
        field, pixels = field / (np.hypot(dx, dy) + 1e-6), 1
    covered: Array = (0.5 + field * pixels).clip(0, 1)
    return covered


def blank(colour: Array) -> Array:
    return np.broadcast_to(colour, (SIDE, SIDE, 3)).astype(np.float32)


def paint(canvas: Array, coverage: Array, colour: Array) -> None:
    """Lay a colour (3,) or colours (..., 3) over the canvas, in place."""
    canvas += coverage[..., None] * (colour - canvas)


def ramp(t: Array, colours: Array) -> Array:
    """Colours along 0..1 (clipped), mixed linearly between neighbours: (..., 3)."""
    table = np.stack([np.interp(np.linspace(0, 1, 1024), np.linspace(0, 1, len(colours)), c) for c in colours.T], 1)
    return table.astype(np.float32)[(t * 1023).clip(0, 1023).astype(np.int64)]


def turned(x: Array, y: Array, angle: float) -> tuple[Array, Array]:
    """Coordinates along axes that are turned by an angle (radians)."""
    cos, sin = math.cos(angle), math.sin(angle)
    return x * cos + y * sin, y * cos - x * sin


def patch(radius: int, angle: float) -> tuple[Array, Array]:
    """Coordinates x, y of a square patch of 2 radius + 1 pixels, in radii, turned by an angle (radians)."""
    t = (np.arange(-radius, radius + 1, dtype=np.float32) / radius)[None, :]
    return turned(t, t.T, angle)


def stamp(canvas: Array, colour: Array, coverage: Array, x: float, y: float) -> None:
    """Lay a patch with its own coverage over the canvas, its middle at (x, y) in periods, in place."""
    height, width = coverage.shape
    columns = (np.arange(width) + int(x * SIDE) - width // 2) % SIDE
    rows = (np.arange(height) + int(y * SIDE) - height // 2) % SIDE
    part = canvas[np.ix_(rows, columns)]
    paint(part, coverage, colour)
    canvas[np.ix_(rows, columns)] = part


def scatter(rng: Rng, count: int, jitter: float) -> Iterator[tuple[float, float]]:
    """Points (x, y) in periods on a staggered lattice of count x count, each moved by up to `jitter` cells."""
    for row in range(count):
        for column in range(count):
            dx, dy = rng.uniform(-jitter, jitter, 2)
            yield (column + 0.5 * (row % 2) + 0.25 + dx) / count % 1, (row + 0.5 + dy) / count % 1


def nearest(rng: Rng, count: int) -> tuple[Array, Array, NDArray[np.int64]]:
    """Distances, in cells, to the nearest and second nearest of count^2 scattered points, and the nearest's number.

    Worley's F1 and F2 (S. Worley, A cellular texture basis function, SIGGRAPH 1996), found on a coarser grid.
    """
    from scipy.spatial import KDTree

    coarse = SIDE // 3
    points = np.array(list(scatter(rng, count, 0.35)))
    t = (np.arange(coarse) + 0.5) / coarse
    where = np.stack(np.meshgrid(t, t), -1).reshape(-1, 2)
    distances, owners = KDTree(points, boxsize=1).query(where, k=2)
    first, second = (_enlarged((d * count).astype(np.float32).reshape(coarse, coarse)) for d in distances.T)
    return first, second, np.kron(owners[:, 0].reshape(coarse, coarse), np.ones((3, 3), np.int64))


def _enlarged(values: Array) -> Array:
    """A coarser field (rows, columns), which continues over its border as well, as one of (SIDE, SIDE)."""
    (rows, columns), pad = values.shape, 4
    image = Image.fromarray(np.pad(values, pad, mode="wrap"))
    box = (pad, pad, pad + columns, pad + rows)
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box))
