"""The arguments of a command: read in the same way by all of them, and listed from here by `--help`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import NoReturn

from imgret.errors import UsageError
from imgret.words import printable

CONDITIONS = """
--where takes conditions on the columns of the run's items.csv: = != < <= > >=, ~ for a part of the text, in (A, B);
joined by and, or, not and brackets. Both sides are compared as numbers where they are numbers, as dates where they are
dates, else as text: 'taken>2021-06' is after June, 'taken=2021' within the year. An empty cell is neither below nor
above anything; 'price=' finds those, 'price!=' the others. Quotes take a value as it is: 'label="black and white"'.
""".strip()


class Parser(argparse.ArgumentParser):
    """`said` is what the command does: the docstring of its file, or a line; `more` stands below the arguments.

    Every parser that stands in a command's file is listed. A word such as -1_c1s1.jpg is a name, and no option: no
    option has a digit first, a dot or a slash.
    """

    def __init__(self, command: str, said: str | None, more: str = "") -> None:
        first = (said or "").partition("\n")[0]
        self.command, self.about = command, first.partition("`: ")[2] or first
        plain = argparse.RawDescriptionHelpFormatter
        super().__init__(prog=f"imgret {command}", description=said, epilog=more, formatter_class=plain)
        self._negative_number_matcher = re.compile(r"-(\d|[^-].*[./])", re.DOTALL)  # what is no option to argparse

    def add_run(self, what: str = "the run") -> None:
        self.add_argument("--run", default="runs/latest", metavar="DIR", help=f"{what} (default: the last one)")

    def add_where(self, what: str) -> None:
        self.add_argument("--where", action="append", default=[], metavar="CONDITION", help=f"{what} (repeatable)")

    def add_json(self, more: str = "") -> None:
        self.add_argument("--json", action="store_true", help=f"print JSON{more}")

    def parse_mixed(self, words: Sequence[str], dest: str) -> argparse.Namespace:
        """What was typed, where the list `dest` may go on after options; all that follows `--` belongs to it."""
        end = words.index("--") if "--" in words else len(words)  # which parsing intermixed words does not know
        asked = self.parse_intermixed_args(words[:end])
        setattr(asked, dest, [*getattr(asked, dest), *words[end + 1 :]])
        return asked

    def error(self, message: str) -> NoReturn:
        hint = f"see: python -m {self.prog} --help"
        dashed = re.match(r"unrecognized arguments: (?:.* )?(-(?!-)\S*)", message, re.DOTALL)
        if dashed:
            hint += f"; what begins with - and is a name stands behind --: -- {printable(dashed[1])}"
        elif message.startswith("unrecognized arguments: --run") and any(a.metavar == "RUN" for a in self._actions):
            hint = f"runs are named without --run: python -m {self.prog} RUN"
        raise UsageError(f"{self.command}: {printable(message)}\n{hint}")

    def typed(self) -> list[str]:
        """The command and what can be typed after it: export, FORMAT, OUT, [--run DIR], [--copy]."""
        words = [self.command]
        for action in sorted(self._actions, key=lambda action: bool(action.option_strings)):
            value = str(action.metavar or "|".join(action.choices or ()))
            value += "..." * (action.nargs in ("*", "+"))
            value = f"[{value}]" if action.nargs in ("*", "?") else value
            if not action.option_strings:
                words.append(value)
            elif action.dest != "help":
                words.append(f"[{' '.join([action.option_strings[0], value]).rstrip()}]")
        return words
