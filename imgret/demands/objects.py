"""What is wanted of a component once it is built, before anything is computed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence
from typing import Any

from imgret.contracts import Backbone, Preprocess
from imgret.demands import a
from imgret.errors import Fault

METHODS: dict[str, dict[str, tuple[str, ...]]] = {  # and what each is called with
    "source": {"__iter__": (), "open": ("item",), "skipped": ()},
    "reducer": {"fit_transform": ("X",)},
    "clusterer": {"fit_predict": ("X",)},
    "retriever": {"fit": ("X", "labels"), "kneighbors": ("Q", "top")},
    "reranker": {"fit": ("X", "labels"), "kneighbors": ("Q", "top")},
}


def built(kind: str, made: Any) -> Any:
    """What a component of this kind was built to: it has the methods of its kind, or is a Backbone."""
    if kind == "backbone":
        return backbone(made)
    wanted = METHODS.get(kind, {})
    if isinstance(made, type):
        raise Fault(f"it gave the class {made.__name__}, not one that is built: return {made.__name__}(...)")
    missing = [name for name in wanted if not hasattr(made, name)]
    missing += [name for name in wanted if name not in (*missing, "skipped") and not callable(getattr(made, name))]
    if missing:
        raise Fault(f"{a(made)} has no {', no '.join(missing)}; a {kind} has {' and '.join(wanted)}")
    for name, given in wanted.items():
        if name != "skipped":
            takes(getattr(made, name), given, f"its {name}")
    return made


def takes(called: Callable[..., Any], given: Sequence[str], what: str = "it") -> None:
    """What can be called with arguments of these names, in their order, and no others."""
    try:
        signature = inspect.signature(called)
    except (TypeError, ValueError):  # of code in C: it shows when it is called
        return
    try:
        signature.bind(*given)
    except TypeError as error:
        raise Fault(f"{what} is called with ({', '.join(given)}), but takes {signature}: {error}") from None


def report(component: Callable[..., Any]) -> None:
    """What writes of a run into a folder."""
    takes(component, ("run", "folder"))


def takes_a_retriever(parameters: Collection[str]) -> None:
    """What a re-ranker has parameters for."""
    if "retriever" not in parameters:
        raise Fault("it has no parameter `retriever`, which receives the retriever that it re-ranks")


def backbone(made: Any) -> Backbone:
    """A Backbone of which each part is what it must be; nothing is computed."""
    if not isinstance(made, Backbone):
        raise Fault(f"it returns {a(made)}, not an imgret.plugin.Backbone(module, preprocess, licence)")
    if made.vectors is None and not (callable(made.module) and hasattr(made.module, "parameters")):
        raise Fault(f"its module is {a(made.module)}, not a torch.nn.Module")
    done = made.preprocess
    if not isinstance(done, Preprocess):
        raise Fault(f"its preprocess is {a(done)}, not an imgret.plugin.Preprocess")
    if len(done.size) != 2 or not all(isinstance(side, int) and side > 0 for side in done.size):
        raise Fault(f"the size is {done.size}; two whole numbers above 0 are wanted, height and width")
    if len(done.mean) != 3 or len(done.std) != 3 or min(done.std) <= 0:
        raise Fault(f"mean {done.mean}, std {done.std}: three numbers each, std above 0")
    if not isinstance(made.licence, str) or not made.licence.strip():
        raise Fault(f"the licence is {made.licence!r}; say that of the weights, or 'no weights'")
    wrong = [key for key, value in made.facts.items() if not isinstance(key, str) or not isinstance(value, str)]
    if wrong:
        raise Fault(f"the fact {wrong[0]!r} is no text")
    return made
