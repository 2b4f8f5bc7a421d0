"""A backbone's contract: what is wrong is found, and said."""

from typing import Any

import pytest

from imgret.checks import faults
from imgret.contracts import Backbone, Preprocess
from imgret.registry import register


def backbones() -> dict[str, Any]:
    import torch
    from torch import nn

    class Leans(nn.Module):
        def forward(self, images: Any) -> Any:
            return images.mean(dim=(2, 3)) - images.mean()

    class Drops(nn.Module):
        def forward(self, images: Any) -> Any:
            return nn.functional.dropout(images.flatten(1))

    size = Preprocess((8, 6))
    return {
        "a Linear, not an imgret.plugin.Backbone": lambda: nn.Linear(2, 2),
        "the licence is ''": lambda: Backbone(nn.Flatten(), size, ""),
        "the fact 'd' is no text": lambda: Backbone(nn.Flatten(), size, "MIT", {"d": 3}),  # type: ignore[dict-item]
        "fit is 'stretch'": lambda: Backbone(nn.Flatten(), Preprocess((8, 6), "stretch"), "MIT"),
        "std above 0": lambda: Backbone(nn.Flatten(), Preprocess((8, 6), std=(1, 1, 0)), "MIT"),
        "became (b, 3, 8, 6), not (b, d)": lambda: Backbone(nn.Identity(), size, "MIT"),
        "not all finite": lambda: Backbone(nn.Sequential(nn.Flatten(), nn.Threshold(0, torch.inf)), size, "MIT"),
        "alone they are off by": lambda: Backbone(Leans(), size, "MIT"),
        "gave other features the second time": lambda: Backbone(Drops(), size, "MIT"),
        "two built alike differ in weights": lambda: Backbone(
            nn.Sequential(nn.Flatten(), nn.Linear(144, 2)), size, "MIT"
        ),
    }


@pytest.mark.parametrize("fault", backbones())
def test_backbones_with_a_fault(fault: str) -> None:
    @register("backbone", "wrong")
    def wrong() -> Any:
        """Wrong."""
        return backbones()[fault]()

    assert fault in "\n".join(faults("backbone", "wrong"))
