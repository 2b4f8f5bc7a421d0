"""What no member of a list can score above, known without looking at the members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imgret.plugin import Floats, Ints

    Floats64 = NDArray[Any]


class Extents(NamedTuple):
    """How far the members of c lists lie from their directions: angles in radians, and lengths."""

    directions: Floats64  # (c, d), of unit length; zeros where a list has none
    least: Floats64  # (c,): the smallest angle of a member
    most: Floats64  # (c,): the largest
    shortest: Floats64  # (c,): the smallest length of a member
    longest: Floats64  # (c,): the largest


def extents(X: Floats, homes: Ints, directions: Floats64) -> Extents:
    """The extents of lists 0..c-1, none of them empty, in which the rows of X (n, d) lie by `homes` (n,)."""
    import numpy as np

    from imgret.plugin import ops

    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    directions = np.divide(directions, lengths, out=np.zeros_like(directions), where=lengths > 0)
    angles, lengths = np.empty(len(X)), np.empty(len(X))
    for rows in ops.blocks(len(X), ops.BLOCK // (16 * X.shape[1])):
        wide = X[rows].astype(np.float64)
        lengths[rows] = np.linalg.norm(wide, axis=1)
        along = np.einsum("nd,nd->n", wide, directions[homes[rows]])
        angles[rows] = _angles(along, lengths[rows])
    angles[lengths == 0] = np.nan  # a row of zeros has none, and scores 0, which no bound is below
    members = np.argsort(homes, kind="stable")
    starts = np.searchsorted(homes[members], np.arange(len(directions)))
    least, most = (np.nan_to_num(end.reduceat(angles[members], starts)) for end in (np.fmin, np.fmax))
    shortest, longest = (end.reduceat(lengths[members], starts) for end in (np.minimum, np.maximum))
    return Extents(directions, least, most, shortest, longest)


def bounds(Q: Floats, known: Extents) -> Floats:
    """(q, c) float32 that the score of no member of a list with a query (q, d) is above, rounding included.

    The triangle inequality on the sphere: a member lies from its list's direction between `least` and `most`, and so
    from a query at the angle t from that direction not nearer than t - most and least - t. Computed cosines are off by
    less than 2.5 (d + 8) 2^-53, by the usual bound of a sum of d products, hence each of the two angles by less than
    2.3 times the root of (d + 8) 2^-53. A score is a float64 sum rounded to float32, as the bound is; to round keeps
    the order.
    """
    import numpy as np

    wide = Q.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)  # (q, 1)
    angles = _angles(wide @ known.directions.T, lengths)  # (q, c)
    nearest = np.cos(np.maximum(0, np.maximum(angles - known.most, known.least - angles)))
    slack = 8 * np.sqrt((Q.shape[1] + 8) * 2.0**-53)
    above = nearest * np.where(nearest > 0, known.longest, known.shortest) + slack * known.longest
    bound: Floats = (lengths * above).astype(np.float32)
    return bound


def _angles(products: Floats64, lengths: Floats64) -> Floats64:
    """Radians, of inner products with vectors of unit length; a right angle where the length is 0."""
    import numpy as np

    cosines = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    found: Floats64 = np.arccos(np.clip(cosines, -1, 1))
    return found
