"""`imgret help`: what can be typed, with every option that is installed."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from importlib import import_module

from imgret.commands import NAMES
from imgret.commands._parser import Parser
from imgret.commands.plugins import about
from imgret.errors import EXIT_CODES, UsageError
from imgret.reading.outcomes import OUTCOMES
from imgret.registry import OPTIONAL, SHARED, SLOTS, load_plugins, options, unknown
from imgret.screen import say
from imgret.settings.options import CONFIGS, STOP, nodes, root_node

USAGE = """imgret: a folder of images becomes a clustered, evaluated, searchable collection.

python -m imgret clusterer=kmeans k=100      no images given: the demo, a drawn fabric catalogue
python -m imgret FOLDER [NAME=VALUE ...]     your own images
python -m imgret -m FOLDER k=50,100,200      a sweep: one run for each value
python -m imgret --from RUN [NAME=VALUE ...] a run or a sweep again, by its folder or a sweep.yaml; what is typed wins
"""
WIDTH = 120
INDENT = " " * 8
FIRST = ("query", "assign", "runs", "evaluate", "compare", "export")


def parsers() -> list[Parser]:
    """Those that stand in the files of the commands: what is typed most, then the others by name."""
    names = sorted(NAMES, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
    files = [import_module(f"imgret.commands.{name.replace('-', '_')}") for name in names]
    return [each for file in files for each in vars(file).values() if isinstance(each, Parser)]


def main(words: Sequence[str]) -> None:
    asked = [word for word in words if not word.startswith("-")]
    if asked:
        if asked[0] not in NAMES:
            raise UsageError(unknown("command", asked[0], NAMES))
        for parser in parsers():
            if parser.command.split()[0] == asked[0]:
                parser.print_help()
        return
    load_plugins()
    say(*USAGE.split("\n"))
    for parser in parsers():
        say(*wrapped("python -m imgret", *parser.typed()).splitlines())
        say(f"{INDENT}{parser.about}")
    say("", "Options by what they are for; * is the default.", "")
    default = {slot: name for entry in root_node()["defaults"] if entry != "_self_" for slot, name in entry.items()}
    for slot, choices in nodes().items():
        say(f"{slot}=" + "  none, unless one is typed" * (slot in OPTIONAL))
        for name, node in choices.items():
            skipped = ("name", "defaults", *SHARED)
            values = " ".join(f"{slot}.{k}={shown(v)}" for k, v in node.items() if k not in skipped)
            said = about(slot, name, node) if slot in SLOTS else node.get("about", "")
            say(f"{' *'[name == default.get(slot)]} {name:<20} {cut(said)}")
            if values and slot != "preset":
                say(f"  {'':<20} {values}")
    say(f"metrics=[{','.join(options('metric'))}]", f"reports=[{','.join(options('report'))}]", "")
    for line in (CONFIGS / "config.yaml").read_text(encoding="utf-8").splitlines():
        if line[:1].isalpha() and not line.startswith(("defaults", "hydra", "metrics", "reports", "about")):
            say(f"{line.replace(': ', '=', 1)}")
    say("", "What becomes of a file (failures.csv has each that failed, with its reason):")
    for outcome, meaning in OUTCOMES.items():
        say(f"  {outcome:<20} {meaning}")
    say("", "Exit codes:")
    for code, means in EXIT_CODES.items():
        say(f"  {code:<20} {means}")


def wrapped(*words: str) -> str:
    """The words, of which none is broken, in as many lines as they need."""
    whole = " ".join(word.replace(" ", "\xa0") for word in words)
    return textwrap.fill(whole, WIDTH, subsequent_indent=INDENT, break_on_hyphens=False).replace("\xa0", " ")


def cut(line: str) -> str:
    """The line if it fits beside a name, else its first sentence, else as many words as fit."""
    room = WIDTH - 23
    return line if len(line) <= room else textwrap.shorten(STOP.split(line)[0], room, placeholder=" ...")


def shown(value: object) -> str:
    """A value as it is typed."""
    return {"None": "null", "True": "true", "False": "false"}.get(str(value), str(value))
