"""What is demanded of every component: a name, a word about itself, a signature that is a config."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

from imgret.checks import Check, Fault, Subject
from imgret.registry import HANDED, OWED, SHARED, SLOT_OF, arguments, check_node, parameters
from imgret.signatures import shared_hint

HEAVY = {"PIL", "cv2", "matplotlib", "openvino", "pandas", "scipy", "skimage", "sklearn", "tensorflow", "timm", "torch",
         "torchvision", "transformers"}  # fmt: skip
NO_NAMES = ("null", "true", "false", "nan", "inf")  # values of Hydra's grammar


def name_can_be_typed(subject: Subject) -> None:
    """Its name can be typed"""
    if not re.fullmatch(r"[A-Za-z][\w-]*", subject.name, re.ASCII) or subject.name.lower() in NO_NAMES:
        raise Fault(f"it is {subject.name!r}; a name has letters, numbers, _ and -, and begins with a letter")


def says_what_it_is(subject: Subject) -> None:
    """It has a docstring, whose first line the lists show"""
    own = subject.component.__doc__
    if not (own or "").strip():
        raise Fault("there is none")


def signature_is_a_config(subject: Subject) -> str:
    """Its defaults are plain values that fit their annotations"""
    if subject.kind not in SLOT_OF:
        return ""
    known, typed = parameters(subject.component), arguments(subject.component)
    check_node(subject.kind, subject.arguments() | {p: v for p, v in typed.items() if v != OWED and p not in SHARED})
    untyped = sorted(known.keys() - typed.keys() - set(HANDED))
    loose = sorted(p for p in known.keys() - set(HANDED) if known[p].annotation is inspect.Parameter.empty)
    remarks = [f"no plain value, so it cannot be typed: {', '.join(untyped)}"] if untyped else []
    remarks += [f"no annotation, so what is typed is not looked at: {', '.join(loose)}"] if loose else []
    remarks += [f"{p}: {shared_hint(p)}" for p in known if shared_hint(p)]
    return "; ".join(remarks)


def starts_quickly(subject: Subject) -> None:
    """Nothing heavy is imported at the top of its file, so that imgret starts quickly"""
    try:
        source = Path(inspect.getfile(subject.component)).read_text(encoding="utf-8")
    except (TypeError, OSError):  # it has no file to be read at every start
        return
    found: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    if found & HEAVY:
        raise Fault(f"{', '.join(sorted(found & HEAVY))}; import it inside the function or method that needs it")


def builds(subject: Subject) -> None:
    """It is built from its arguments, and has the methods of its kind"""
    subject.build()


CHECKS: list[Check] = [name_can_be_typed, says_what_it_is, signature_is_a_config, starts_quickly]
