"""What is computed once: features and arrays go in under what they follow from, and are found again."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name in ("digest", "home"):  # where plug-ins of 0.1 look for them
        from imgret.moved import warn
        from imgret.store import store

        warn(f"imgret.store.{name}", 2)
        return getattr(store, name)
    raise AttributeError(f"module 'imgret.store' has no attribute {name!r}")
