"""Yarn-dyed and knitted designs. Each takes a generator and a palette (5, 3) and returns a tile (SIDE, SIDE, 3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .fields import SIDE, Array, Rng, axes, cells, cut, noise, paint
from .yarns import fuzz, interlaced, knitted


def _yarns(rng: Rng, *pitches: int) -> int:
    """How many yarns a tile has each way; a pitch is in pixels."""
    pitch: int = rng.choice(pitches)
    return SIDE // int(pitch)


def _place(yarns: int, period: int) -> NDArray[np.int64]:
    """Each yarn's place (yarns,) in its repeat, 0..period-1; repeats are stretched until a whole number fits."""
    repeats = max(1, round(yarns / period))
    return np.arange(yarns) * (repeats * period) // yarns % period


def _bands(yarns: int, widths: list[int], which: list[int], mirrored: bool) -> NDArray[np.int64]:
    """Colour numbers (yarns,) of bands so many yarns wide."""
    sequence = np.repeat(which, widths)
    if mirrored:
        sequence = np.concatenate([sequence, sequence[::-1]])
    return np.asarray(sequence[_place(yarns, len(sequence))])


def stripes(rng: Rng, colours: Array) -> Array:
    """Warp stripes of uneven widths on a plain or satin ground."""
    yarns = _yarns(rng, 4, 6)
    count = int(rng.integers(3, 7))
    widths = [int(w) for w in rng.choice([2, 3, 4, 6, 8, 12, 16], count)]
    which = [0 if i % 2 == 0 else int(rng.integers(1, 5)) for i in range(count)]
    warp = colours[_bands(yarns, widths, which, bool(rng.random() < 0.6))]
    return interlaced(rng, yarns, str(rng.choice(["satin", "denim", "twill"])), warp, colours[0], 0.6)


def ticking(rng: Rng, colours: Array) -> Array:
    """Thin, regular stripes: ticking and pinstripe."""
    yarns = _yarns(rng, 4, 6)
    period = int(rng.choice([8, 12, 16, 24]))
    at = _place(yarns, period)
    thin = 1 if rng.random() < 0.5 else 2
    double = (at == thin + 2) & (rng.random() < 0.5)
    warp = np.where(((at < thin) | double)[:, None], colours[1], colours[0])
    return interlaced(rng, yarns, str(rng.choice(["denim", "satin", "plain"])), warp, colours[0], 0.6)


def gingham(rng: Rng, colours: Array) -> Array:
    """Even checks in two colours, plain weave: the mixed squares have half of each."""
    yarns = _yarns(rng, 3, 4, 4, 6)
    width = int(rng.choice([4, 6, 8, 12, 16]))
    dark = _place(yarns, 2 * width) < width
    deep = min(colours[:3], key=lambda c: float(c.mean()))
    threads = np.where(dark[:, None], deep if rng.random() < 0.5 else 0.7 * deep + 0.3 * colours[2], 0.95)
    return interlaced(rng, yarns, "plain", threads, threads, 0.55)


def tartan(rng: Rng, colours: Array) -> Array:
    """A mirrored sett, the same in warp and weft, in 2/2 twill."""
    yarns = _yarns(rng, 3, 4, 4)
    widths = [int(w) for w in (*rng.choice([8, 12, 16], 2), *rng.choice([1, 2, 2, 4], 2), rng.choice([6, 8, 12]), 2)]
    which = [0, 1, 2, 0, int(rng.choice([1, 4])), int(rng.choice([2, 3]))]
    threads = colours[_bands(yarns, widths, which, True)]
    return interlaced(rng, yarns, "twill", threads, threads, 0.5)


def windowpane(rng: Rng, colours: Array) -> Array:
    """Thin lines in both directions on a plain ground."""
    yarns = _yarns(rng, 3, 4)
    period, thick = int(rng.choice([12, 16, 24, 32, 48])), int(rng.choice([1, 2, 3]))
    at = _place(yarns, period)
    threads = np.where((at < thick)[:, None], colours[1], colours[0])
    if period >= 24 and rng.random() < 0.7:
        threads = np.where((np.abs(at - period // 2) < 1)[:, None], colours[2], threads)
    weave = str(rng.choice(["twill", "plain"]))
    return fuzz(rng, interlaced(rng, yarns, weave, threads, threads, 0.5), 0.04)


def houndstooth(rng: Rng, colours: Array) -> Array:
    """Four dark and four light yarns in warp and weft, 2/2 twill: the broken check draws itself."""
    yarns = _yarns(rng, 3, 4, 6, 8)
    dark = np.arange(yarns) % 8 < 4
    threads = np.where(dark[:, None], colours[0], colours[1])
    return interlaced(rng, yarns, "twill", threads, threads, 0.5)


def glencheck(rng: Rng, colours: Array) -> Array:
    """Blocks of four-and-four and of two-and-two yarns crossing each other, with an overcheck."""
    yarns = _yarns(rng, 4, 4, 8)
    at = np.arange(yarns) % 48
    dark = np.where(at < 24, at % 8 < 4, at % 4 < 2)
    threads = np.where(dark[:, None], colours[0], colours[1])
    if rng.random() < 0.7:
        threads = np.where((at == 36)[:, None], colours[2], threads)
    return interlaced(rng, yarns, "twill", threads, threads, 0.5)


def herringbone(rng: Rng, colours: Array) -> Array:
    """Twill that turns round every few yarns, warp and weft in different colours."""
    yarns = _yarns(rng, 4, 6, 8)
    period = int(rng.choice([8, 16, 32]))
    return fuzz(rng, interlaced(rng, yarns, "herringbone", colours[0], colours[1], 0.6, period), 0.06)


def diamond(rng: Rng, colours: Array) -> Array:
    """Point twill in both directions: small nested diamonds."""
    yarns = _yarns(rng, 4, 6, 8)
    return interlaced(rng, yarns, "diamond", colours[0], colours[1], 0.6, int(rng.choice([8, 16, 32])))


def denim(rng: Rng, colours: Array) -> Array:
    """Dyed warp, pale weft, 3/1 twill, with slubs."""
    yarns = _yarns(rng, 4, 6)
    streak = 1 + 0.13 * rng.standard_normal((yarns, 1))
    cloth = interlaced(rng, yarns, "denim", colours[0] * streak, 0.5 * colours[1] + 0.45, 0.75)
    return fuzz(rng, cloth * (1 + 0.05 * noise(rng, SIDE // 4, 12))[..., None], 0.06)


def tweed(rng: Rng, colours: Array) -> Array:
    """Coarse twill of mixed yarns with coloured flecks."""
    yarns = _yarns(rng, 6, 8)
    mixed = colours[rng.choice(5, yarns, p=[0.6, 0.15, 0.1, 0.1, 0.05])]
    weave = str(rng.choice(["twill", "herringbone"]))
    cloth = interlaced(rng, yarns, weave, 0.5 * mixed + 0.5 * colours[0], 0.6 * colours[1] + 0.4 * mixed, 0.65, 16)
    for colour in colours[2:4]:
        paint(cloth, cut(noise(rng, 160) - 2.2), colour)
    return fuzz(rng, cloth, 0.1)


def basket(rng: Rng, colours: Array) -> Array:
    """Thick yarns, two by two."""
    yarns = _yarns(rng, 12, 16, 24)
    weave = str(rng.choice(["basket", "plain", "twill"]))
    warp = colours[rng.choice([0, 2], yarns, p=[0.85, 0.15])]
    weft = colours[0] * 0.8 if rng.random() < 0.4 else colours[1]
    return fuzz(rng, interlaced(rng, yarns, weave, warp, weft, 0.85), 0.12)


def corduroy(rng: Rng, colours: Array) -> Array:
    """Velvet ribs."""
    ribs = int(rng.choice([32, 48, 64, 96]))
    _, u = cells(axes()[0] + 0.4 / SIDE * noise(rng, 48), ribs)
    rib = np.sqrt((1 - (2.1 * np.abs(u)) ** 2).clip(0.02, 1))
    light = (0.35 + 0.75 * rib - 0.25 * u) * (1 + 0.07 * noise(rng, SIDE // 3, SIDE // 4) + 0.05 * noise(rng, 10))
    return np.asarray(colours[0] * light[..., None], np.float32)


def knit(rng: Rng, colours: Array) -> Array:
    """Stockinette with bands of small mirrored motifs, as in Fair Isle and Nordic jumpers."""
    columns = int(rng.choice([48, 64, 96]))
    rows = columns * 5 // 4 // 12 * 12
    index = np.zeros((rows, columns), np.int64)
    width = int(rng.choice([8, 12, 16]))
    width = width if columns % width == 0 else 8
    top = 0
    while top < rows:
        height = int(rng.choice([3, 5, 7, 9]))
        half = rng.random((height // 2 + 1, width // 2)) < rng.uniform(0.3, 0.55)
        motif = np.concatenate([half, half[-2::-1]])[: rows - top]
        motif = np.concatenate([motif, motif[:, ::-1]], 1)
        ground, figure = (0, int(rng.integers(1, 5))) if rng.random() < 0.7 else (2, 1)
        index[top : top + height] = np.where(np.tile(motif, (1, columns // width)), figure, ground)
        top += height + int(rng.choice([1, 2, 3]))
    return fuzz(rng, knitted(rng, colours, index), 0.04)


def argyle(rng: Rng, colours: Array) -> Array:
    """Diamonds in two colours with thin crossing lines, knitted."""
    columns = int(rng.choice([96, 128]))
    rows = columns * 5 // 4
    across, down = int(rng.choice([3, 4, 6])), int(rng.choice([2, 3, 4]))
    x = ((np.arange(columns) + 0.5) / columns)[None, :]
    y = ((np.arange(rows) + 0.5) / rows)[:, None]
    column, u = cells(x, across)
    _, v = cells(y, down)
    second = colours[2] if across % 2 == 0 else colours[1]
    index = np.where(np.abs(u) + np.abs(v) < 0.5, 1 + (column % 2) * (across % 2 == 0), 0)
    crossing = np.abs(np.abs(u) - np.abs(v)) < 0.5 * across / columns
    index = np.where(crossing, 3, index)
    return knitted(rng, np.stack([colours[0], colours[1], second, colours[3], colours[4]]), index)


WOVEN = (
    stripes,
    ticking,
    gingham,
    tartan,
    windowpane,
    houndstooth,
    glencheck,
    herringbone,
    diamond,
    denim,
    tweed,
    basket,
    corduroy,
    knit,
    argyle,
)
