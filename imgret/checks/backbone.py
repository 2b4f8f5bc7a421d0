"""What is demanded of a backbone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.checks import Check, Fault, Subject
from imgret.checks.data import picture, png
from imgret.contracts import Backbone
from imgret.demands import arrays
from imgret.features.space import space
from imgret.reading.decode import check, decode

if TYPE_CHECKING:
    from imgret.contracts import Floats

ROUNDING = 1e-3  # of a row's length, by which its features may differ with the size of its batch


def built(subject: Subject) -> Backbone:
    made: Backbone = subject.build()
    return made


def forward(backbone: Backbone, images: Any) -> Floats:
    """Features (b, d) of normalised float images (b, 3, h, w), as the engine computes them on the CPU.

    Those of a backbone that has them already are taken as they are.
    """
    import torch

    if backbone.vectors is not None:
        return np.asarray(backbone.vectors.matrix[: len(images)], np.float32)
    with torch.inference_mode():
        taken = torch.from_numpy(images)
        features = arrays.features(backbone.module.eval()(taken), taken)
    return arrays.finite(np.asarray(features.float().numpy()), backbone.preprocess.size)


def noise(backbone: Backbone, n: int) -> Any:
    height, width = backbone.preprocess.size
    return np.random.default_rng(0).normal(size=(n, 3, height, width)).astype(np.float32)


def describes_itself(subject: Subject) -> str:
    """It returns Backbone(module, preprocess, licence), with a licence"""
    return built(subject).licence


def images_can_be_decoded(subject: Subject) -> str:
    """An image is decoded as its preprocess says"""
    preprocess = built(subject).preprocess
    check(preprocess)
    done = decode(png(picture(0, 48, 31)), preprocess)
    if done.pixels is None or done.pixels.shape != (3, *preprocess.size):
        raise Fault(f"it became {done.outcome} {getattr(done.pixels, 'shape', '')}, not {(3, *preprocess.size)}")
    return f"{preprocess.size[0]} x {preprocess.size[1]} pixels"


def gives_features(subject: Subject) -> str:
    """Three images (3, 3, h, w) become three rows of finite floats, the same twice"""
    backbone = built(subject)
    images = noise(backbone, 3)
    first, second = forward(backbone, images), forward(backbone, images)
    if not np.allclose(first, second, rtol=0, atol=ROUNDING * np.abs(first).max(initial=0)):
        raise Fault("the same images gave other features the second time, in eval mode")
    return f"d = {first.shape[1]}"


def an_image_stands_alone(subject: Subject) -> None:
    """The features of an image do not depend on its neighbours in the batch"""
    backbone = built(subject)
    if backbone.vectors is not None:
        return
    images = noise(backbone, 3)
    together = forward(backbone, images)
    for place in range(3):
        alone = forward(backbone, images[place : place + 1])[0]
        off, length = np.linalg.norm(alone - together[place]), np.linalg.norm(together[place])
        if off > ROUNDING * length:
            raise Fault(f"alone they are off by {off:.2g}, of a length of {length:.2g}")


def reads_texts(subject: Subject) -> str:
    """Its text tower, if it has one, makes finite rows of texts, as wide as those of images, the same twice"""
    backbone = built(subject)
    if backbone.text is None:
        return "none"
    texts = ["a red dress", "", "naïve \u2603 " * 100]
    d = forward(backbone, noise(backbone, 1)).shape[1]
    first, second = backbone.text(texts), backbone.text(texts)
    if first.dtype != np.float32 or first.shape != (3, d) or not np.isfinite(first).all():
        raise Fault(f"three texts became {first.dtype} {first.shape}, not finite float32 (3, {d})")
    if not np.allclose(first, second, rtol=0, atol=ROUNDING * np.abs(first).max()):
        raise Fault("the same texts gave other features the second time, in eval mode")
    return f"{d} features"


def has_a_fingerprint(subject: Subject) -> None:
    """Its weights and preprocess have a fingerprint, the same for two that are built alike"""
    node = subject.arguments()
    first, second = (json.dumps(space(node, built(subject)), sort_keys=True) for _ in range(2))
    if first != second:
        raise Fault("two built alike differ in weights: seed what is drawn (imgret.features.weights.seeded)")


CHECKS: list[Check] = [
    describes_itself, images_can_be_decoded, gives_features, an_image_stands_alone, reads_texts,
    has_a_fingerprint,
]  # fmt: skip
