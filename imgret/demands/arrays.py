"""What is wanted of arrays: features, fewer columns, labels, hits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imgret.demands import a
from imgret.errors import Fault

if TYPE_CHECKING:
    from imgret.contracts import Floats, Ints


def array(given: object) -> str:
    """What was given in place of an array, by type and shape where it has them."""
    import numpy as np

    try:
        found = np.asarray(given)
    except (TypeError, ValueError):  # lists of unequal length
        return a(given)
    return a(given) if found.dtype == object else f"{found.dtype} of shape {found.shape}"


def numbers(given: object, whole: bool = False) -> Any:
    """As an array of real numbers, or of whole ones; None where it is none."""
    import numpy as np

    try:
        found = np.asarray(given)
    except (TypeError, ValueError):
        return None
    allowed = (np.integer,) if whole else (np.integer, np.floating)
    return found if any(np.issubdtype(found.dtype, kind) for kind in allowed) else None


def features(given: Any, images: Any) -> Any:
    """A backbone's features (b, d) of images (b, 3, h, w), both tensors: one row an image."""
    import torch

    of = batch(images.shape)
    if not isinstance(given, torch.Tensor):
        raise Fault(f"images {of} became {a(given)}, not a tensor (b, d): one row an image")
    if given.ndim != 2 or len(given) != len(images):
        gave = batch(given.shape) if len(given.shape) and len(given) == len(images) else tuple(given.shape)
        raise Fault(f"images {of} became {gave}, not (b, d): one row an image, pooled and flattened")
    if not given.is_floating_point():
        raise Fault(f"images {of} became {given.dtype}, not floating point numbers")
    return given


def finite(given: Floats, size: Sequence[int]) -> Floats:
    """Features (b, d) of noise of this size (h, w)."""
    import numpy as np

    if not np.isfinite(given).all():
        raise Fault(f"images {batch((0, 3, *size))} became features that are not all finite")
    return given


def batch(shape: Sequence[int]) -> str:
    """A shape whose first number is that of the images of a batch."""
    return f"({', '.join(['b', *map(str, shape[1:])])})"


def reduced(given: Any, X: Floats, columns: int | None = None) -> Floats:
    """What a reducer, or a view of so many columns, made of X (n, d): (n, r) finite numbers; as float32."""
    import numpy as np

    n, found = len(X), numbers(given)
    wide = found is not None and found.ndim == 2 and len(found) == n and found.shape[1]
    if not wide or columns not in (None, found.shape[1]):
        raise Fault(f"X {X.shape} became {array(given)}, not numbers ({n}, {columns or 'r'})")
    with np.errstate(over="ignore"):
        made: Floats = np.asarray(found, np.float32)
    if not all(np.isfinite(made[at : at + 8192]).all() for at in range(0, n, 8192)):
        raise Fault(f"X {X.shape} became {found.dtype} that are not all finite numbers")
    return made


def labels(given: Any, n: int) -> Ints:
    """The labels that a clusterer gives n points."""
    import numpy as np

    found = numbers(given, whole=True)
    if found is None or found.shape != (n,):
        raise Fault(f"for {n} points it gave {array(given)}, not {n} whole numbers")
    if found.min(initial=0) < -1:
        raise Fault(f"it gave the label {found.min()}; noise is -1, clusters are 0 and more")
    return np.asarray(found, np.int64)


def hits(given: Any, q: int, n: int, top: int) -> tuple[Floats, Ints]:
    """Scores (q, m) and rows (q, m) of a retriever or re-ranker over n rows: whole, best first, no row twice."""
    import numpy as np

    asked, shape = f"{q} queries among {n} rows with top={top}", (q, min(top, n))
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise Fault(f"{asked} gave {a(given)}, not scores and rows")
    scores, rows = given
    for what, found, kind in (("scores", scores, np.float32), ("rows", rows, np.int64)):
        if not isinstance(found, np.ndarray) or found.dtype != kind or found.shape != shape:
            gave = f"{getattr(found, 'dtype', type(found).__name__)} {getattr(found, 'shape', '')}"
            raise Fault(f"{asked} gave {what} {gave}, not {np.dtype(kind)} {shape}")
    if rows.min(initial=0) < 0 or rows.max(initial=0) >= n:
        raise Fault(f"{asked} gave the row {rows.min() if rows.min() < 0 else rows.max()}, allowed are 0 to {n - 1}")
    if any(len(set(line)) < len(line) for line in rows.tolist()):
        raise Fault(f"{asked} gave a row twice for one query")
    if not np.isfinite(scores).all():
        raise Fault("scores are not all finite")
    steps, climbs = np.diff(scores, axis=1), np.diff(rows, axis=1)
    if (steps > 0).any():
        raise Fault("scores rise along a line; best first")
    if ((steps == 0) & (climbs < 0)).any():
        raise Fault("of equal scores, a higher row comes before a lower one; lower row first")
    return scores, rows


def all_scores(given: Any, q: int, n: int) -> Floats:
    """A re-ranker's scores (q, n) of every row."""
    import numpy as np

    if not isinstance(given, np.ndarray) or given.dtype != np.float32 or given.shape != (q, n):
        raise Fault(f"scores(Q) of {q} queries among {n} rows gave {array(given)}, not float32 ({q}, {n})")
    return given
