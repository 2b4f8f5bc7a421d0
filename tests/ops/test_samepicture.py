"""samepicture: figures worked out by hand, maps that are known, and pictures altered in known ways."""

import numpy as np
import pytest
from PIL import Image

from imgret.ops import samepicture as same


def _drawn(seed: int, side: int = 128) -> Image.Image:
    """Smooth patches of colour, unlike one another by seed."""
    grid = np.random.default_rng(seed).integers(0, 255, (6, 6, 3)).astype(np.uint8)
    return Image.fromarray(grid).resize((side, side), Image.Resampling.BICUBIC)


def _array(image: Image.Image, side: int = 128) -> np.ndarray:
    return np.asarray(image.resize((side, side), Image.Resampling.BOX), np.float32)


def test_agreement_is_one_less_the_error_by_the_texture() -> None:
    a = np.zeros((1, 4, 4, 1), np.float32)
    b = a.copy()
    b[0, :2, 2:, 0] = [[20, 0], [0, 20]]  # error 200, variance 100: 1 - 200 / (100 + 200)
    b[0, 2:, :2, 0] = 40  # error 1600, no variance: 1 - 1600 / 200
    values, texture = same.agreement(a, b, size=2)
    assert values[0].tolist() == pytest.approx([1, 1 / 3, -7, 1], abs=1e-5)
    assert texture[0].tolist() == pytest.approx([0, 100, 0, 0], abs=1e-4)
    seen = np.ones((1, 4, 4), np.float32)
    seen[0, 2:, :2] = [[1, 0], [0, 0]]
    assert np.isnan(same.agreement(a, b, seen, size=2)[0][0]).tolist() == [False, False, True, False]


def test_agreement_is_symmetric_and_of_the_channels_mean() -> None:
    a, b = (_array(_drawn(seed))[None] for seed in (1, 2))
    forth, back = same.agreement(a, b), same.agreement(b, a)
    assert np.allclose(forth[0], back[0], atol=1e-5)
    assert (same.agreement(a, a)[0] == 1).all()
    assert forth[0].min() < 0


def test_turns_are_eight_and_all_different() -> None:
    picture = np.arange(4).reshape(1, 2, 2)
    seen = {tuple(same.turned(picture, way).ravel().tolist()) for way in range(same.TURNS)}
    assert len(seen) == 8
    assert same.turned(picture, 1).tolist() == [[[1, 3], [0, 2]]]  # counter-clockwise, as NumPy turns
    assert same.turned(picture, 4).tolist() == [[[1, 0], [3, 2]]]


def test_sampled_shows_what_a_map_points_at() -> None:
    B = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    shift = np.eye(3)[None].copy()
    shift[0, 0, 2] = 0.5  # a quarter of the width, one pixel, to the right
    laid, seen = same.sampled(B, shift, 4)
    assert laid[0, 0].tolist() == [1, 2, 3, 3]
    assert seen[0, 0].tolist() == [1, 1, 1, 0]
    assert np.array_equal(same.sampled(B, np.eye(3)[None], 4)[0], B)


@pytest.mark.parametrize(("scale", "angle", "shift"), [(1, 0, 0.1), (0.85, 0, 0.05), (1, 6, 0), (1.1, -4, -0.05)])
def test_register_finds_the_map_by_which_a_picture_was_made(scale: float, angle: float, shift: float) -> None:
    B = np.asarray(_drawn(3).convert("L"), np.float32)[None]
    turn = np.deg2rad(angle)
    true = np.eye(3)[None].copy()
    true[0, :2, :2] = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    true[0, 0, 2] = shift
    A = 0.7 * same.sampled(B, true, 128)[0] + 30  # darker, too
    maps = np.eye(3)[None]
    for side, steps in ((16, 8), (64, 6)):
        maps = same.register(same.shrunk(A, side), same.shrunk(B, side), maps, steps)
    assert np.abs(maps - true).max() < 0.02


def test_register_leaves_a_plain_picture_where_it_is() -> None:
    plain = np.full((1, 16, 16), 90, np.float32)
    assert np.allclose(same.register(plain, plain, np.eye(3)[None], 5), np.eye(3), atol=1e-3)


def _laid_over(one: Image.Image, other: Image.Image, near: bool = True) -> bool:
    pictures = [np.asarray(each.convert("RGB").resize((128, 128))) for each in (one, other)]
    grey = [np.asarray(Image.fromarray(each).convert("L").resize((32, 32), Image.Resampling.BOX)) for each in pictures]
    large = [each[None].astype(np.float32) for each in pictures]
    return bool(same.laid_over(np.array([[0, 1]]), np.array([near]), np.stack(grey)[:, None], large.__getitem__)[0])


def test_edited_pictures_are_found_and_others_are_not() -> None:
    picture = _drawn(5)
    assert _laid_over(picture, picture.crop((10, 4, 124, 118)))
    assert _laid_over(picture, picture.rotate(5, Image.Resampling.BICUBIC).crop((8, 8, 120, 120)))
    assert _laid_over(picture, picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), near=False)
    assert _laid_over(picture, picture.transpose(Image.Transpose.ROTATE_270), near=False)
    assert _laid_over(picture, picture.point(lambda value: 0.6 * value + 20))
    assert _laid_over(picture, picture.convert("L").convert("RGB"))
    assert not _laid_over(picture, _drawn(6))
    assert not _laid_over(picture, _drawn(6).convert("L").convert("RGB"))
    assert not _laid_over(picture, Image.new("RGB", (128, 128), "white"))


def test_another_shirt_on_the_same_ground_is_no_edited_picture() -> None:
    ground = _drawn(7)
    one, other = ground.copy(), ground.copy()
    one.paste(_drawn(8, 90), (19, 19))
    other.paste(_drawn(9, 90), (19, 19))
    assert not _laid_over(one, other)


def test_no_pairs_give_none() -> None:
    none = np.empty((0, 2), np.int64)
    assert same.laid_over(none, np.empty(0, bool), np.zeros((2, 2, 32, 32), np.uint8), lambda row: None).tolist() == []
    assert same.correlations(none, np.zeros((2, 32, 32), np.uint8), 8).tolist() == []


def test_pairs_that_all_fail_the_first_trial_are_none() -> None:
    """Equal at a glance, in 8 x 8, and nothing alike within."""
    rng = np.random.default_rng(0)
    coarse = np.kron(rng.integers(0, 256, (8, 8)) / 2 + 64, np.ones((4, 4)))
    pictures = [np.clip(coarse + rng.choice([-90, 90], (32, 32)), 0, 255).astype(np.uint8) for _ in range(2)]
    small = np.stack([pictures, pictures], axis=1)  # (2, 2, 32, 32), each whole in both frames
    both = np.array([[0, 1]])
    assert same.correlations(both, small[:, 0], 8)[0] > same.LIKE
    assert same.laid_over(both, np.ones(1, bool), small, lambda row: None).tolist() == [False]


@pytest.mark.parametrize("side", [16, 128])
def test_no_canvases_give_nothing(side: int) -> None:
    none, maps = np.zeros((0, side, side), np.float32), np.zeros((0, 3, 3))
    colour = np.zeros((0, side, side, 3), np.float32)
    assert same.register(none, none, maps, 2).shape == (0, 3, 3)
    assert same.share(colour, *same.sampled(colour, maps, side), 8).shape == (0,)
    assert same.upright(colour, colour, 0.7).shape == (0,)
