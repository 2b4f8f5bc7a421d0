"""The backbone classical, against images whose histograms one can write down."""

from __future__ import annotations

import colorsys
import math
from typing import Any

import numpy as np
import pytest
import torch

from imgret import UsageError
from imgret.features.engine import Engine, _compare
from imgret.features.forward import by_openvino
from imgret.plugins.backbones._histograms import TINY, circular, colours, gradients, linear
from imgret.registry import build


def solid(*colour: float, size: int = 32) -> torch.Tensor:
    return torch.tensor(colour)[None, :, None, None].expand(1, 3, size, size).contiguous()


def shares(images: torch.Tensor) -> torch.Tensor:
    """Of the first image: (cells, hues, saturations, values), before the root."""
    return colours(images)[0].square().reshape(9, 8, 3, 3)


@pytest.mark.parametrize(
    ("colour", "hue", "saturation", "value"),
    [
        ((1.0, 0.0, 0.0), {0: 1}, {2: 1}, {2: 1}),  # red
        ((0.0, 1.0, 1.0), {4: 1}, {2: 1}, {2: 1}),  # cyan, half way round
        ((0.0, 1.0, 0.0), {2: 1 / 3, 3: 2 / 3}, {2: 1}, {2: 1}),  # green: 8/3 of the bins
        ((0.75, 0.0, 0.0), {0: 1}, {2: 1}, {1: 0.5, 2: 0.5}),  # a darker red
        ((1.0, 0.5, 0.5), {0: 1}, {1: 1}, {2: 1}),  # a paler red
        ((0.5, 0.5, 0.5), dict.fromkeys(range(8), 1 / 8), {0: 1}, {1: 1}),  # grey: any hue
        ((0.0, 0.0, 0.0), dict.fromkeys(range(8), 1 / 8), {0: 1}, {0: 1}),
    ],
)
def test_a_solid_colour_by_hand(
    colour: tuple[float, ...], hue: dict[int, float], saturation: dict[int, float], value: dict[int, float]
) -> None:
    wanted = torch.zeros(8, 3, 3)
    for h, hs in hue.items():
        for s, ss in saturation.items():
            for v, vs in value.items():
                wanted[h, s, v] = hs * ss * vs
    for cell in shares(solid(*colour)):
        torch.testing.assert_close(cell, wanted, atol=2e-5, rtol=0)
    assert gradients(solid(*colour)).abs().max() == 0


def test_hue_saturation_and_value_are_the_standard_librarys() -> None:
    for colour in np.random.default_rng(0).uniform(0.2, 1, size=(40, 3)):
        hue, saturation, value = colorsys.rgb_to_hsv(*colour)
        found = shares(solid(*map(float, colour)))[0]
        bins = {"saturation": (found.sum((0, 2)), saturation), "value": (found.sum((0, 1)), value)}
        for name, (counts, wanted) in bins.items():
            assert float((counts * torch.tensor([0, 0.5, 1])).sum()) == pytest.approx(wanted, abs=1e-4), name
        grey = min(1.0, 3 * saturation)
        hues = circular(torch.full((1, 1, 1), 8 * hue), 8)[0, :, 0, 0]
        torch.testing.assert_close(found.sum((1, 2)), grey * hues + (1 - grey) / 8, atol=1e-4, rtol=0)


def test_cells_are_counted_apart() -> None:
    image = torch.zeros(1, 3, 96, 96)
    image[0, 0, :32, 64:] = 1  # red above on the right
    found = shares(image)
    red, black = found[:, 0, 2, 2], found[:, :, 0, 0].sum(1)
    torch.testing.assert_close(red, torch.tensor([0, 0, 1.0, 0, 0, 0, 0, 0, 0]), atol=1e-5, rtol=0)
    torch.testing.assert_close(red + black, torch.ones(9), atol=1e-5, rtol=0)


def edge(flat: bool) -> torch.Tensor:
    """64 x 64, dark and bright on either side of the middle: 2 x 2 blocks' edge runs between their cells."""
    image = torch.zeros(1, 3, 64, 64)
    image[:, :, :, 32:] = 1
    return image.transpose(2, 3) if flat else image


@pytest.mark.parametrize(("flat", "bins"), [(True, {4: 1.0}), (False, {0: 0.5, 8: 0.5})])
def test_an_edge_by_hand(flat: bool, bins: dict[int, float]) -> None:
    # Across the edge two pixels have a difference of 1, one in either cell. So a block that the edge goes through has
    # four equal cells: with one bin each is 1/2 before the cut and after it; with two, 1/sqrt(8).
    blocks = gradients(edge(flat))[0].reshape(3, 3, 4, 9)
    middle = blocks[1, 1]
    wanted = torch.zeros(4, 9)
    for angle in bins:
        wanted[:, angle] = 1 / math.sqrt(4 * len(bins))
    torch.testing.assert_close(middle, wanted, atol=2e-3, rtol=0)
    line = blocks[1] if flat else blocks[:, 1]  # blocks along the edge
    torch.testing.assert_close(line, middle.expand(3, 4, 9), atol=2e-3, rtol=0)
    away = blocks[0, 0]  # half of this block's cells touch the edge
    assert (away.sum(1) > 0).tolist() == ([False, False, True, True] if flat else [False, True, False, True])


def test_brightness_and_contrast_leave_edges_as_they_are() -> None:
    noise = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(gradients(noise), gradients(0.3 + 0.5 * noise), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(gradients(noise), gradients(1 - noise), atol=1e-5, rtol=1e-5)  # angles are unsigned


def test_shares_add_up_to_one() -> None:
    places = torch.linspace(0, 9, 41)[None, None, :-1]
    torch.testing.assert_close(circular(places, 9).sum(1), torch.ones(1, 1, 40))
    torch.testing.assert_close(linear(places / 9, 3).sum(1), torch.ones(1, 1, 40))
    images = torch.rand(2, 3, 48, 32, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(colours(images).square().reshape(2, 9, 72).sum(2), torch.ones(2, 9), atol=1e-4, rtol=0)


def test_features_of_any_image_are_finite_and_the_same_in_every_engine() -> None:
    backbone = build("backbone", {"name": "classical", "size": "64x32"})
    noise = np.random.default_rng(0).integers(0, 256, (3, 3, 64, 32), np.uint8)
    pixels = np.concatenate([noise, np.zeros_like(noise[:1]), np.full_like(noise[:1], 255)])
    features = Engine(backbone, "cpu")(pixels)
    assert features.shape == (5, 9 * 72 + 3 * 1 * 36)
    assert np.isfinite(features).all()
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), [math.sqrt(2)] * 3 + [1, 1], rtol=1e-5)
    np.testing.assert_array_equal(features[1:2], Engine(backbone, "cpu")(pixels[1:2]))
    _compare(by_openvino(backbone, len(pixels))(pixels), features)
    assert TINY > 0


@pytest.mark.parametrize("size", [100, 16, "64x40"])
def test_a_size_without_whole_cells_is_refused(size: Any) -> None:
    with pytest.raises(UsageError, match=rf"backbone.size={size}: .* multiples of 16, from 32\nbackbone.size=128"):
        build("backbone", {"name": "classical", "size": size})
