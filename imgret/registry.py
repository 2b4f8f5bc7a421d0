"""The door for plug-ins: components by kind and name, and the arguments that their signatures declare."""

from __future__ import annotations

import importlib
import inspect
import logging
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar

from imgret.contracts import OFFERED
from imgret.errors import UsageError
from imgret.figures import Figure, Figures
from imgret.signatures import fits, hints, in_words
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
    "k": "k",
    "n_clusters": "k",
    "seed": "seed",
    "random_state": "seed",
    "top": "top",
    "device": "device",
    "offline": "offline",
    "images": "images",
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
        key = kind, name or component.__name__
        if key in _found and owner(_found[key]) != owner(component):
            mine, other = owner(component), owner(_found[key])
            raise ValueError(f"{kind} {key[1]!r} is taken by {other}; {mine} needs another name")
        if figures and kind != "metric":
            raise ValueError(f"{owner(component)} has figures, and is no metric")
        taken = {
            each.name: f"metric {other}" for other in options("metric") if other != key[1] for each in declared(other)
        }
        taken |= dict.fromkeys(Figures().known, "every run")
        for place, each in enumerate(figures):
            if not each.name.strip("*"):
                raise ValueError(f"{owner(component)} has a figure {each.name!r}; a name says something")
            if each.name in {other.name for other in figures[:place]}:
                raise ValueError(f"{owner(component)} has two figures {each.name!r}")
            if each.name in taken:
                raise ValueError(
                    f"figure {each.name!r} is that of {taken[each.name]}; {owner(component)} needs another name"
                )
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


def parameters(component: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {p.name: p for p in inspect.signature(component).parameters.values() if p.kind not in variable}


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
    does.
    """
    component = check_node(kind, node, slot)
    wanted = {key: value for key, value in handed.items() if key in parameters(component)}
    return component(**{key: value for key, value in node.items() if key != "name"}, **wanted)


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
            raise UsageError(f"{slot}={name} needs a value for {key!r}\ntype {slot}.{key}=...")
        if key in allowed and not fits(value, allowed[key]):
            raise UsageError(f"{slot}.{key}={printable(str(value))}: {slot}={name} takes {in_words(allowed[key])} here")
    for key, parameter in known.items():
        if parameter.default is parameter.empty and key not in given:
            raise UsageError(f"{slot}={name} needs a value for {key!r}\ntype {slot}.{key}=...")
    return component


def on_device(node: Mapping[str, Any], device: str) -> dict[str, Any]:
    """The node for a device that is really there: `auto`, or one of another machine, is no place for an array."""
    return {**node, **({"device": device} if "device" in node else {})}


def called(settings: Mapping[str, Any], slot: str) -> str:
    """The name by which the option in a slot was chosen: an alias's own; its component's in a run of 0.1.0."""
    return printable(str(settings.get("chosen", {}).get(slot) or settings[slot]["name"]))


def learned(component: object, node: Mapping[str, Any]) -> dict[str, Any]:
    """The node with what fitting has settled: a plain attribute `p_` takes the place of the argument `p`."""
    settled = {p: getattr(component, f"{p}_", None) for p in node}
    return {p: v if settled[p] is None else settled[p] for p, v in node.items()}


def unknown(what: str, given: object, choices: Iterable[str]) -> str:
    choices = sorted(choices)
    close = get_close_matches(str(given), choices, 1)
    return f"no {what} {given!r}{f', did you mean {close[0]}?' if close else ''}\nchoose from: {', '.join(choices)}"


def asks_in_vain(metric: Callable[..., Any]) -> str:
    """The first parameter of a metric that no run has anything for, in a sentence; "" where there is none."""
    for name, parameter in parameters(metric).items():
        if name not in OFFERED and parameter.default is parameter.empty:
            return f"it needs {name!r}, which no run has; a metric may ask for {', '.join(OFFERED)}"
    return ""


def load_plugins() -> None:
    """Import the built-ins, the files in IMGRET_PLUGINS, and the entry points `imgret.plugins`; idempotent.

    A file whose name begins with an underscore is a private part of another, with `test_` its test. A plug-in that
    fails is off.
    """
    loads: dict[str, Callable[[], object]] = {}
    for package, patterns in (("imgret.plugins", ("*.py", "*/*.py")), ("imgret.dropped", ("*.py",))):
        for home in importlib.import_module(package).__path__:
            if not Path(home).is_dir():
                logging.getLogger("imgret").warning("IMGRET_PLUGINS names %s, which is no folder", home)
            for file in sorted(file for pattern in patterns for file in Path(home).glob(pattern)):
                if not file.name.startswith(("_", "test_")):
                    module = ".".join((package, *file.relative_to(home).with_suffix("").parts))
                    loads.setdefault(str(file), partial(importlib.import_module, module))
    loads |= {f"{e.name} = {e.value}": e.load for e in entry_points(group="imgret.plugins")}
    for label, load in loads.items():
        try:
            load()
        except Exception as error:  # one broken plug-in must not stop the others
            logging.getLogger("imgret").warning("plug-in %s is off: %s: %s", label, type(error).__name__, error)
