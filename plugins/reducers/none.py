"""No reduction: the clusterer works on X itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import register

if TYPE_CHECKING:
    from imgret.plugin import Floats


@register("reducer")
class none:
    """X as it is."""

    def fit_transform(self, X: Floats) -> Floats:
        """X (n, d) float32, the same array."""
        return X
