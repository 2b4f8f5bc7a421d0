"""Histograms of colour and of gradients as one module of plain arithmetic, which every device and engine takes."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

HUES, SATURATIONS, VALUES = 8, 3, 3  # bins of colour
GRID = 3  # cells a side in which colours are counted
ANGLES = 9  # bins of unsigned gradients, 20 degrees each
CELL = 16  # pixels a side of a cell in which gradients are counted
CLIP = 0.2
TINY = 1e-6


class Histograms(nn.Module):
    """Images (b, 3, h, w) of red, green and blue in 0..1 to (b, d): colours, then gradients, either of unit length.

    h and w are multiples of 16, 32 at the least.
    """

    def forward(self, images: Tensor) -> Tensor:
        return torch.cat([F.normalize(colours(images), eps=TINY), F.normalize(gradients(images), eps=TINY)], dim=1)


def colours(images: Tensor) -> Tensor:
    """Shares of colours in each of 3 x 3 cells, as their square roots: (b, 9 * 72), by cell, hue, saturation, value.

    Hue, saturation and value (A. R. Smith, 1978) are shared linearly between the two bins whose centres they lie
    between, hue around the circle; a pixel without saturation counts equally at every hue. The root makes the inner
    product of two histograms their Bhattacharyya coefficient.
    """
    value, least = images.amax(1), images.amin(1)  # (b, h, w)
    spread = value - least
    red, green, blue = images.unbind(1)
    sixth = torch.where(
        value == red,
        (green - blue) / (spread + TINY),
        torch.where(value == green, 2 + (blue - red) / (spread + TINY), 4 + (red - green) / (spread + TINY)),
    )
    around = HUES * torch.remainder(sixth / 6, 1)
    saturation = spread / (value + TINY)
    grey = (saturation * SATURATIONS).clamp(max=1)[:, None]  # 0: no hue, 1: a hue as good as any
    hue = grey * circular(around, HUES) + (1 - grey) / HUES  # (b, 8, h, w)
    parts = hue[:, :, None, None] * linear(saturation, SATURATIONS)[:, None, :, None]
    bins = parts * linear(value, VALUES)[:, None, None, :]  # (b, 8, 3, 3, h, w)
    shares = F.adaptive_avg_pool2d(bins.flatten(1, 3), GRID)  # (b, 72, 3, 3)
    return shares.clamp(min=0).sqrt().permute(0, 2, 3, 1).flatten(1)


def gradients(images: Tensor) -> Tensor:
    """Histograms of oriented gradients (N. Dalal and B. Triggs, 2005): (b, blocks * 36), blocks by row.

    Central differences of the channel whose gradient is largest, 9 unsigned angles weighted by magnitude and shared
    between the nearest two, cells of 16 x 16 pixels, blocks of 2 x 2 cells that overlap by one, each of unit length,
    cut at 0.2 and of unit length again. An edge that lies flat (rows differ) has the angle of 90 degrees, bin 4.
    """
    padded = F.pad(images, (1, 1, 1, 1), mode="replicate")
    across = padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]  # (b, 3, h, w)
    down = padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]
    squares = across**2 + down**2
    largest = squares.argmax(1, keepdim=True)
    across, down, squares = (each.gather(1, largest)[:, 0] for each in (across, down, squares))  # (b, h, w)
    turns = torch.remainder(torch.atan2(down, across) / math.pi, 1)
    bins = circular(turns * ANGLES - 0.5, ANGLES) * squares.sqrt()[:, None]  # (b, 9, h, w)
    cells = F.avg_pool2d(bins, CELL)  # (b, 9, h / 16, w / 16)
    corners = [cells[:, :, i : cells.shape[2] - 1 + i, j : cells.shape[3] - 1 + j] for i in (0, 1) for j in (0, 1)]
    blocks = torch.cat(corners, dim=1)  # (b, 36, h / 16 - 1, w / 16 - 1)
    blocks = (blocks / (blocks.square().sum(1, keepdim=True) + TINY).sqrt()).clamp(max=CLIP)
    blocks = blocks / (blocks.square().sum(1, keepdim=True) + TINY).sqrt()
    return blocks.permute(0, 2, 3, 1).flatten(1)


def circular(places: Tensor, bins: int) -> Tensor:
    """Places (b, h, w) on a circle of `bins` bins, the first centred on 0, to their shares in them (b, bins, h, w)."""
    centres = torch.arange(bins, device=places.device, dtype=places.dtype).view(1, bins, 1, 1)
    apart = torch.remainder(places[:, None] - centres, bins)
    return (1 - torch.minimum(apart, bins - apart)).clamp(min=0)


def linear(values: Tensor, bins: int) -> Tensor:
    """Values (b, h, w) in 0..1 to their shares (b, bins, h, w) in bins, the first centred on 0, the last on 1."""
    centres = torch.arange(bins, device=values.device, dtype=values.dtype).view(1, bins, 1, 1)
    return (1 - (values[:, None] * (bins - 1) - centres).abs()).clamp(min=0)
