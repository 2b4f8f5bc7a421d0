"""Colours of a fabric: hand-picked palettes, varied in OKLCH so that no two fabrics share theirs exactly.

OKLab: B. Ottosson, A perceptual color space for image processing, 2020 (bottosson.github.io/posts/oklab).
"""

from __future__ import annotations

import numpy as np

from .fields import Array, Rng

PALETTES = """
22304f e8dfca 5f7fa8 b9895a 10182b   7d2a25 ecdcc2 c7623d e0a458 33201d   8a9a83 f3e6dc d9a69a 5d6b5a 3a4239
d19a3d f2e8d0 1f5f66 8c4a2f 14363b   5b4b73 efe3e0 c98ea2 e5b97f 2c2440   3a3d42 e9e6df 8d9196 b5a58c 1d1f22
5e6138 ece3c4 c59b2c 8f4e2a 2f311f   e2725b fbeee0 2f8f8b f2b66d 1f4e5a   18213f e9d9a9 b98f3e 5e6a93 0c1022
c45a6a f9ebe6 6f8f62 eeb4ad 5a2633   1f4a38 e8d9a8 c8352e 15233a 0f2a20   b3202a f0e2bd 17305c 1d5a3c 101018
b98a56 efe1ca 6b4a2e d7b58a 2e2118   b32d32 f4efe6 24425f 9fb4c4 1b2a3a   9ccfb8 fdf7ea e58f7b 4b7f78 2c4a4b
a99ccb f5f0f6 6d5f94 d8c36f 3d3558   b6583a f3dfc8 e0a47c 51665c 4b231a   3c97a8 eef5ef f4c95d e4705a 14515f
5d2348 eed8d6 a54f77 d59a5c 2d1024   1e2e52 f5f1e8 b8323a 7e91b2 0f1830   9b8487 efe6e0 6a5a60 c7a9a0 40363a
e0a526 fff3d6 a1431f 3f5a50 5a2a15   0f6b50 e6ead2 d3a94a 7fb39a 073428   8fb7d3 f3ead8 d1aa7d 4b749a 2a4560
4a4a52 f2c9c4 d9798a a6a6ad 222228   934032 e9e0d2 3f5f86 c98f68 22324a   6f7d4a f0ecd6 b9bd7c 915f38 353d22
2a2a2e f6f3ec 77757a c9c4bc 0b0b0c   0e5a74 d9e6d3 2fa08f c98a3a 4a2a60   f0c3c6 fff6f1 c8667c 8fa884 7a3f4e
e08a2c fbeacc 6a2c62 b8374a 331533   d5e2e8 f8fafa 7e9db0 b3c7ae 40566a   4f3427 e7d3bd a4714a c9a27c 23160f
b6c44a fbf8e1 e4664f 3a8277 3d4a1c   6e1a2d ecd4c4 b5545b d8a65d 2e0a14   5f7484 e4e8e6 a3b2bb c5824d 26323c
c98b7b f6e8dc 8c5a55 9fa58d 4b2e2c   153a5b f4e6d2 e07b39 6f9ab8 0a1c2e   d8cbb2 f5efe2 a39274 7c8b7e 5b4f3d
"""

TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def from_srgb(rgb: Array) -> Array:
    """SRGB in 0..1 (m, 3) to OKLab (m, 3)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ TO_LMS.T) @ TO_LAB.T)


def to_srgb(lab: Array) -> Array:
    """OKLab (m, 3) to sRGB (m, 3), clipped to 0..1."""
    linear = ((lab @ np.linalg.inv(TO_LAB).T) ** 3 @ np.linalg.inv(TO_LMS).T).clip(0, 1)
    return np.asarray(np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055))


def palette(rng: Rng) -> Array:
    """Five colours (5, 3), sRGB in 0..1: the ground, the figure (which stands out from it), and three more."""
    hexes = PALETTES.split()
    first = 5 * int(rng.integers(len(hexes) // 5))
    lab = from_srgb(np.array([[int(h[i : i + 2], 16) for i in (0, 2, 4)] for h in hexes[first : first + 5]]) / 255)
    turn = rng.normal(0, 0.25)
    a, b = lab[:, 1].copy(), lab[:, 2].copy()
    chroma = rng.uniform(0.8, 1.2)
    lab[:, 1] = chroma * (a * np.cos(turn) - b * np.sin(turn))
    lab[:, 2] = chroma * (a * np.sin(turn) + b * np.cos(turn))
    lab[:, 0] = (lab[:, 0] + rng.normal(0, 0.03) + rng.normal(0, 0.015, 5)).clip(0.1, 0.98)
    ground = int(rng.choice(5, p=[0.35, 0.35, 0.12, 0.08, 0.1]))
    rest = [int(i) for i in rng.permutation(5) if i != ground]
    rest.sort(key=lambda i: abs(lab[i, 0] - lab[ground, 0]) < 0.22)  # stable: the figure stands out, the rest is chance
    return to_srgb(lab[[ground, *rest]]).astype(np.float32)
