"""What is demanded of an attribute."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.checks import Check, Fault, Subject
from imgret.checks.data import picture, same, unchanged
from imgret.demands import values

if TYPE_CHECKING:
    from numpy.typing import NDArray


def said(subject: Subject, thumbnail: NDArray[np.uint8]) -> dict[str, Any]:
    """What it says of an image, by column. Raises Fault where that is no number or text, or it wrote to the image."""
    before = thumbnail.copy()
    found = subject.component(thumbnail)
    unchanged(before, thumbnail, "the thumbnail")
    columns, wrong = values.said(subject.name, found, thumbnail.shape)
    if wrong:
        raise wrong
    return columns


def says_something(subject: Subject) -> str:
    """Of a thumbnail (171, 256, 3) uint8 it says a number or a text, or several by name, the same twice"""
    first, second = (said(subject, picture(0, 171, 256)) for _ in range(2))
    if not first:
        raise Fault("it says nothing")
    same(subject, list(first.items()), list(second.items()), "what it says twice of one image may not")
    return ", ".join(f"{name} {value}" for name, value in first.items())


def takes_any_image(subject: Subject) -> None:
    """One pixel, a line, black and white are images too"""
    for shape in ((1, 1), (1, 256), (256, 1), (256, 256)):
        for level in (0, 255):
            said(subject, np.full((*shape, 3), level, np.uint8))


def works_elsewhere(subject: Subject) -> None:
    """A worker process finds it: it is a function or class of a module"""
    pickle.loads(pickle.dumps(subject.component))  # by reference, as it is handed over


FIRST = [says_something, works_elsewhere]
CHECKS: list[Check] = [says_something, takes_any_image, works_elsewhere]
