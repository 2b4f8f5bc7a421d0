"""Printed designs of scattered motifs: flowers, leaves, paisley. Same form as `prints`."""

from __future__ import annotations

import numpy as np

from .fields import SIDE, Array, Rng, blank, cut, patch, scatter, stamp

Motif = tuple[Array, Array]  # colours (s, s, 3) and coverage (s, s) of a patch


def _laid(shape: tuple[int, ...], layers: list[tuple[Array, Array]]) -> Motif:
    """Layers of (coverage, colour), the lowest first, as one motif."""
    colour = np.zeros((*shape, 3), np.float32) + layers[0][1]
    coverage = layers[0][0]
    for over, its in layers[1:]:
        colour = colour + over[..., None] * (its - colour)
        coverage = np.maximum(coverage, over)
    return colour.astype(np.float32), coverage.astype(np.float32)


def flower(radius: int, petals: int, angle: float, colours: Array, rings: int) -> Motif:
    """A rosette of `rings` layers of petals, shaded towards the middle; colours: petal, shade, heart."""
    x, y = patch(radius, angle)
    turn, distance = np.arctan2(y, x), np.hypot(x, y)
    layers = []
    for ring in range(rings):
        reach = 0.95 * (1 - ring / (rings + 0.6))
        lobe = np.abs(np.cos(petals * (turn + ring * np.pi / petals) / 2))
        outline = reach * (0.62 + 0.38 * lobe**0.6)
        depth = (distance / np.maximum(outline, 0.05)).clip(0, 1)
        fold = 0.75 + 0.25 * lobe**0.5
        tint = colours[1] + (depth[..., None] ** 1.5 * fold[..., None]) * (colours[0] - colours[1])
        layers.append((cut(outline - distance, radius), tint * (1 - 0.06 * ring)))
    layers.append((cut(0.17 - distance, radius), colours[2]))
    layers.append((cut(0.07 - distance, radius), colours[2] * 0.6))
    return _laid(x.shape, layers)


def leaf(radius: int, angle: float, slim: float, colours: Array) -> Motif:
    """A pointed leaf with veins; colours: blade, vein."""
    x, y = patch(radius, angle)
    t = (x + 0.95) / 1.9
    half = slim * np.sin(np.pi * t.clip(0, 1) ** 0.8).clip(0, 1) ** 0.9
    vein = np.abs(((t - 0.55 * np.abs(y)) * 9) % 1 - 0.5) * 2
    blade = np.where((y > 0)[..., None], colours[0], colours[0] * 0.88)
    inside = cut(half - np.abs(y), radius)
    return _laid(
        x.shape,
        [
            (inside, blade),
            (inside * (0.55 * (vein > 0.86)), colours[1]),
            (inside * cut(0.025 - np.abs(y), radius), colours[1]),
        ],
    )


def boteh(radius: int, angle: float, flipped: bool, colours: Array) -> Motif:
    """The bent drop of paisley with nested outlines; colours: rim, body, inner, heart."""
    x, y = patch(radius, angle)
    x = -x if flipped else x
    depth = np.full(x.shape, -9.0, np.float32)
    for t in np.linspace(0, 1, 22).tolist():  # a row of shrinking discs along a curling spine
        spine_x, spine_y = 0.68 * t**2.2, 0.42 - 1.22 * t + 0.12 * t**3
        disc = 0.46 * (1 - t) ** 0.75 + 0.02
        depth = np.maximum(depth, disc - np.hypot(x - spine_x, y - spine_y))
    turn, distance = np.arctan2(y - 0.42, x), np.hypot(x, y - 0.42)
    bead = cut(0.032 - np.abs(depth - 0.085), radius) * (np.cos(turn * 14 + 9 * y) > 0.1)
    heart = 0.17 + 0.05 * np.cos(7 * turn)
    return _laid(
        x.shape,
        [
            (cut(depth, radius), colours[0]),
            (cut(depth - 0.04, radius), colours[1]),
            (bead, colours[3]),
            (cut(depth - 0.14, radius), colours[0]),
            (cut(depth - 0.165, radius), colours[2]),
            (cut(heart - distance, radius), colours[3]),
            (cut(0.07 - distance, radius), colours[0]),
        ],
    )


def floral(rng: Rng, colours: Array) -> Array:
    """Blooms of two sizes among leaves."""
    canvas = blank(colours[0])
    count = int(rng.choice([4, 5, 6]))
    radius = int(SIDE / count * rng.uniform(0.36, 0.5))
    petals, rings = int(rng.choice([5, 6, 8])), int(rng.choice([1, 2, 3, 4]))
    green = colours[3] * 0.8
    leaves = [leaf(int(radius * 0.8), a, 0.3, np.stack([green, green * 0.7])) for a in rng.uniform(0, 6.28, 8)]
    for number, (x, y) in enumerate(scatter(rng, count * 2, 0.3)):
        stamp(canvas, *leaves[number % 8], x, y)
    small = [flower(int(radius * 0.45), 5, a, colours[[2, 3, 1]], 1) for a in rng.uniform(0, 6.28, 3)]
    for number, (x, y) in enumerate(scatter(rng, count, 0.3)):
        stamp(canvas, *small[number % 3], x + 0.5 / count, y + 0.2 / count)
    large = [flower(radius, petals, a, colours[[1, 2, 3]], rings) for a in rng.uniform(0, 6.28, 4)]
    for number, (x, y) in enumerate(scatter(rng, count, 0.16)):
        stamp(canvas, *large[number % 4], x, y)
    return canvas


def ditsy(rng: Rng, colours: Array) -> Array:
    """Tiny flowers strewn over a ground, as on a summer dress."""
    canvas = blank(colours[0])
    count = int(rng.choice([8, 10, 14]))
    radius = int(SIDE / count * rng.uniform(0.26, 0.4))
    petals = int(rng.choice([4, 5, 6]))
    angles = rng.uniform(0, 6.28, 5)
    blooms = [flower(radius, petals, a, colours[[1 + i % 2, 1 + i % 2, 3]], 1) for i, a in enumerate(angles)]
    sprigs = [leaf(int(radius * 0.7), a, 0.35, np.stack([colours[3], colours[3] * 0.8])) for a in angles]
    for number, (x, y) in enumerate(scatter(rng, count, 0.22)):
        stamp(canvas, *sprigs[int(rng.integers(5))], x + 0.35 / count, y + 0.3 / count)
        stamp(canvas, *blooms[number % 5], x, y)
    return canvas


def foliage(rng: Rng, colours: Array) -> Array:
    """Large leaves lying over each other."""
    canvas = blank(colours[0])
    count = int(rng.choice([4, 5, 7]))
    radius = int(SIDE / count * rng.uniform(0.6, 0.8))
    slim = float(rng.uniform(0.16, 0.4))
    blades = [
        leaf(radius, a, slim, np.stack([colours[1 + i % 3], 0.75 * colours[1 + i % 3] + 0.25 * colours[0]]))
        for i, a in enumerate(rng.uniform(0, 6.28, 9))
    ]
    for x, y in scatter(rng, count, 0.4):
        stamp(canvas, *blades[int(rng.integers(9))], x, y)
        stamp(canvas, *blades[int(rng.integers(9))], x + 0.5 / count, y)
    return canvas


def paisley(rng: Rng, colours: Array) -> Array:
    """Bent drops in two sizes with small flowers between them."""
    canvas = blank(colours[0])
    count = int(rng.choice([3, 4, 6]))
    radius = int(SIDE / count * rng.uniform(0.42, 0.52))
    tilt = float(rng.uniform(-0.5, 0.5))
    shades = colours[[1, 2, 0, 3]]
    drops = [boteh(radius, tilt, False, shades), boteh(radius, tilt + np.pi, True, shades)]
    buds = [flower(int(radius * 0.28), 6, a, colours[[3, 1, 2]], 1) for a in rng.uniform(0, 6.28, 3)]
    small = boteh(int(radius * 0.5), tilt + 2.2, True, colours[[2, 1, 3, 0]])
    for number, (x, y) in enumerate(scatter(rng, count, 0.02)):
        stamp(canvas, *small, x + 0.5 / count, y + 0.1 / count)
        for dx, dy in ((0.42, -0.42), (0.55, 0.42)):
            stamp(canvas, *buds[number % 3], x + dx / count, y + dy / count)
        stamp(canvas, *drops[number // count % 2], x, y)
    return canvas


MOTIFS = (floral, ditsy, foliage, paisley)
