"""The door for plug-ins: components by kind and name, and the arguments that their signatures declare."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from difflib import get_close_matches
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar

from imgret.blame import file_of, named, owned
from imgret.demands.objects import built, takes_a_retriever
from imgret.errors import UsageError
from imgret.figures import Figure, Figures
from imgret.figures import check as check_figures
from imgret.signatures import asks_in_vain as asks_in_vain
from imgret.signatures import fits, hints, in_words, plain, readable, shared_hint
from imgret.signatures import parameters as parameters
from imgret.words import printable

KINDS = ("source", "backbone", "reducer", "clusterer", "retriever", "reranker", "attribute", "metric", "report")
SLOTS = {  # what is chosen by one name on the command line -> its kind
    "source": "source",
    "backbone": "backbone",
    "reducer": "reducer",
    "view": "reducer",
    "clusterer": "clusterer",
    "retriever": "retriever",
    "rerank": "reranker",
}
SLOT_OF = {kind: slot for slot, kind in reversed(SLOTS.items())}  # the first one, where a kind has several
OPTIONAL = ("rerank",)  # slots that may be null, and are unless chosen: a run of an earlier version knows none of them
HANDED = ("knn", "retriever")  # a parameter with one of these names receives what a run has made, and is not typed
SHARED = {  # a parameter with one of these names receives the run's setting
    **{"k": "k", "n_clusters": "k", "seed": "seed", "random_state": "seed"},
    **{same: same for same in ("top", "device", "offline", "images")},
}
OWED = "???"  # a value that the user must type, in OmegaConf's spelling

Component = TypeVar("Component", bound=Callable[..., Any])
_found: dict[tuple[str, str], Callable[..., Any]] = {}
_figures: dict[str, tuple[Figure, ...]] = {}  # by metric


def register(kind: str, name: str = "", figures: Sequence[Figure] = ()) -> Callable[[Component], Component]:
    """Offer a class, or a function that returns a component, under its kind and its own name.

    `figures` are what a metric returns, with what is to be known to show them: every table reads it here.

    Raises ValueError for a kind that does not exist, for figures of what is no metric, and for a name that another
    component or figure has.
    """

    def offer(component: Component) -> Component:
        if kind not in KINDS:
            raise ValueError(unknown("kind", kind, KINDS))
        readable(component, kind)
        key = kind, name or component.__name__
        if key in _found and owner(_found[key]) != owner(component):
            mine, other = file_of(component), file_of(_found[key])
            raise ValueError(
                f"{kind} {key[1]!r} is that of {other} already, so that of {mine} needs another name: "
                f'@register("{kind}", "another")'
            )
        if figures and kind != "metric":
            raise ValueError(f"{kind} {key[1]} of {file_of(component)} has figures, and is no metric")
        taken = {
            each.name: f"metric {other}" for other in options("metric") if other != key[1] for each in declared(other)
        }
        check_figures(figures, f"metric {key[1]}", taken)
        if kind == "metric":
            _figures[key[1]] = tuple(figures)
        _found[key] = component
        return component

    return offer


def owner(component: Callable[..., Any]) -> str:
    return f"{component.__module__}.{component.__qualname__}"


def options(kind: str) -> dict[str, Callable[..., Any]]:
    """Components of a kind by name, sorted."""
    return {name: component for (its_kind, name), component in sorted(_found.items()) if its_kind == kind}


def declared(metric: str) -> tuple[Figure, ...]:
    """What a metric says of the figures that it returns; nothing where it says nothing."""
    return _figures.get(metric, ())


def figures() -> Figures:
    """What is known of figures: of those of every run, and of those that metrics declare, in order of registration."""
    return Figures(each for kind, name in _found if kind == "metric" for each in declared(name))


def registered() -> Hashable:
    """All components: what follows from them is the same for as long as this is."""
    return tuple(_found.items())


def find(kind: str, name: object) -> Callable[..., Any]:
    if not isinstance(name, str) or name not in options(kind):
        raise UsageError(unknown(kind, name, options(kind)))
    return options(kind)[name]


def arguments(component: Callable[..., Any]) -> dict[str, Any]:
    """The option's config: defaults, `${k}` and the like for the run's settings, `???` where a value is owed.

    A default that is no plain value (an object, a function) cannot be typed and is left to the component.
    """
    config: dict[str, Any] = {}
    for name, parameter in parameters(component).items():
        if name in HANDED:
            continue
        if name in SHARED:
            config[name] = f"${{{SHARED[name]}}}"
        elif parameter.default is parameter.empty:
            config[name] = OWED
        elif isinstance(parameter.default, bool | int | float | str | NoneType | list | tuple | dict):
            config[name] = parameter.default
    return config


def build(kind: str, node: Mapping[str, Any], slot: str = "", **handed: Any) -> Any:
    """The component that `{name: ..., arguments}` describes: a look-up by name, never an import by path.

    Of what is `handed` over (see HANDED) it receives what it has a parameter for. Raises UsageError where check_node
    does, and Fault where it cannot be built, or is not what its kind must be.
    """
    component = check_node(kind, node, slot)
    wanted = {key: value for key, value in handed.items() if key in parameters(component)}
    with owned(kind, node["name"], component):
        if kind == "reranker":
            takes_a_retriever(parameters(component))
        return built(kind, component(**{key: value for key, value in node.items() if key != "name"}, **wanted))


def check_node(kind: str, node: Mapping[str, Any], slot: str = "") -> Callable[..., Any]:
    """The component that `{name: ..., arguments}` names, if the arguments fit its signature; nothing is called.

    Raises UsageError for a name, an argument or a value that the kind or the component does not take.
    """
    slot = slot or kind
    given = dict(node)
    name = given.pop("name", None)
    component = find(kind, name)
    known = {name: parameter for name, parameter in parameters(component).items() if name not in HANDED}
    allowed = hints(component)
    for key, value in given.items():
        if key not in known:
            raise UsageError(unknown(f"argument of {slot}={printable(str(name))}", key, known))
        if value == OWED:
            raise UsageError(_owed(slot, name, key))
        if key in allowed and not fits(value, allowed[key]):
            raise UsageError(f"{slot}.{key}={printable(str(value))}: {slot}={name} takes {in_words(allowed[key])} here")
    for key, parameter in known.items():
        if parameter.default is parameter.empty and key not in given:
            raise UsageError(_owed(slot, name, key))
    return component


def _owed(slot: str, name: object, key: str) -> str:
    hint = f", or in its code {shared_hint(key)}" if shared_hint(key) else ""
    return f"{slot}={name} needs a value for {key!r}\ntype {slot}.{key}=...{hint}"


def on_device(node: Mapping[str, Any], device: str) -> dict[str, Any]:
    """The node for a device that is really there: `auto`, or one of another machine, is no place for an array."""
    return {**node, **({"device": device} if "device" in node else {})}


def called(settings: Mapping[str, Any], slot: str) -> str:
    """The name by which the option in a slot was chosen: an alias's own; its component's in a run of 0.1.0."""
    return printable(str(settings.get("chosen", {}).get(slot) or settings[slot]["name"]))


def blamed(settings: Mapping[str, Any], slot: str, only: bool = False) -> AbstractContextManager[None]:
    """What goes wrong in here is the fault of a slot's component: see `owned`. With `only`, faults are named alone."""
    kind, node = SLOTS[slot], settings.get(slot) or {}
    typed = {f"{slot}.{p}": v for p, v in node.items() if f"{slot}.{p}" in settings.get("typed", ())}
    name, component = called(settings, slot) if node else "", options(kind).get(node.get("name", ""))
    return (named if only else owned)(kind, name, component, typed)


def shared_hints(settings: Mapping[str, Any], slot: str) -> list[str]:
    """A line for each parameter of a slot's component that looks as if it were to receive a setting of the run."""
    node, typed = settings[slot], settings.get("typed", ())
    hints = {p: shared_hint(p) for p in node if f"{slot}.{p}" not in typed}
    return [f"{SLOTS[slot]}/{called(settings, slot)} has a parameter {p}: {hint}" for p, hint in hints.items() if hint]


def learned(component: object, node: Mapping[str, Any]) -> dict[str, Any]:
    """The node with what fitting has settled: a plain attribute `p_` takes the place of the argument `p`."""
    settled = {p: plain(getattr(component, f"{p}_", None)) for p in node}
    return {p: v if settled[p] is None else settled[p] for p, v in node.items()}


def unknown(what: str, given: object, choices: Iterable[str], many: bool = False) -> str:
    """What to choose from; of `many`, only the one that was meant, if it can be told."""
    choices = sorted(choices)
    close = get_close_matches(str(given), choices, 1)
    said = f"no {what} {given!r}{f', did you mean {close[0]}?' if close else ''}"
    return said if close and many else f"{said}\nchoose from: {', '.join(choices)}"


def load_plugins() -> None:
    """Import the built-ins, the files in IMGRET_PLUGINS, and the entry points `imgret.plugins`; idempotent.

    A file whose name begins with an underscore is a private part of another, with `test_` its test. A plug-in that
    fails is off.
    """
    loads: dict[str, Callable[[], object]] = {}
    files: dict[str, Path] = {}  # by module
    for package, patterns in (("imgret.plugins", ("*.py", "*/*.py")), ("imgret.dropped", ("*.py",))):
        for home in importlib.import_module(package).__path__:
            if not Path(home).is_dir():
                logging.getLogger("imgret").warning("IMGRET_PLUGINS names %s, which is no folder", home)
            for file in sorted(file for pattern in patterns for file in Path(home).glob(pattern)):
                if not file.name.startswith(("_", "test_")):
                    module = ".".join((package, *file.relative_to(home).with_suffix("").parts))
                    other = files.setdefault(module, file)
                    load: Callable[[], object] = partial(importlib.import_module, module)
                    if other != file:
                        load = partial(_second, other)
                    loads.setdefault(str(file), load)
    loads |= {f"{e.name} = {e.value}": e.load for e in entry_points(group="imgret.plugins")}
    for label, load in loads.items():
        try:
            load()
        except Exception as error:  # one broken plug-in must not stop the others
            logging.getLogger("imgret").warning("plug-in %s is off: %s: %s", label, type(error).__name__, error)


def _second(first: Path) -> None:
    raise ValueError(f"{first} has the same name, and came first; rename one of them")
