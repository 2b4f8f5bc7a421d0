"""Exhaustive search: every query against every image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import register

if TYPE_CHECKING:
    from imgret.plugin import Floats, Ints


@register("retriever")
class exact:
    """The nearest of all images by cosine; up to some thousand of them this is as quick as probing clusters."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    def fit(self, X: Floats, labels: Ints) -> exact:
        self.X_ = X
        return self

    def kneighbors(self, Q: Floats, top: int) -> tuple[Floats, Ints]:
        from imgret.plugin import ops

        return ops.top_k(Q, self.X_, top, device=self.device)
