"""Ways to fit an image into the size that a backbone takes: one list, and the filters by which images are scaled.

A way is a class here, an entry of `FITS`, and a word of `Fit`, of which backbones' arguments are. Sizes are in pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from PIL import Image

    from imgret.contracts import Preprocess

Fit = Literal["squash", "crop", "pad"]
FILTERS = ("bilinear", "bicubic", "lanczos", "box", "nearest")
FAITHFUL: Fit = "pad"  # all of an image, in its proportions: what to type where shapes do not agree


class Way(Protocol):
    def target(self, width: int, height: int, preprocess: Preprocess) -> tuple[int, int]:
        """Width and height that an image of width x height is scaled to."""

    def place(self, image: Image.Image, preprocess: Preprocess) -> Image.Image:
        """An image that was scaled so, cut or filled up to the size."""

    def cost(self, shape: float, preprocess: Preprocess) -> str:
        """What becomes of an image whose height by width is `shape`, and not that of the size."""


class Squash:
    """Both sides are scaled to the size."""

    def target(self, width: int, height: int, preprocess: Preprocess) -> tuple[int, int]:
        h, w = preprocess.size
        return w, h

    def place(self, image: Image.Image, preprocess: Preprocess) -> Image.Image:
        return image

    def cost(self, shape: float, preprocess: Preprocess) -> str:
        return "does not keep their proportions"


class Crop:
    """The shorter side is scaled to `resize`, or as far as covers the size, and the centre is cut out.

    That is torchvision's Resize and CenterCrop, pixel for pixel: where `resize` leaves less than the size, it is filled
    up with black.
    """

    def target(self, width: int, height: int, preprocess: Preprocess) -> tuple[int, int]:
        h, w = self._covered(preprocess)
        # The side that just covers is exact, the other is cut down to a whole number.
        if width * h <= height * w:
            return w, int(w * height / width)
        return int(h * width / height), h

    def place(self, image: Image.Image, preprocess: Preprocess) -> Image.Image:
        h, w = preprocess.size
        left, top = _margin(image.width - w), _margin(image.height - h)
        return image.crop((left, top, left + w, top + h))

    def cost(self, shape: float, preprocess: Preprocess) -> str:
        return f"cuts {1 - self.kept(shape, preprocess):.0%} of each off"

    def kept(self, shape: float, preprocess: Preprocess) -> float:
        """The share of an image of this height by width that is left."""
        (h, w), (height, width) = self._covered(preprocess), preprocess.size
        scale = max(h / shape, w)  # pixels of the image's width
        return min(1.0, width / scale) * min(1.0, height / (scale * shape))

    def _covered(self, preprocess: Preprocess) -> tuple[int, int]:
        return (preprocess.resize, preprocess.resize) if preprocess.resize else preprocess.size


class Pad:
    """The longer side is scaled to the size, and the rest filled up with `background` on both sides."""

    def target(self, width: int, height: int, preprocess: Preprocess) -> tuple[int, int]:
        h, w = preprocess.size
        return within(w, h, width, height)

    def place(self, image: Image.Image, preprocess: Preprocess) -> Image.Image:
        from PIL import Image

        h, w = preprocess.size
        ground = Image.new("RGB", (w, h), preprocess.background)
        ground.paste(image, ((w - image.width) // 2, (h - image.height) // 2))
        return ground

    def cost(self, shape: float, preprocess: Preprocess) -> str:
        own = preprocess.size[0] / preprocess.size[1]
        return f"leaves {1 - min(shape / own, own / shape):.0%} of the input empty"


FITS: Mapping[str, Way] = {"squash": Squash(), "crop": Crop(), "pad": Pad()}


def within(w: int, h: int, width: int, height: int) -> tuple[int, int]:
    """The largest size in the shape of width x height that lies inside w x h."""
    if width * h >= height * w:
        return w, max(1, round(w * height / width))
    return max(1, round(h * width / height)), h


def _margin(spare: int) -> int:
    """What torchvision's CenterCrop cuts off on the left or top: half, rounded to even; negative: what it adds."""
    return round(spare / 2) if spare >= 0 else -(-spare // 2)
