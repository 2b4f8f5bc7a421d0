"""What clusterers share: arguments that are numbers, and fitting with scikit-learn quietly and repeatably."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from imgret import UsageError


def check(clusterer: str, least: int = 1, **given: float | None) -> None:
    """Raises UsageError for the first argument below `least`; None is what the clusterer makes of it."""
    for name, value in given.items():
        if value is not None and value < least:
            raise UsageError(f"clusterer.{name}={value}: clusterer={clusterer} takes {least} or more here")


@contextmanager
def repeatable() -> Iterator[None]:
    """Keep warnings in, and OpenMP to one thread: its threads add up in any order. BLAS keeps all of its own."""
    import warnings

    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]  # scikit-learn brings it

    with warnings.catch_warnings(), threadpool_limits(1, "openmp"):
        warnings.simplefilter("ignore")  # of fewer distinct points than clusters, and the like: seen in the result
        yield
