"""What the annotations of a component's arguments allow."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints


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
