"""The backbone pixels: the pixels."""

import numpy as np

from imgret.features.engine import Engine
from tests.plugins.backbones.conftest import make


def test_pixels_are_the_pixels() -> None:
    backbone = make("pixels", size="2x3")
    images = np.random.default_rng(0).integers(0, 256, (4, 3, 2, 3), np.uint8)
    features = Engine(backbone, "cpu")(images)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, images.reshape(4, 18) / 255, rtol=1e-6)
    assert make("pixels").preprocess.size == (32, 32)
