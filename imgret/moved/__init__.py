"""Modules that plug-ins of 0.1 import, by their old names; they go with version 0.3.

This folder lies on the path of the package, so that `imgret.weights` is moved/weights.py.
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module


def warn(old: str, level: int) -> None:
    """Say where to find what was in the module `old`, at the line that is so many calls up; see `warnings.warn`."""
    text = f"{old} has moved: import what you need of it from imgret.plugin; this name goes with version 0.3"
    warnings.warn(text, DeprecationWarning, stacklevel=level + 1)


def moved(old: str, new: str) -> None:
    """Let the module `old`, which calls this when it is imported, be the module `new`."""
    warn(old, 3)
    sys.modules[old] = import_module(new)
