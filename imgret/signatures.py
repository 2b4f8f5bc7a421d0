"""The parameters of a component: what they are called, and what their annotations allow."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from imgret.contracts import OFFERED
from imgret.words import printable

MEANT = {  # a parameter with one of these names does not, and its author may think that it does
    "k": ("num_clusters", "number_of_clusters", "n_cluster", "num_cluster", "nclusters", "ncluster", "clusters"),
    "seed": ("random_seed", "rng_seed", "rng", "randomstate"),
}


def plain(value: Any) -> Any:
    """A value that can be typed, as which a number of NumPy's is taken; None for an array or an object."""
    value = value.item() if getattr(value, "shape", None) == () else value
    if isinstance(value, list | tuple):
        return list(value) if all(each is not None and plain(each) is each for each in value) else None
    return value if isinstance(value, bool | int | float | str) else None


def hints(component: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of the arguments, by name; none where they cannot be evaluated, which then check nothing."""
    try:
        return get_type_hints(component.__init__ if inspect.isclass(component) else component)
    except Exception:
        return {}


def fits(value: object, hint: Any) -> bool:
    """Whether a value is what an annotation allows; what is not understood allows everything."""
    if hint is Any or isinstance(hint, TypeVar):
        return True
    if get_origin(hint) in (Union, UnionType):
        return any(fits(value, each) for each in get_args(hint))
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if hint is None or hint is NoneType:
        return value is None
    if hint in (int, float):
        return isinstance(value, (int, hint)) and not isinstance(value, bool)
    if isinstance(hint, type):
        return isinstance(value, hint)
    return True


def in_words(hint: Any) -> str:
    """What an annotation allows, as it is said to users."""
    names = {int: "a whole number", float: "a number", str: "text", bool: "true or false", NoneType: "null"}
    if get_origin(hint) is Literal:
        return " or ".join(map(str, get_args(hint)))
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return " or ".join(names.get(p, getattr(p, "__name__", str(p))) for p in parts)


def readable(component: object, kind: str) -> None:
    """Raises ValueError for what cannot be a component, as its parameters cannot be read."""
    if not callable(component) or not hasattr(component, "__qualname__"):
        raise ValueError(f"{printable(repr(component))[:80]} is no {kind}: a class or a function is wanted")
    try:
        inspect.signature(component)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the parameters of {component.__qualname__} cannot be read: {error}") from None


def parameters(component: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {p.name: p for p in inspect.signature(component).parameters.values() if p.kind not in variable}


def shared_hint(parameter: str) -> str:
    """What to call a parameter that looks as if it were to receive a setting of the run; "" for another."""
    shared = {near: setting for setting, names in MEANT.items() for near in names}.get(parameter.lower())
    return f"call it {shared} to receive the run's" if shared else ""


def asks_in_vain(metric: Callable[..., Any]) -> str:
    """The first parameter of a metric that no run has anything for, in a sentence; "" where there is none."""
    for name, parameter in parameters(metric).items():
        if name not in OFFERED and parameter.default is parameter.empty:
            close = get_close_matches(name, OFFERED, 1)
            meant = f", did you mean {close[0]}?" if close else ""
            return f"it needs {name!r}, which no run has{meant}; a metric may ask for {', '.join(OFFERED)}"
    return ""
