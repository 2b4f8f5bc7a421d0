"""`imgret plugins`: every component, with its file, arguments and licence; see also plugins check -h, new -h."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata, packages_distributions
from typing import Any

from imgret.blame import file_of
from imgret.commands._parser import Parser
from imgret.errors import UsageError
from imgret.registry import KINDS, SLOT_OF, SLOTS, arguments, declared, find, load_plugins, options, unknown
from imgret.screen import say
from imgret.settings.options import CONFIGS, nodes, root_node, sentences
from imgret.words import counted, printable, quoted, shown_path, typed_path

PARSER = Parser("plugins", __doc__)
PARSER.add_argument("kind", nargs="?", metavar="KIND", help=f"one of {', '.join(KINDS)} (default: all)")

CHECK = Parser("plugins check", "hold a component to what its kind must be; exit code 1 where it has a fault.")
CHECK.add_argument("component", metavar="KIND/NAME", help="say clusterer/birch, or birch where one kind alone has it")
CHECK.add_argument(
    "values", nargs="*", default=[], metavar="NAME=VALUE", help="arguments, as a run takes them: backbone.size=96"
)

NEW = Parser("plugins new", "write a small component that works, and its test, to start from; nothing is overwritten.")
NEW.add_argument("kind", metavar="KIND", help=f"one of {', '.join(KINDS)}")
NEW.add_argument("name", metavar="NAME", help="a Python name that no component of the kind has")
NEW.add_argument(
    "--folder",
    metavar="DIR",
    help="the folder to write into (default: the first of IMGRET_PLUGINS, else the current one)",
)


def main(words: Sequence[str]) -> None:
    if words[:1] == ["check"]:
        return check(words[1:])
    if words[:1] == ["new"]:
        return new(words[1:])
    kind = PARSER.parse_args(words).kind
    if kind is not None and kind not in KINDS:
        raise UsageError(unknown("kind", kind, KINDS))
    load_plugins()
    known = nodes()
    for each in KINDS if kind is None else (kind,):
        for name, component in options(each).items():
            say(f"{each}={name}  {_values(arguments(component))}".rstrip())
            say(f"    {first_line(component)}")
            for figure in declared(name) if each == "metric" else ():
                say(f"    {figure.name:<20} {figure.about}")
            say(f"    {file_of(component)}  {_licence(component)}")
        for slot in (slot for slot, its_kind in SLOTS.items() if its_kind == each):
            for name, node in known[slot].items():
                if node["name"] != name:
                    say(f"{slot}={name}  {_values(node)}")
                    say(f"    {about(slot, name, node)}")
                    file = shown_path(CONFIGS / slot / f"{name}.yaml")
                    say(f"    {file}  {_licence_said(slot, name) or _licence(find(each, node['name']))}")


def check(words: Sequence[str]) -> None:
    """A line for each thing that is demanded of a component; exit code 1 where one is not met."""
    asked = CHECK.parse_args(words)
    load_plugins()
    kind, slash, name = asked.component.replace("=", "/", 1).partition("/")
    if not slash:
        kind, name = _kind_of(asked.component), asked.component
    for word in asked.values:
        if "=" not in word:
            raise UsageError(f"{printable(word)}: arguments are written name=value\ntype {kind}.{printable(word)}=...")

    import imgret.checks
    from imgret.config import values_of

    slot = SLOT_OF.get(kind, kind)
    given = {
        key.removeprefix(f"{kind}.").removeprefix(f"{slot}."): value for key, value in values_of(asked.values).items()
    }
    findings = []
    for finding in imgret.checks.check(kind, name, **given):
        findings.append(finding)
        say(f"{'FAULT' if finding.fault else 'ok   '}  {finding.what}")
        for line in filter(None, (finding.fault, finding.remark)):
            say(f"       {line}")
    faults = sum(bool(finding.fault) for finding in findings)
    say(f"{kind}/{name}: {counted(faults, 'fault') if faults else 'no fault'} in {counted(len(findings), 'check')}")
    if faults:
        sys.stdout.flush()
        sys.exit(1)


def _kind_of(name: str) -> str:
    """The kind that has a component, or an alias, of this name. Raises UsageError where none has, or several have."""
    known = {kind: [*options(kind), *(nodes()[SLOT_OF[kind]] if kind in SLOT_OF else ())] for kind in KINDS}
    kinds = [kind for kind, names in known.items() if name in names]
    if len(kinds) == 1:
        return kinds[0]
    shown = printable(name)
    if kinds:
        choices = " or ".join(f"{kind}/{shown}" for kind in kinds)
        raise UsageError(f"{shown}: a component of {len(kinds)} kinds\ntype imgret plugins check {choices}")
    if get_close_matches(name, KINDS, 1, 0.8):
        raise UsageError(f"{shown}: a kind and a name are wanted\ntype imgret plugins check KIND/NAME")
    raise UsageError(unknown("component", name, {each for names in known.values() for each in names}, many=True))


def new(words: Sequence[str]) -> None:
    """Write a component and its test, and say what to type next."""
    asked = NEW.parse_args(words)
    homes = [each for each in os.environ.get("IMGRET_PLUGINS", "").split(os.pathsep) if each]
    folder = typed_path(asked.folder or (homes or ["."])[0])

    from imgret.checks.templates import write

    load_plugins()
    for file in write(asked.kind, asked.name, folder):
        say(f"wrote  {shown_path(file)}")
    known = folder.resolve() in [typed_path(each).resolve() for each in homes]
    door = "" if known else f"IMGRET_PLUGINS={quoted(shown_path(folder))} "
    slot = SLOT_OF.get(asked.kind)
    usual = [] if slot else root_node()[f"{asked.kind}s"]  # which a list that is typed takes the place of
    use = f"{slot}={asked.name}" if slot else f"{asked.kind}s=[{','.join([*usual, asked.name])}]"
    say(f"next   {door}python -m imgret plugins check {asked.kind}/{asked.name}")
    say(f"       pytest {quoted(shown_path(folder / f'test_{asked.name}.py'))}")
    say(f"       {door}python -m imgret FOLDER {quoted(use)}")


def first_line(component: Callable[..., Any]) -> str:
    return (inspect.getdoc(component) or "no docstring").splitlines()[0]


def about(slot: str, name: str, node: Mapping[str, Any]) -> str:
    """What is said of an option in a line: its component's, or the first sentence in an alias's own file."""
    said = sentences(slot, name)[:1] if node["name"] != name else []
    return f"{said[0]}." if said else first_line(find(SLOTS[slot], node["name"]))


def _values(node: Mapping[str, Any]) -> str:
    """Arguments as they are listed; those of an alias begin with its component's name."""
    return " ".join(f"{key}={'' if value is None else value}" for key, value in node.items() if key != "defaults")


def _licence_said(slot: str, name: str) -> str:
    """What an alias's file says in a sentence that begins with `Licence`, as its weights have one of their own."""
    return next((said.partition(" ")[2] for said in sentences(slot, name) if said.startswith("Licence ")), "")


def _licence(component: Callable[..., Any]) -> str:
    """The licence of the package that a component comes from; a file that was dropped in has the user's own."""
    dropped = component.__module__.startswith("imgret.dropped.")
    return "yours" if dropped else _licence_of(component.__module__.partition(".")[0])


@cache  # to look through all that is installed takes a quarter of a second
def _licence_of(package: str) -> str:
    try:
        about = metadata(packages_distributions().get(package, [package])[0])
    except (PackageNotFoundError, IndexError):
        return "Apache-2.0" if package == "imgret" else "unknown licence"
    named = [about[key] for key in ("License-Expression", "License") if key in about]
    return named[0] if named else "unknown licence"
