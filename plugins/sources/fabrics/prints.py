"""Printed designs with a repeat. Each takes a generator and a palette (5, 3) and returns a picture (SIDE, SIDE, 3)."""

from __future__ import annotations

import numpy as np

from .fields import SIDE, Array, Rng, axes, blank, cells, cut, nearest, noise, paint, ramp, wobble


def dots(rng: Rng, colours: Array) -> Array:
    """Polka dots, in line or staggered, of one or several colours, some with a ring."""
    x, y = wobble(rng, 0.8)
    count = int(rng.choice([6, 8, 12, 16, 24]))
    canvas = blank(colours[0])
    radius = float(rng.uniform(0.16, 0.36)) * (0.7 if rng.random() < 0.6 else 1)
    mixed, ring = rng.random() < 0.4, rng.random() < 0.25
    for shift in (0, 0.5) if radius < 0.26 else (0,):
        column, u = cells(x + shift / count, count)
        row, v = cells(y + shift / count, count)
        inside = (radius - np.hypot(u, v)) * (SIDE / count)
        colour = colours[1 + (column * 5 + row * 3 + int(2 * shift)) % 3] if mixed else colours[1]
        paint(canvas, cut(inside, 1), colour)
        if ring:
            paint(canvas, cut(inside - 0.4 * radius * SIDE / count, 1), colours[2])
    return canvas


def camouflage(rng: Rng, colours: Array) -> Array:
    """Three layers of blots over a ground."""
    canvas = blank(colours[0])
    size = int(rng.choice([4, 6, 8]))
    for colour, level in zip(colours[1:4], (0.1, 0.45, 0.85), strict=True):
        blots = noise(rng, size, size * 3 // 2) + 0.45 * noise(rng, size * 3, size * 5)
        paint(canvas, cut(blots - level), 0.75 * colour + 0.25 * colours[0])
    return canvas


def marbling(rng: Rng, colours: Array) -> Array:
    """Combed paper: strata of colour, dragged and swirled, with fine dark veins."""
    x, y = axes()
    size = int(rng.choice([2, 3, 4]))
    swirl = float(rng.uniform(0.5, 1.1)) * noise(rng, size) + 0.12 * noise(rng, size * 4)
    comb = float(rng.choice([0, 0.25])) * np.sin(2 * np.pi * int(rng.choice([6, 8, 12])) * x)
    phase = int(rng.choice([2, 4])) * y + swirl + comb  # even: half of it is a whole number of turns
    canvas = ramp(np.abs(phase / 2 % 1 - 0.5) * 2 + 0.1 * noise(rng, 48), colours)
    vein = np.abs(phase * 5 - np.round(phase * 5))
    paint(canvas, 0.75 * (1 - vein / 0.175).clip(0, 1), colours[4])
    return canvas


def seigaiha(rng: Rng, colours: Array) -> Array:
    """Blue sea waves: rows of overlapping fans of concentric arcs."""
    x, y = axes()
    count, rings = int(rng.choice([4, 6, 8, 12])), int(rng.choice([3, 4, 5]))
    radius = SIDE / count / 2  # pixels; rows follow each other by half a radius
    row, v = cells(y, 4 * count)
    canvas = blank(colours[0])
    for ahead in (0, 1, 2):  # the circles that reach up to here; those with lower middles lie on top
        _, u = cells(x + (row + ahead) % 2 * 0.5 / count, count)
        distance = np.hypot(2 * u, (ahead - v) / 2)  # in radii
        band = np.abs(distance * rings % 1 - 0.5) - 0.24
        inside = cut(1 - distance, radius)
        paint(canvas, inside, colours[0])
        paint(canvas, inside * cut(band, radius / rings), colours[1])
        paint(canvas, cut(0.5 / rings - distance, radius), colours[2])
    return canvas


def waves(rng: Rng, colours: Array) -> Array:
    """Wavy bands in several colours."""
    x, y = wobble(rng, 1.5)
    count, ripples = int(rng.choice([6, 8, 12, 16])), int(rng.choice([2, 3, 4, 6]))
    lift = float(rng.uniform(0.3, 0.9)) / ripples / 3 * np.sin(2 * np.pi * ripples * x)
    band, v = cells(y + lift, count)
    canvas = blank(colours[0])
    thick = float(rng.uniform(0.12, 0.36))
    pixels = SIDE / count
    order = np.array([1, 2, 1, 3]) if rng.random() < 0.5 else np.array([1, 1])
    paint(canvas, cut(thick - np.abs(v), pixels), colours[order[band % len(order)]])
    paint(canvas, cut(0.04 - np.abs(np.abs(v) - thick - 0.08), pixels), colours[2])
    return canvas


def zigzag(rng: Rng, colours: Array) -> Array:
    """Chevrons: two colours, or a run of them."""
    x, y = wobble(rng, 0.6)
    teeth = int(rng.choice([4, 6, 8]))
    count = teeth * int(rng.choice([1, 2]))
    _, u = cells(x, teeth)
    band, v = cells(y + float(rng.uniform(0.8, 1.5)) * np.abs(u) / teeth, count)
    canvas = blank(colours[0])
    if rng.random() < 0.5:
        paint(canvas, cut(0.25 - np.abs(v), SIDE / count / 1.4), colours[1])
    else:
        order = rng.permutation(5)[:4]
        for number in range(4):
            inside = cut(0.5 - np.abs(v), SIDE / count / 1.4) * (band % 4 == number)
            paint(canvas, inside, colours[order[number]])
    return canvas


def ogee(rng: Rng, colours: Array) -> Array:
    """A lattice of onion shapes with outlines and a flower in each."""
    x, y = wobble(rng, 0.8)
    across = int(rng.choice([3, 4, 6, 8]))
    down = max(2, across * 2 // 3)
    canvas = blank(colours[0])
    level = np.cos(2 * np.pi * across * x) + np.cos(2 * np.pi * down * y) + 0.35 * np.cos(4 * np.pi * down * y)
    level = np.abs(level)
    paint(canvas, cut(level - 0.35), colours[1])
    paint(canvas, cut(level - 0.55), 0.8 * colours[0] + 0.2 * colours[2])
    paint(canvas, cut(level - 0.75) * cut(0.9 - level), colours[2])
    for shift in (0, 0.5):
        _, u = cells(x + (0.5 + shift) / across, across)
        _, v = cells(y + (0.5 + shift) / down, down)
        v = v * (across / down)
        turn, radius = np.arctan2(v, u), np.hypot(u, v)
        petals = 0.15 + 0.055 * np.cos(int(rng.choice([6, 8])) * turn)
        paint(canvas, cut(petals - radius, SIDE / across), colours[1])
        paint(canvas, cut(0.05 - radius, SIDE / across), colours[2])
    return canvas


def trellis(rng: Rng, colours: Array) -> Array:
    """A lattice of double lines with knots at the crossings."""
    x, y = wobble(rng, 0.7)
    count = int(rng.choice([4, 6, 8, 12]))
    canvas = blank(colours[0])
    pixels = SIDE / count / 1.4
    thin = float(rng.uniform(0.03, 0.06))
    for direction in (1, -1):
        _, u = cells(x + direction * y, count)
        paint(canvas, cut(2.6 * thin - np.abs(u), pixels), colours[1])
        paint(canvas, cut(0.9 * thin - np.abs(u), pixels), colours[0])
    for shift in (0, 0.5):
        _, u = cells(x + shift / count, count)
        _, v = cells(y + shift / count, count)
        knot = np.abs(u) + np.abs(v) if rng.random() < 0.5 else np.hypot(u, v)
        paint(canvas, cut(5 * thin - knot, pixels), colours[2])
        paint(canvas, cut(2.5 * thin - knot, pixels), colours[1])
    return canvas


def patchwork(rng: Rng, colours: Array) -> Array:
    """Squares cut into triangles of five colours, turned at random, as in a quilt."""
    x, y = axes()
    count = int(rng.choice([6, 8, 12, 16]))
    column, u = cells(x, count)
    row, v = cells(y, count)
    turned = rng.integers(0, 2, (count, count))[row, column] * 2 - 1
    side = cut(u + turned * v, SIDE / count / 1.4)
    first, second = rng.integers(0, 5, (2, count, count))
    canvas: Array = colours[first[row, column]].astype(np.float32)
    paint(canvas, side, colours[np.where(second == first, (first + 1) % 5, second)[row, column]])
    return canvas


def ikat(rng: Rng, colours: Array) -> Array:
    """Nested lozenges whose outlines feather along the warp, as the tied yarns slip."""
    x, y = axes()
    across, down = int(rng.choice([3, 4, 6])), int(rng.choice([2, 3, 4]))
    slip = rng.standard_normal(SIDE // 3, np.float32).repeat(3)[None, :]
    slip = slip * float(rng.uniform(5, 11)) / SIDE + 8 / SIDE * noise(rng, 96, 6)
    _, u = cells(x, across)
    row, v = cells(y + slip, down)
    _, u = cells(x + 0.5 * (row % 2) / across * (down % 2 == 0), across)
    level = 1 - 1.8 * np.abs(u) - 2.1 * np.abs(v) + 0.08 * np.sin(6 * np.pi * np.abs(v))  # 1 in the middle
    canvas = blank(colours[0])
    for number, edge in enumerate((0.0, 0.18, 0.3, 0.55, 0.75)):
        paint(canvas, cut(level - edge, SIDE / down / 8), colours[(1, 2, 0, 3, 1)[number]])
    return canvas


def leopard(rng: Rng, colours: Array) -> Array:
    """Broken rings around darker spots."""
    count = int(rng.choice([8, 10, 14]))
    first, second, _ = nearest(rng, count)
    shape = first / (first + second) + 0.035 * noise(rng, count * 3)
    dark, *_, middle, light = colours[np.argsort(colours.mean(1))]
    canvas = blank(light if rng.random() < 0.5 else 0.5 * light + 0.5 * middle)
    paint(canvas, cut(0.28 - shape), colours[2] * 0.9)
    paint(canvas, cut(0.36 - shape) * cut(shape - 0.2) * cut(noise(rng, count * 2) + 0.75), dark)
    return canvas


def batik(rng: Rng, colours: Array) -> Array:
    """Cells of uneven dye, parted by the cracks of the wax."""
    count = int(rng.choice([6, 9, 14]))
    first, second, owner = nearest(rng, count)
    crack = (second - first) + 0.03 * noise(rng, count * 5)
    canvas = blank(colours[1])
    tone = rng.uniform(0, 1, count * count).astype(np.float32)[owner] * 0.6 + 0.2 * noise(rng, 24) + 0.2
    paint(canvas, cut(crack - 0.09, SIDE / count), ramp(tone, colours[[0, 2, 3]]))
    paint(canvas, cut(crack - 0.3, SIDE / count) * cut(0.38 - crack, SIDE / count), colours[1])
    return canvas


def shibori(rng: Rng, colours: Array) -> Array:
    """Tied and dyed: rings that bleed, on a lattice of knots."""
    x, y = wobble(rng, 7, 9)
    count = int(rng.choice([2, 3, 4, 6]))
    canvas = blank(colours[0])
    for shift in (0, 0.5):
        _, u = cells(x + shift / count, count)
        _, v = cells(y + shift / count, count)
        radius = np.hypot(u, v) * (1 + 0.06 * noise(rng, 40))
        rings = 0.5 + 0.5 * np.cos(2 * np.pi * int(rng.choice([6, 8, 10])) * radius)
        bleed = (rings * 1.5 - 0.35 + 0.25 * noise(rng, 64)).clip(0, 1) * cut(0.36 - radius, SIDE / count / 18)
        paint(canvas, 0.92 * bleed, colours[1])
    return canvas


PRINTS = (dots, camouflage, marbling, seigaiha, waves, zigzag, ogee, trellis, patchwork, ikat, leopard, batik, shibori)
