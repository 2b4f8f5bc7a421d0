"""Principal component analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imgret import UsageError, register

if TYPE_CHECKING:
    from imgret.plugin import Floats


@register("reducer")
class pca:
    """Principal components: a share of the variance (0.95, 1.0) or their number (50, 1), exact and without a seed.

    `n_components` written with a point is a share: the fewest components that reach it, so 1.0 means all that vary.
    A whole number is a number of columns: 1 means one. Where the data have fewer dimensions than that, the remaining
    columns are zeros, which changes no distance. `unit` gives every row that is not zero the length 1 again, of which
    the components left out have taken a little: distances then follow the cosine, as they do in X.
    Learned: `components_` (c, d) float64 and `shares_` (c,) of the variance, both of the c components that exist.
    """

    def __init__(self, n_components: float | int = 0.95, unit: bool = False, device: str = "cpu") -> None:
        if not (n_components >= 1 if isinstance(n_components, int) else 0 < n_components <= 1):
            raise UsageError(
                f"n_components={n_components}: it is a share of the variance above 0 and up to 1.0, or a whole number\n"
                "n_components=0.95 or n_components=50"
            )
        self.n_components, self.unit, self.device = n_components, unit, device

    def fit_transform(self, X: Floats) -> Floats:
        """X (n, d) float32 to (n, r) float32, the component of the largest variance first."""
        import numpy as np

        from imgret.plugin import ops

        Z, self.components_, _, self.shares_ = ops.pca(X, self.n_components, self.device)
        missing = self.n_components - Z.shape[1] if isinstance(self.n_components, int) else 0
        Z = np.pad(Z, ((0, 0), (0, missing)))
        return ops.normalise(Z, "l2")[0] if self.unit else Z
