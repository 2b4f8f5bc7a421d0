"""Whose fault it is: what goes wrong in a component is told as the component's, with its file and what to type."""

from __future__ import annotations

import inspect
import logging
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imgret.errors import Fault, UsageError, is_full, too_little
from imgret.words import as_word, printable, shown_path

MOST = 300  # characters of what somebody else's error says
log = logging.getLogger("imgret")


def sentence(error: Exception) -> str:
    """What went wrong, on one line: the words of a fault or wrong use as they are, else the error with its kind."""
    if isinstance(error, Fault):
        return error.said
    text = " ".join(str(error).split())
    return (text if isinstance(error, UsageError) else f"{type(error).__name__}: {text}".rstrip(": "))[:MOST]


@contextmanager
def owned(
    kind: str,
    name: str = "",
    component: Callable[..., Any] | None = None,
    typed: Mapping[str, Any] | None = None,
    but: type[Exception] | tuple[type[Exception], ...] = (),
) -> Iterator[None]:
    """What is raised in here is the component's Fault, but for wrong use, a full disk, and what `but` names.

    `name` is what it was chosen by, `component` what it is, `typed` the arguments that it was given: what is not known
    here is said by an `owned` or `named` around this one.
    """
    try:
        with named(kind, name, component, typed):
            yield
    except (UsageError, BrokenPipeError):
        raise
    except Exception as error:
        if is_full(error) or too_little(error) or isinstance(error, but or ()):
            raise
        fault = Fault(sentence(error))
        _name(fault, kind, name, component, typed)
        raise fault from error


@contextmanager
def named(
    kind: str,
    name: str = "",
    component: Callable[..., Any] | None = None,
    typed: Mapping[str, Any] | None = None,
) -> Iterator[None]:
    """A Fault that is raised in here and is of this kind, or of none yet, is that of this component."""
    try:
        yield
    except Fault as fault:
        _name(fault, kind, name, component, typed)
        raise


def _name(fault: Fault, kind: str, name: str, component: Any, typed: Mapping[str, Any] | None) -> None:
    if fault.kind not in ("", kind):
        return
    fault.kind = kind
    if name:
        words = [shlex.quote(f"{key}={as_word(value)}") for key, value in (typed or {}).items()]
        command = printable(" ".join(["python -m imgret plugins check", shlex.quote(f"{kind}/{name}"), *words]))
        fault.name = printable(name)
        place = f"it lies in {printable(file_of(component))}; " if component else ""
        fault.see = f"{place}for all that is wanted of it: {command}"


def warn(error: Exception, kind: str, name: str, component: Callable[..., Any]) -> Fault:
    """Tell of a fault of a component that costs no run."""
    fault = error if isinstance(error, Fault) else Fault(sentence(error))
    _name(fault, kind, name, component, None)
    lines = str(fault).split("\n")  # each is one: what is told with a record has no lines of its own
    log.warning("\n".join("%s" for _ in lines), *lines, exc_info=error if log.isEnabledFor(logging.DEBUG) else None)
    fault.told = True
    return fault


def is_ours(component: Callable[..., Any]) -> bool:
    """Whether it comes with imgret, whose own tests hold it to its contract."""
    module = component.__module__ or ""  # of code that was made by exec it is None
    return module.startswith("imgret.") and not module.startswith("imgret.dropped.")


def file_of(component: Any) -> str:
    """Where a component's code lies, or else the module that it says it is of."""
    try:
        return shown_path(Path(inspect.getfile(component)))
    except (TypeError, OSError):
        return str(getattr(component, "__module__", "") or type(component).__name__)
