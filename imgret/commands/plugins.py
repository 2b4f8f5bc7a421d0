"""`imgret plugins`: every component, where it comes from, what it takes, and its licence."""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, metadata, packages_distributions
from typing import Any

from imgret.registry import KINDS, UsageError, arguments, load_plugins, options, unknown
from imgret.words import shown_path


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="imgret plugins", description=__doc__)
    parser.add_argument("kind", nargs="?", metavar="KIND", help=f"one of {', '.join(KINDS)} (default: all)")
    kind = parser.parse_args(words).kind
    if kind is not None and kind not in KINDS:
        raise UsageError(unknown("kind", kind, KINDS))
    load_plugins()
    for each in KINDS if kind is None else (kind,):
        for name, component in options(each).items():
            values = " ".join(f"{key}={'' if value is None else value}" for key, value in arguments(component).items())
            print(f"{each}={name}  {values}".rstrip())
            print(f"    {first_line(component)}")
            print(f"    {_file(component)}  {_licence(component)}")


def first_line(component: Callable[..., Any]) -> str:
    return (inspect.getdoc(component) or "no docstring").splitlines()[0]


def _file(component: Callable[..., Any]) -> str:
    from pathlib import Path

    try:
        return shown_path(Path(inspect.getfile(component)))
    except (TypeError, OSError):
        return str(component.__module__)


def _licence(component: Callable[..., Any]) -> str:
    """The licence of the package that a component comes from; a file that was dropped in has the user's own."""
    package = component.__module__.partition(".")[0]
    if component.__module__.startswith("imgret.dropped."):
        return "yours"
    try:
        about = metadata(packages_distributions().get(package, [package])[0])
    except (PackageNotFoundError, IndexError):
        return "Apache-2.0" if package == "imgret" else "unknown licence"
    named = [about[key] for key in ("License-Expression", "License") if key in about]
    return named[0] if named else "unknown licence"
