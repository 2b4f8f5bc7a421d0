"""A photograph of a fabric: crop, turn, scale, perspective, folds, light, and what the camera adds.

Places in the picture are (a, b), measured from its middle in units of its longest side.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image
from scipy.ndimage import map_coordinates

from .fields import SIDE, Array, Rng, turned

RASTER = 80  # samples of the cloth's height along the longest side
PLACES: Array = (np.arange(RASTER + 1, dtype=np.float32) / RASTER - 0.5)[None, :]  # of these samples: a; b is its T
MESH = 12, 24  # the fewest and the most quadrilaterals along the longest side
BEND = 0.022  # how far a slope of 1 shifts the cloth that is seen: too little to turn it over
TINT = 0.06  # how much warmer the light is than the shade
TEETH = 0.022  # width of the teeth of pinking shears


class Camera:
    """A camera and the room where it stands."""

    def __init__(self, rng: Rng) -> None:
        red, green, blue = rng.normal(0, (0.055, 0.02, 0.055)).tolist()
        tone = rng.uniform(0.25, 0.92)
        self.gains = 1 + red, 1 + green, 1 + blue - 0.5 * red  # of red, green, blue
        self.saturation = rng.uniform(0.75, 1.15)
        self.vignette = rng.uniform(0.1, 0.6)
        self.noise = rng.uniform(1.5, 6)  # standard deviation, grey levels of 255
        self.sharpness = rng.uniform(0.6, 1)  # resolved share of the pixels along a side
        self.quality = int(rng.integers(74, 93))  # of its JPEGs
        self.aspect = float(rng.choice([1, 0.8, 0.75, 2 / 3]))  # shorter side : longer side
        self.table = tone * rng.uniform(0.95, 1.08), tone, tone * rng.uniform(0.85, 1.05)  # what the cloth lies on


class Cloth:
    """A tile (SIDE, SIDE, 3), sRGB about 0..1, three times repeated each way, in sizes 1, 1/2, 1/4 and 1/8."""

    def __init__(self, tile: Array) -> None:
        pixels = (tile.clip(0, 1) * 255 + 0.5).astype(np.uint8)
        self.levels = [Image.fromarray(np.tile(pixels, (3, 3, 1)))]
        for _ in range(3):
            self.levels.append(self.levels[-1].reduce(2))


class Folds:
    """The height of the cloth above the table, a sum of wavy ridges, and its slopes: square rasters."""

    def __init__(self, rng: Rng, steepness: float) -> None:
        self.height = np.zeros((RASTER + 1, RASTER + 1), np.float32)
        towards = rng.uniform(0, np.pi)
        for _ in range(int(rng.integers(1, 4))):
            angle, often, sharp = rng.normal(towards, 0.5), rng.uniform(0.8, 3.2), rng.uniform(0.7, 2)
            across, along = turned(PLACES, PLACES.T, angle)
            phase, start = rng.uniform(0, 2 * np.pi, 2).tolist()
            bent = rng.uniform(0.3, 1.9) * np.sin(2 * np.pi * rng.uniform(0.5, 1.5) * along + start)
            ridge = (0.5 + 0.5 * np.sin(2 * np.pi * often * across + bent + phase)) ** sharp
            swell = 0.7 + 0.3 * np.cos(3.8 * along + start)
            self.height += steepness * rng.uniform(0.4, 1) / (np.pi * often) * swell * ridge
        self.slope_b, self.slope_a = np.gradient(self.height, 1 / RASTER)

    def slopes(self, a: Array, b: Array) -> tuple[Array, Array]:
        places = np.broadcast_arrays((b + 0.5) * RASTER, (a + 0.5) * RASTER)
        slope_a, slope_b = (map_coordinates(s, places, order=1, mode="nearest") for s in (self.slope_a, self.slope_b))
        return slope_a, slope_b


def photograph(rng: Rng, cloth: Cloth, by: Camera, longest: int, shortest: int) -> Image.Image:
    """One picture, RGB, of the cloth; its sides lie between `shortest` and `longest` pixels."""
    side = float(np.exp(rng.uniform(np.log(shortest), np.log(longest))))
    width, height = max(shortest, round(side)), max(shortest, round(side * by.aspect))
    if rng.random() < 0.5:
        width, height = height, width
    folds = Folds(rng, float(rng.choice([0.08, 0.3, 0.6, 0.95], p=[0.3, 0.3, 0.25, 0.15])))
    picture = _bent(rng, cloth, folds, max(4, round(width * by.sharpness)), max(4, round(height * by.sharpness)))
    picture = picture.convert("RGB", _colours(by)).resize((width, height), Image.Resampling.BICUBIC)
    pixels = np.array(picture, np.float32)
    _light(rng, pixels, folds, by.vignette)
    if rng.random() < 0.12:
        _lay_on_table(rng, pixels, by.table)
    grain = rng.standard_normal((height, width + 2), np.float32) * np.float32(by.noise)
    for channel in range(3):  # three views of one field: cheaper than three fields, and as coloured as a sensor's
        pixels[..., channel] += grain[:, channel : channel + width]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _bent(rng: Rng, cloth: Cloth, folds: Folds, width: int, height: int) -> Image.Image:
    """The part of the cloth that is seen, through a mesh of quadrilaterals."""
    side = max(width, height)
    view = SIDE * rng.uniform(0.46, 1.0)  # tile pixels along the longest side
    turn = rng.normal(0, 0.38) + (np.pi / 2 if rng.random() < 0.15 else 0)
    tilt_a, tilt_b = rng.normal(0, 0.1, 2).clip(-0.2, 0.2)
    step = side / min(max(side // 24, MESH[0]), MESH[1], side // 4)
    columns, rows = (np.linspace(0, n, math.ceil(n / step) + 1).round().astype(int) for n in (width, height))
    a, b = (columns[None, :] - width / 2) / side, (rows[:, None] - height / 2) / side
    slope_a, slope_b = folds.slopes(a, b)
    near = 1 + tilt_a * a + tilt_b * b
    a, b = a / near + BEND * slope_a, b / near + BEND * slope_b
    level = min(max(round(math.log2(view / side)), 0), 3)
    middle_x, middle_y = SIDE * (1 + rng.uniform(0, 1, 2)) / 2**level
    scale = view / 2**level
    across, down = turned(a, b, -turn)
    x, y = middle_x + scale * across, middle_y + scale * down
    around = [t[j, i] for j, i in (np.s_[:-1, :-1], np.s_[1:, :-1], np.s_[1:, 1:], np.s_[:-1, 1:]) for t in (x, y)]
    corners = np.stack(around, -1).reshape(-1, 8).tolist()
    left, top = columns.tolist(), rows.tolist()
    boxes = [(left[i], top[j], left[i + 1], top[j + 1]) for j in range(len(top) - 1) for i in range(len(left) - 1)]
    mesh = list(zip(boxes, map(tuple, corners), strict=True))
    return cloth.levels[level].transform((width, height), Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)


def _colours(by: Camera) -> tuple[float, ...]:
    """Saturation and cast as Pillow's matrix of 3 x 4."""
    mix = by.saturation * np.eye(3) + (1 - by.saturation) * np.array([0.299, 0.587, 0.114])
    return tuple(np.column_stack([np.array(by.gains)[:, None] * mix, np.zeros(3)]).ravel().tolist())


def _light(rng: Rng, pixels: Array, folds: Folds, vignette: float) -> None:
    """Expose `pixels` (h, w, 3), in place: uneven light, shade in the folds, cooler where it is darker."""
    height, width, _ = pixels.shape
    side = max(height, width)
    lamp = rng.uniform(0, 2 * np.pi)
    facing = -turned(folds.slope_a, folds.slope_b, lamp)[0]
    shade = (1 + 0.42 * facing + 0.5 * (folds.height - folds.height.mean())).clip(0.3, 1.5)
    falloff = 1 + rng.uniform(0, 0.45) * turned(PLACES, PLACES.T, lamp)[0]
    coarse = rng.normal(0.95, 0.09) * shade * falloff * (1 - vignette * (PLACES**2 + PLACES.T**2))
    box = tuple(RASTER * (0.5 + sign * n / side / 2) for sign in (-1, 1) for n in (width, height))
    image = Image.fromarray(coarse.astype(np.float32))
    gain = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC, box=box))
    for channel, tint in enumerate((1 + TINT, 1, 1 - TINT)):
        pixels[..., channel] *= gain * tint + (1 - tint)


def _lay_on_table(rng: Rng, pixels: Array, table: tuple[float, float, float]) -> None:
    """Show the cloth's pinked edge on one side, and its shadow on the table, in place."""
    height, width, _ = pixels.shape
    side = max(height, width)
    angle = rng.normal(0, 0.12) + np.pi / 2 * int(rng.integers(4))
    a = ((np.arange(width, dtype=np.float32) - width / 2) / side)[None, :]
    b = ((np.arange(height, dtype=np.float32) - height / 2) / side)[:, None]
    reach = 0.5 * (abs(math.cos(angle)) * width + abs(math.sin(angle)) * height) / side - rng.uniform(0.06, 0.2)
    across, along = turned(a, b, angle)
    out = across - reach + np.abs(along / TEETH % 1 - 0.5) * (0.8 * TEETH)
    bare = (0.5 + out * (side / 1.3)).clip(0, 1)
    light = (1 - 0.5 * np.exp(-((out / 0.02) ** 2))) * (1 + 0.25 * (a + b)) * 255
    for channel in range(3):
        pixels[..., channel] += bare * (light * table[channel] - pixels[..., channel])
