"""Fitting with scikit-learn so that it says nothing and gives the same result each time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def repeatable() -> Iterator[None]:
    """Keep warnings in, and OpenMP to one thread: its threads add up in any order. BLAS keeps all of its own."""
    import warnings

    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]  # scikit-learn brings it

    with warnings.catch_warnings(), threadpool_limits(1, "openmp"):
        warnings.simplefilter("ignore")  # of fewer distinct points than clusters, and the like: seen in the result
        yield
