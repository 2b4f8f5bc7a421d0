"""`imgret plugins check`: the contract tests of each kind, which the built-ins pass too.

A check is a function of a Subject. The first line of its docstring says what it demands; it raises Fault where that
does not hold, and may return a remark. Anything else that is raised in it is a fault as well. The checks of a kind
are the list CHECKS of the module of its name; their data are made in memory, seeded.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NamedTuple

from imgret.blame import owned, sentence
from imgret.errors import Fault as Fault
from imgret.errors import UsageError
from imgret.ops.ranking import knn
from imgret.registry import KINDS, SHARED, SLOT_OF, build, check_node, find, options, parameters, unknown
from imgret.settings.options import nodes

SETTINGS: dict[str, Any] = {"k": 3, "seed": 0, "top": 10, "device": "cpu", "offline": False, "images": "."}
Check = Callable[["Subject"], "str | None"]
log = logging.getLogger("imgret")


class Finding(NamedTuple):
    """One line of the result: what is demanded, what is wrong if anything is, and a remark."""

    what: str
    fault: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Subject:
    """The component under test, by its kind and the option that was named, with the arguments that were typed."""

    kind: str
    name: str
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def node(self) -> dict[str, Any]:
        """The option's config as a run has it: the signature's defaults, and what a file in `configs/` says."""
        node = nodes()[SLOT_OF[self.kind]][self.name] if self.kind in SLOT_OF else {"name": self.name}
        return {key: value for key, value in node.items() if key != "defaults"}

    @property
    def component(self) -> Callable[..., Any]:
        return find(self.kind, self.node["name"])

    @property
    def repeatable(self) -> bool:
        """Whether it promises equal results for equal input: yes, unless it says `deterministic = False`."""
        return bool(getattr(self.component, "deterministic", True))

    def takes(self, setting: str) -> bool:
        """Whether it has a parameter of this name, or one that receives the run's setting of this name."""
        return any(SHARED.get(p, p) == setting for p in parameters(self.component))

    def arguments(self, **changes: Any) -> dict[str, Any]:
        """What it is built with: the option's config, settings as in a small run, what was typed, and `changes`."""
        node = self.node
        for layer in (SETTINGS, self.given, changes):
            for p in parameters(self.component):
                setting = SHARED.get(p, p)
                if p in layer or (setting in layer and setting != p):
                    node[p] = layer[p] if p in layer else layer[setting]
        return node

    def build(self, **changes: Any) -> Any:
        """A new one, around a plain scan where it is to be around a retriever.

        Raises UsageError where a value is owed or wrong.
        """
        from imgret.checks.data import Scan

        return build(self.kind, self.arguments(**changes), SLOT_OF[self.kind], retriever=Scan(), knn=knn)


def check(kind: str, name: str, **given: Any) -> Iterator[Finding]:
    """What comes of holding the option `name` of a kind, built with the arguments `given`, to its contract.

    Raises UsageError for what is wrong with the words: no such option or argument, or a value that is owed.
    """
    if kind not in KINDS:
        raise UsageError(unknown("kind", kind, KINDS))
    names = nodes()[SLOT_OF[kind]] if kind in SLOT_OF else options(kind)
    if name not in names:
        raise UsageError(unknown(kind, name, names))
    if kind in SLOT_OF and name in options(kind) and "name" in parameters(options(kind)[name]):
        raise UsageError(f"{kind}={name} has a parameter `name`, which every option has of its own\nname it otherwise")
    subject = Subject(kind, name, given)
    for key in given:
        if kind not in SLOT_OF:
            raise UsageError(f"{kind}.{key}: a {kind} is given nothing by name\nleave it out")
        if not (key in SETTINGS and subject.takes(key)) and key not in parameters(subject.component):
            raise UsageError(unknown(f"argument of {kind}={name}", key, parameters(subject.component)))
    if kind in SLOT_OF:
        check_node(kind, subject.arguments(), SLOT_OF[kind])

    general, own = (import_module(f"imgret.checks.{module}") for module in ("general", kind))
    for each in general.CHECKS:
        yield _finding(each, subject)
    if kind in SLOT_OF:
        finding = _finding(general.builds, subject)
        yield finding
        if finding.fault:  # what cannot be built cannot be looked at
            return
    for each in own.CHECKS:
        yield _finding(each, subject)


def faults(kind: str, name: str, **given: Any) -> list[str]:
    """The faults that `check` finds, a line each.

    A plug-in's own test is `assert faults("clusterer", "birch") == []`, once its module is imported.
    """
    return [f"{finding.what}: {finding.fault}" for finding in check(kind, name, **given) if finding.fault]


def hold(kind: str, name: str) -> None:
    """What a run asks of an attribute or a metric before its features are computed: the checks FIRST of its kind.

    Raises Fault.
    """
    subject = Subject(kind, name)
    with warnings.catch_warnings(), owned(kind, name, subject.component):
        warnings.simplefilter("ignore")
        for each in import_module(f"imgret.checks.{kind}").FIRST:
            each(subject)


def _finding(each: Check, subject: Subject) -> Finding:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as on the command line: a warning breaks no contract
            return Finding(_what(each), remark=each(subject) or "")
    except Exception as error:
        log.debug("%s: %s", each.__name__, error, exc_info=error)
        return Finding(_what(each), sentence(error))


def _what(each: Check) -> str:
    return (each.__doc__ or each.__name__).partition("\n")[0]
