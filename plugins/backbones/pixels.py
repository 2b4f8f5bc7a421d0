from __future__ import annotations

from imgret import register
from imgret.plugin import Backbone, Preprocess, parse_size


@register("backbone")
def pixels(size: int | str = 32) -> Backbone:
    """The pixels themselves, red, green and blue between 0 and 1: what any trained backbone has to beat."""
    import torch

    preprocess = Preprocess(parse_size(size), mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return Backbone(torch.nn.Flatten(), preprocess, "no weights", {"model": "pixels"})
