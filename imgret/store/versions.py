"""The versions of what computes: results that are kept depend on them, and runs record them."""

from __future__ import annotations

import platform
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version

from imgret.version import VERSION


@cache
def versions() -> dict[str, str]:
    """Of Python, imgret, and each package that imgret itself asks for."""
    found = {"python": platform.python_version(), "imgret": VERSION}
    try:
        needed = requires("imgret") or []
    except PackageNotFoundError:  # a checkout that was never installed
        needed = []
    for package in sorted(re.split(r"[^\w.-]", need, maxsplit=1)[0] for need in needed if "extra ==" not in need):
        found[package] = version(package)
    return found
