"""Whether two images are the same picture: laid over one another, and held against each other block by block.

A picture is a canvas: an image stretched onto a square (s, s) of grey, or (s, s, 3) of RGB, of values from 0 to 255.
Positions on it are (x, y) from -1 to 1, from edge to edge, so that maps are the same for canvases of every size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from imgret.ops.ranking import blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from imgret.contracts import Floats, Ints

    Maps = NDArray[np.float64]

BYTES, PIXELS, ENCODED, EDITED, ALIKE = "same bytes", "same pixels", "re-encoded", "edited", "alike"
SAME = BYTES, PIXELS, ENCODED  # the tiers of one picture, of which one file can be kept for all; the best first
TIERS = *SAME, EDITED, ALIKE
TURNS = 8  # ways to turn a picture by 90 degrees, mirrored or not; 0 leaves it as it is
NOISE = 200.0  # squared grey levels that two encodings of a plain block may differ by, and be much the same
SEEN = 0.5  # share of a block that both pictures show, for it to be compared
GRID, SMALL, LARGE = 8, 32, 128  # sides of canvases: held together, laid over one another, compared
LIKE, TWIN = 0.7, 0.95  # correlation of grids of 8 x 8 grey values: worth a trial; and whatever the backbone says
TRIAL = 0.3, 0.5  # the same on grey canvases of 16 and of 32: worth the next trial
BLOCK = 16  # pixels: the side of the blocks of the largest canvas
COVERED = 0.4  # share of a canvas that the other one covers
AGREE, SHARE = 0.85, 0.65  # in an edited picture so many of the blocks, and of the texture, agree so much
GREY = 1.0  # levels that green differs by from grey, on average, in a picture without colours
LUMA = 0.299, 0.587, 0.114  # of red, green and blue in grey (ITU-R BT.601), as Pillow has it
BATCH, TRIED = 64, 512  # pairs at a time, on the largest canvases and on small ones: some 100 MB


class Pair(NamedTuple):
    """Two rows, the first the lower one; the cosine of their features; and the tier, one of `TIERS`."""

    one: int
    other: int
    score: float
    tier: str


def turned(pictures: NDArray[Any], way: int) -> NDArray[Any]:
    """Canvases (m, s, s, ...) mirrored left to right where `way` is 4 or more, then turned by `way` % 4 times 90°."""
    return np.rot90(pictures[:, :, ::-1] if way >= TURNS // 2 else pictures, way % 4, (1, 2))


def agreement(A: Floats, B: Floats, seen: Floats | None = None, size: int = BLOCK) -> tuple[Floats, Floats]:
    """How much blocks of two pictures (m, h, w, 3) are the same, and their texture: (m, h / size * w / size) each.

    1 - e / (a + b + NOISE) for the mean squared difference e and the variances a, b of the values, over the channels:
    1 for equal blocks, about 0 for textures that have nothing in common, below it where the colours differ. It is the
    structural similarity of Wang et al. (2004) where the means are equal. The texture is a + b. `seen` (m, h, w) are
    weights; a block of which less than half is seen has NaN. `size` divides h and w.
    """
    weight = np.ones((*A.shape[:3], 1), np.float32) if seen is None else seen[..., None]

    rows, columns = (np.kron(np.eye(n // size), np.ones(size)).astype(np.float32) for n in A.shape[1:3])

    def pooled(array: Floats) -> Floats:
        m, h, w, c = array.shape
        strips = (rows @ array.reshape(m, h, w * c)).reshape(m * len(rows), w, c)
        return (columns @ strips).reshape(m, len(rows) * len(columns), c)

    total = pooled(weight)
    whole = np.maximum(total, 1e-6)
    spread = [pooled(weight * x * x) / whole - (pooled(weight * x) / whole) ** 2 for x in (A, B)]
    texture: Floats = np.asarray(np.maximum(spread[0] + spread[1], 0).mean(axis=2))
    error: Floats = np.asarray((pooled(weight * (A - B) ** 2) / whole).mean(axis=2))
    values: Floats = np.where(total[:, :, 0] >= SEEN * size**2, 1 - error / (texture + NOISE), np.float32(np.nan))
    return values, texture


def register(A: Floats, B: Floats, maps: Maps, steps: int) -> Maps:
    """Affine maps (m, 3, 3), from positions on A (m, s, s) to those on B that show the same, from `maps` nearby.

    Least squares of the difference in grey, where both are seen, with gain and offset between them; Gauss and Newton's
    `steps`, forward and compositional (Lucas and Kanade, 1981; Baker and Matthews, 2004). Shifts of a tenth of the
    side, scales of 0.8 to 1.25 and turns of 10 degrees are found from the identity on canvases of 16.
    """
    m, s = A.shape[:2]
    x, y = _positions(s)
    A = A.reshape(m, s * s, 1)
    for _ in range(steps):
        laid, seen = sampled(B, maps, s)
        down, right = (slope.reshape(m, s * s) * (s / 2) for slope in np.gradient(laid, axis=(1, 2)))
        flat = laid.reshape(m, s * s)
        F = np.stack([flat, np.ones_like(flat), right * x, right * y, right, down * x, down * y, down], axis=1)
        W = F * seen.reshape(m, 1, s * s)
        normal = (W @ F.transpose(0, 2, 1)).astype(np.float64)
        diagonal = np.einsum("mii->mi", normal)  # a view: a little more of it, so that plain canvases stay put
        diagonal += 1e-3 * diagonal + 1e-3
        solved = np.linalg.solve(normal, (W @ A).astype(np.float64))[:, :, 0]
        change = np.tile(np.eye(3), (m, 1, 1))
        change[:, :2] += np.clip(solved[:, 2:] / np.maximum(solved[:, :1], 0.2), -0.2, 0.2).reshape(m, 2, 3)
        maps = maps @ change
    return maps


def sampled(B: Floats, maps: Maps, side: int) -> tuple[Floats, Floats]:
    """What canvases B (m, s, s, ...) show at the positions of a canvas of `side`, and where they do: 1 or 0.

    Bilinear; beyond the edge the value of the edge.
    """
    import torch
    from torch.nn.functional import grid_sample

    x, y = _positions(side)
    maps = np.clip(np.nan_to_num(maps[:, :2]), -9, 9).astype(np.float32)
    at = (maps @ np.stack([x, y, np.ones_like(x)])).transpose(0, 2, 1).reshape(len(B), side, side, 2)
    planes = torch.from_numpy(np.ascontiguousarray(B if B.ndim == 4 else B[..., None])).permute(0, 3, 1, 2)
    laid = grid_sample(planes, torch.from_numpy(at), padding_mode="border", align_corners=False)
    seen: Floats = np.asarray((np.abs(at) <= 1).all(axis=3), np.float32)
    return laid.permute(0, 2, 3, 1).reshape(len(B), side, side, *B.shape[3:]).numpy(), seen


def shrunk(pictures: NDArray[Any], side: int) -> Floats:
    """Canvases (m, s, s) as means on a smaller `side`, a divisor of s; (m, side, side) float32."""
    step = pictures.shape[1] // side
    parts = np.kron(np.eye(side), np.full(step, 1 / step)).astype(np.float32)  # products: many times as fast as sums
    result: Floats = parts @ pictures.astype(np.float32, copy=False) @ parts.T
    return result


def upright(A: Floats, B: Floats, least: float) -> NDArray[np.bool_]:
    """(m,): whether canvases (m, s, s, 3) agree as they lie: in each block by `least` at the least."""
    result: NDArray[np.bool_] = agreement(A, B)[0].min(axis=1) >= least
    return result


def share(A: Floats, laid: Floats, seen: Floats, size: int) -> Floats:
    """(m,): the share of the blocks, or of their texture if that is less, in which canvases (m, s, s, c) agree.

    Each channel of those that are `laid` over A is given A's brightness and contrast first.
    """
    m, s, _, c = A.shape
    weight = seen.reshape(m, 1, s * s)

    def summed(array: Floats) -> Floats:
        result: Floats = (weight @ array.reshape(m, s * s, c))[:, :, None]
        return result

    total = np.maximum(weight.sum(axis=2), 1e-6)[..., None, None]
    a, b = (x - summed(x) / total for x in (A, laid))
    slope = summed(a * b) / np.maximum(summed(b * b), 1.0)
    values, texture = agreement(a, b * slope, seen, size)
    shown = ~np.isnan(values)
    agree = np.nan_to_num(values, nan=-1.0) >= AGREE
    weights = shown, shown * texture / (texture + NOISE)
    shares = [(agree * w).sum(axis=1) / np.maximum(w.sum(axis=1), 1e-6) for w in weights]
    result: Floats = np.minimum(*shares) * (seen.mean(axis=(1, 2)) >= COVERED)
    return result


def laid_over(
    pairs: Ints, near: NDArray[np.bool_], small: NDArray[np.uint8], load: Callable[[int], Floats]
) -> NDArray[np.bool_]:
    """Which pairs (m, 2) of rows are the same picture cropped, turned, mirrored, brightened, framed or marked; (m,).

    `small` (n, f, 32, 32) are grey canvases of the n images in each of f ways to frame them, such as whole and without
    a plain border, and `load` gives (f, 128, 128, 3) of an image in RGB. `near` (m,) are the pairs that something else
    says are alike; others are tried only where their grids of 8 x 8 values all but agree. Pairs that fail early cost
    little.
    """
    score, frame, way = _best(pairs, small)
    left = np.flatnonzero((score >= LIKE) & near | (score >= TWIN))
    found = np.zeros(len(pairs), bool)
    for trial in blocks(len(left), TRIED):
        at = left[trial]
        maps = np.tile(np.eye(3), (len(at), 1, 1))
        for side, steps, enough in ((SMALL // 2, 6, TRIAL[0]), (SMALL, 3, TRIAL[1])):
            A = shrunk(small[pairs[at, 0], frame[at]], side)
            B = shrunk(_turned_each(small[pairs[at, 1], frame[at]], way[at]), side)
            maps = register(A, B, maps, steps)
            good = share(A[..., None], *sampled(B[..., None], maps, side), side // 8) >= enough
            at, maps = at[good], maps[good]
        for part in blocks(len(at), BATCH):
            some = at[part]
            A, B = (_loaded(load, pairs[some, column], frame[some]) for column in (0, 1))
            found[some] = _agree(A, _turned_each(B, way[some]), maps[part])
    return found


def _loaded(load: Callable[[int], Floats], rows: Ints, frames: Ints) -> Floats:
    return np.stack([load(row)[f] for row, f in zip(rows.tolist(), frames.tolist(), strict=True)])


def _agree(A: Floats, B: Floats, maps: Maps) -> NDArray[np.bool_]:
    """(m,): whether canvases (m, 128, 128, 3) are the same picture, laid over one another by maps that are near.

    Where one has no colours, those of the other are left out.
    """
    means = [x @ np.array(LUMA, np.float32) for x in (A, B)]
    plain = np.any(
        [np.abs(x[..., 1] - mean).mean(axis=(1, 2)) < GREY for x, mean in zip((A, B), means, strict=True)], 0
    )
    A, B = (np.where(plain[:, None, None, None], mean[..., None], x) for x, mean in zip((A, B), means, strict=True))
    grey, other = (shrunk(mean, 2 * SMALL) for mean in means)
    result: NDArray[np.bool_] = share(A, *sampled(B, register(grey, other, maps, 3), LARGE), BLOCK) >= SHARE
    return result


def correlations(pairs: Ints, small: NDArray[np.uint8], side: int) -> Floats:
    """(m,): of the grey canvases (n, 32, 32) of each pair (m, 2), as grids of `side` x `side` means."""
    grids = _unit(shrunk(small, side))
    return _products(pairs, grids, grids)


def _products(pairs: Ints, a: Floats, b: Floats) -> Floats:
    parts = (pairs[start : start + (1 << 16)] for start in range(0, len(pairs), 1 << 16))
    return np.concatenate([np.einsum("md,md->m", a[p[:, 0]], b[p[:, 1]]) for p in parts] or [np.empty(0, np.float32)])


def _best(pairs: Ints, small: NDArray[np.uint8]) -> tuple[Floats, Ints, Ints]:
    """Of each pair the highest correlation of grids of 8 x 8, in which frame, and for which turn of the second."""
    best, frame, way = np.full(len(pairs), -1, np.float32), np.zeros(len(pairs), int), np.zeros(len(pairs), int)
    for f in range(small.shape[1]):
        grids = shrunk(small[:, f], GRID)
        for w in range(TURNS):
            score = _products(pairs, _unit(grids), _unit(turned(grids, w)))
            better = score > best + 1e-6  # of equal ones the first: whole, and as it is
            best[better], frame[better], way[better] = score[better], f, w
    return best, frame, way


def _unit(grids: Floats) -> Floats:
    flat = grids.reshape(len(grids), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    result: Floats = flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1.0)
    return result


def _turned_each(pictures: NDArray[Any], ways: Ints) -> NDArray[Any]:
    result = np.empty_like(pictures)
    for way in np.unique(ways):
        result[ways == way] = turned(pictures[ways == way], int(way))
    return result


def _positions(side: int) -> tuple[Floats, Floats]:
    """The x and y of the middles of the pixels of a canvas, row by row; (side * side,) each."""
    middles = (np.arange(side, dtype=np.float32) + 0.5) * 2 / side - 1
    return np.tile(middles, side), np.repeat(middles, side)
