"""Yarns: how warp and weft interlace, and how light falls on them.

A structure is `over` (m, m) bool: at row j and column i, does the warp (vertical) yarn i lie over the weft yarn j?
Weaves have their textbook meaning (plain, twill, satin, herringbone, point twill, basket).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .fields import SIDE, Array, Rng, axes, cells, noise

Bools = NDArray[np.bool_]

WEAVES = ("plain", "twill", "satin", "basket", "denim")


def structure(weave: str, yarns: int, period: int = 24) -> Bools:
    """Which yarn lies on top, (yarns, yarns); `period` (yarns) is where herringbone and diamond turn round."""
    i, j = np.arange(yarns)[None, :], np.arange(yarns)[:, None]
    back_i, back_j = (np.abs(t % period - period // 2) for t in (i, j))
    over = {
        "plain": (i + j) % 2 == 0,
        "twill": (i + j) % 4 < 2,
        "denim": (i + j) % 4 < 3,
        "satin": (3 * i + j) % 8 != 0,
        "basket": (i // 2 + j // 2) % 2 == 0,
        "herringbone": (back_i + j) % 4 < 2,
        "diamond": (back_i + back_j) % 4 < 2,
    }[weave]
    return np.asarray(over)


def relief(rng: Rng, over: Bools, depth: float) -> Array:
    """Brightness (SIDE, SIDE), about 1 on average, of yarns lit from the upper left; depth 0 (smooth) to 1."""
    yarns = len(over)
    pitch = SIDE // yarns
    ahead = np.where(over, np.roll(over, -1, 0), ~np.roll(over, -1, 1))  # the same yarn stays on top there
    behind = np.where(over, np.roll(over, 1, 0), ~np.roll(over, 1, 1))
    code = over + 2 * behind + 4 * ahead  # (yarns, yarns) 0..7
    light = _templates(pitch)[code]  # (yarns, yarns, pitch, pitch)
    light = light / light.mean()
    shade = light.transpose(0, 2, 1, 3).reshape(SIDE, SIDE)
    slub = noise(rng, yarns, 10) * np.repeat(np.repeat(over, pitch, 0), pitch, 1)
    slub += noise(rng, 10, yarns) * np.repeat(np.repeat(~over, pitch, 0), pitch, 1)
    return np.asarray(1 + depth * (shade - 1 + 0.06 * slub), np.float32)


def _templates(pitch: int) -> Array:
    """Brightness (8, pitch, pitch) of one crossing, by 1 (warp on top) + 2 (came on top) + 4 (stays on top)."""
    t = (np.arange(pitch) + 0.5) / pitch * 2 - 1
    out = np.empty((8, pitch, pitch), np.float32)
    for code in range(8):
        along, across = (t[:, None], t[None, :]) if code & 1 else (t[None, :], t[:, None])
        dip = 0.0 if code & 2 else np.clip(-along, 0, 1) ** 2
        dip = dip + (0.0 if code & 4 else np.clip(along, 0, 1) ** 2)
        height = np.sqrt(1 - 0.9 * across**2) * (1 - 0.45 * dip)
        out[code] = 0.35 + 0.75 * height - 0.22 * across - 0.1 * along * dip + (0.05 if code & 1 else 0)
    return out


def interlaced(rng: Rng, yarns: int, weave: str, warp: Array, weft: Array, depth: float, period: int = 24) -> Array:
    """A yarn-dyed cloth (SIDE, SIDE, 3) of warp and weft colours, each (yarns, 3), or (3,) for all of them."""
    over, pitch = structure(weave, yarns, period), SIDE // yarns
    warp = warp * (1 + 0.05 * rng.standard_normal((yarns, 1)))
    weft = weft * (1 + 0.05 * rng.standard_normal((yarns, 1)))
    colour = np.where(over[..., None], warp[None, :], weft[:, None]).astype(np.float32)
    cloth = np.repeat(np.repeat(colour, pitch, 0), pitch, 1)
    return cloth * relief(rng, over, depth)[..., None]


def on_cloth(rng: Rng, picture: Array) -> Array:
    """A print (SIDE, SIDE, 3) on a plain-coloured cloth of one of the weaves."""
    weave = str(rng.choice(WEAVES))
    pitch = int(rng.choice([3, 4, 6], p=[0.3, 0.45, 0.25]))
    over = structure(weave, SIDE // pitch)
    return picture * relief(rng, over, float(rng.uniform(0.35, 0.7)))[..., None]


def knitted(rng: Rng, colours: Array, index: NDArray[np.int64]) -> Array:
    """Stockinette knit (SIDE, SIDE, 3): `index` (rows, columns) gives each stitch one of the colours (c, 3)."""
    rows, columns = index.shape
    x, y = axes()
    column, u = cells(x, columns)
    row, v = cells(y - np.abs(u) * 0.85 / rows, rows)  # a stitch is a V: its legs climb away from the middle
    leg = 1 - np.abs(np.abs(u) * 4 - 1)  # 0 at the borders and the middle, 1 along each leg
    light = 0.45 + 0.6 * np.sqrt(leg.clip(0, 1)) * (1 - 1.4 * v**2) - 0.12 * np.sign(u) * (np.abs(u) * 4 - 1)
    light = (light / light.mean()) * (1 + 0.035 * noise(rng, columns * 2, rows * 2)) * (1 + 0.03 * noise(rng, 24))
    return np.asarray(colours[index[row, np.broadcast_to(column, row.shape)]] * light[..., None], np.float32)


def fuzz(rng: Rng, cloth: Array, amount: float) -> Array:
    """Loose fibres and uneven dye: fine and coarse brightness noise."""
    grain: Any = 1 + amount * (0.6 * noise(rng, SIDE // 2) + 0.4 * noise(rng, 48))
    return np.asarray(cloth * grain[..., None], np.float32)
