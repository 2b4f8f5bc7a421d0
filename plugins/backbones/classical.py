from __future__ import annotations

from imgret import UsageError, register
from imgret.plugin import Backbone, Preprocess, parse_size


@register("backbone")
def classical(size: int | str = 128) -> Backbone:
    """Histograms of colour (HSV, 3 x 3 cells) and of oriented gradients: what was used before networks, and no weights.

    N. Dalal and B. Triggs, Histograms of oriented gradients for human detection, CVPR 2005. `size` is in pixels, 128 or
    128x64 (height x width), in multiples of 16. At 128 there are 648 features of colour and 1,764 of gradients, and the
    ones weigh as much as the others.
    """
    from ._histograms import CELL, Histograms

    height, width = parse_size(size)
    if height % CELL or width % CELL or min(height, width) < 2 * CELL:
        raise UsageError(
            f"backbone.size={size}: backbone=classical takes multiples of {CELL}, from {2 * CELL}\nbackbone.size=128"
        )
    preprocess = Preprocess((height, width), mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return Backbone(Histograms(), preprocess, "no weights", {"model": "classical"})
