"""What is demanded of a backbone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.checks import Check, Fault, Subject
from imgret.checks.data import picture, png
from imgret.contracts import Backbone
from imgret.features.space import space
from imgret.reading.decode import check, decode

if TYPE_CHECKING:
    from imgret.contracts import Floats

ROUNDING = 1e-3  # of a row's length, by which its features may differ with the size of its batch


def built(subject: Subject) -> Backbone:
    backbone = subject.build()
    if not isinstance(backbone, Backbone):
        raise Fault(f"it returns a {type(backbone).__name__}, not imgret.contracts.Backbone")
    return backbone


def forward(backbone: Backbone, images: Any) -> Floats:
    """Features (b, d) of normalised float images (b, 3, h, w), as the engine computes them on the CPU.

    Those of a backbone that has them already are taken as they are.
    """
    import torch

    if backbone.vectors is not None:
        return np.asarray(backbone.vectors.matrix[: len(images)], np.float32)
    with torch.inference_mode():
        features = backbone.module.eval()(torch.from_numpy(images))
    if not isinstance(features, torch.Tensor) or features.ndim != 2 or len(features) != len(images):
        gave = tuple(getattr(features, "shape", ())) or type(features).__name__
        raise Fault(f"{images.shape} became {gave}, not ({len(images)}, d): one row an image, pooled and flattened")
    if not features.is_floating_point() or not features.isfinite().all():
        raise Fault(f"{images.shape} became {features.dtype} that are not all finite")
    return np.asarray(features.float().numpy())


def noise(backbone: Backbone, n: int) -> Any:
    height, width = backbone.preprocess.size
    return np.random.default_rng(0).normal(size=(n, 3, height, width)).astype(np.float32)


def describes_itself(subject: Subject) -> str:
    """It returns Backbone(module, preprocess, licence), with a licence"""
    backbone = built(subject)
    if not isinstance(backbone.licence, str) or not backbone.licence.strip():
        raise Fault(f"the licence is {backbone.licence!r}; say that of the weights, or 'no weights'")
    wrong = [key for key, value in backbone.facts.items() if not isinstance(key, str) or not isinstance(value, str)]
    if wrong:
        raise Fault(f"the fact {wrong[0]!r} is no text")
    return backbone.licence


def images_can_be_decoded(subject: Subject) -> str:
    """An image is decoded as its preprocess says"""
    preprocess = built(subject).preprocess
    check(preprocess)
    if len(preprocess.mean) != 3 or len(preprocess.std) != 3 or min(preprocess.std) <= 0:
        raise Fault(f"mean {preprocess.mean}, std {preprocess.std}: three numbers each, std above 0")
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
