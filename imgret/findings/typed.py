"""The values in run.json as types say that they are: what is of another type is refused, by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints


def read(kind: Any, value: Any, where: str = "") -> Any:
    """`value` as `kind`: `Any`, `int`, `float`, `str`, `X | None`, a list or mapping of such, or a class of fields.

    That is a dataclass or a NamedTuple: an object, in which what has a default may be absent, and what is no field is
    passed over; or of a NamedTuple all values as a list. `where` is the value's name. Raises ValueError.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any or type(value) is kind or (kind is float and type(value) is int):
        return value
    if origin is UnionType:
        return None if value is None else read(inner[0], value, where)
    if origin in (list, Sequence) and isinstance(value, list):
        return [read(inner[0], each, where) for each in value]
    if origin in (dict, Mapping) and isinstance(value, dict):
        return {key: read(inner[1], each, f"{where}.{key}") for key, each in value.items()}
    if origin is None and hasattr(kind, "__annotations__"):
        hints = _hints(kind)
        if issubclass(kind, tuple) and isinstance(value, list) and len(value) == len(hints):
            value = dict(zip(hints, value, strict=True))
        if isinstance(value, dict):
            named = {name: f"{where}.{name}".lstrip(".") for name in hints if name in value}
            try:
                return kind(**{name: read(hints[name], value[name], named[name]) for name in named})
            except TypeError as error:  # a field without a default is not there
                raise ValueError(f"{where or 'something'} in run.json is not whole: {error}") from error
    raise ValueError(f"{where} in run.json is not {getattr(origin or kind, '__name__', kind)}: {value!r}")


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
