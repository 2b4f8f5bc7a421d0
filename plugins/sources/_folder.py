"""The files below a folder, and the labels that their folders give: parts of `files`."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile, zip_longest
from shlex import quote
from typing import NamedTuple

from imgret import UsageError
from imgret.plugin import printable

from ._names import dated, may_be_dated, may_be_no_class

RUN = {"run.json", "items.csv"}  # what is in the folder of every run, and of nothing else
EXPORT = ".imgret-export"  # of every folder that was exported
SWEEP = {"table.html", "table.csv", "jobs.csv"}  # of every sweep
LITTER = {"@eaDir", "Thumbs.db", "desktop.ini", "__MACOSX"}  # what systems leave beside people's pictures
AUTO, COLUMNS, LABELS, GROUPS = CHOICES = "auto", "columns", "labels", "groups"  # what is typed as source.folders
LEVELS = "folder", "subfolder"  # the columns that the first and the second folder become where they are no labels
SHOWN = 3  # of their names, where they are told of
FEW = 5  # files that a class has at least
IN = 10  # one folder in so many may have fewer, or a name of no class: persons and products are numbered like years
MOST = 2  # of names that may be classes as well more than one in so many
MARKET = "bounding_box_test", "query"  # the folders of which its protocol speaks
PART = re.compile(r"train(ing)?|val(id(ation)?)?|test(ing)?|query|gallery|bounding_box_(train|test)", re.IGNORECASE)


def walk(root: str, skipped: Counter[str]) -> Iterator[str]:
    """Paths of files relative to `root`, in no order; a stack in place of recursion, which has a limit."""
    stack: list[tuple[str, frozenset[tuple[int, int]]]] = [("", frozenset())]  # folders, and those that hold them
    while stack:
        below, above = stack.pop()
        try:
            here = os.stat(os.path.join(root, below))
            entries = list(os.scandir(os.path.join(root, below)))
        except OSError:
            skipped["folder that cannot be read"] += 1
            continue
        if (here.st_dev, here.st_ino) in above:
            skipped["folder that contains itself"] += 1
        elif below and any({entry.name for entry in entries} >= whole for whole in (RUN, SWEEP)):
            skipped["of imgret's runs"] += 1
        elif below and any(entry.name == EXPORT for entry in entries):
            skipped["of imgret's exports"] += 1
        else:
            above |= {(here.st_dev, here.st_ino)}
            for entry in entries:
                path = f"{below}/{entry.name}" if below else entry.name
                kind = _kind(entry)
                if kind == "folder":
                    stack.append((path, above))
                elif kind == "file":
                    yield path
                else:
                    skipped[kind] += 1


class Above(NamedTuple):
    """What the folders of a file say of it."""

    label: str = ""
    group: str = ""
    columns: Mapping[str, str] = {}


def above(paths: Sequence[str], typed: str) -> tuple[list[Above], str, str]:
    """What the folders of each path say, as `typed` or by the rule; what that is, never `auto`; and a line to tell.

    The first and the second folder below the one that holds everything are label and group, or columns. The line says
    what is not taken as labels, why, and what to type; it is empty where nothing was left to the rule.
    """
    folders = [path.split("/")[:-1] for path in paths]
    shared = _shared(folders)
    levels = [[(*parts[shared:], "", "")[level] for parts in folders] for level in (0, 1)]
    how, line = typed, ""
    if typed == AUTO:
        labels, groups = map(_no_classes, levels)
        how = COLUMNS if labels else LABELS if groups else GROUPS
        line = _line("folders", "labels", LABELS, 0, labels) if labels else line
        line = _line("the second folders", "groups", GROUPS, 1, groups) if how == LABELS else line
    named = {COLUMNS: 0, LABELS: 1, GROUPS: 2}[how]  # so many levels are label and group
    return [Above(*_said(each, named)) for each in zip(*levels, strict=True)], how, line


def market(place: str, paths: Sequence[str]) -> str:
    """What to type where the folder holds test and query crops laid out as in Market-1501; nothing for any other."""
    folders = [path.split("/")[:-1] for path in paths]
    shared = _shared(folders)
    below = [parts for parts in folders if len(parts) > shared]
    if not {*MARKET} <= {parts[shared] for parts in below}:
        return ""
    test, query = (quote(printable(os.path.join(place, *below[0][:shared], name))) for name in MARKET)
    return (
        "laid out as Market-1501 is: here its parts find each other, which is not its protocol. For that, type\n"
        f"python -m imgret {test} preset=market1501\npython -m imgret evaluate --queries {query}"
    )


def check(typed: str) -> None:
    if typed not in CHOICES:
        raise UsageError(f"source.folders={printable(typed)}\nchoose from: {', '.join(CHOICES)}")


def _said(names: Sequence[str], named: int) -> tuple[str, str, Mapping[str, str]]:
    label, group = (name if level < named else "" for level, name in enumerate(names))
    return label, group, {LEVELS[level]: name for level, name in enumerate(names) if level >= named and name}


def _no_classes(names: Sequence[str]) -> str:
    """Why the folders, one a file, "" for a file in none, do not look like classes; nothing where they do."""
    sizes = Counter(filter(None, names))
    dates = "named like a date or by a camera"
    for tells, what, one_in in (
        (may_be_dated, dates, MOST),
        (dated, dates, IN),
        (may_be_no_class, "named like a date, a camera, a pile, a stage of work or a size", MOST),
        (PART.fullmatch, "named like parts of a data set, of which one may be given", IN),
        (lambda name: sizes[name] < FEW, f"of fewer than {FEW} files", IN),
    ):
        found = [name for name in sizes if tells(name)]
        if len(found) * one_in > len(sizes):
            shown = ", ".join(map(printable, sorted(found)[:SHOWN])) + ", ..." * (len(found) > SHOWN)
            return f"{len(found):,} of {len(sizes):,} are {what} ({shown})"
    return ""


def _line(which: str, what: str, typed: str, level: int, reason: str) -> str:
    column = LEVELS[level]
    return f"{which} are not {what} but the column {column}: {reason}; otherwise type source.folders={typed}"


def hidden(name: str) -> bool:
    return name in LITTER or name.startswith(".")


def _kind(entry: os.DirEntry[str]) -> str:
    """`folder`, `file`, or why it is skipped. A link that leads nowhere is a file, one that cannot be read."""
    if hidden(entry.name):
        return "hidden or system"
    try:
        if entry.is_dir():
            return "folder"
        return "file" if entry.is_file() or not os.path.exists(entry.path) else "not a file"
    except OSError:  # a link that leads to itself
        return "file"


def _shared(folders: Sequence[Sequence[str]]) -> int:
    """How many folders deep the one lies that holds everything: as long as there is one folder to go into."""
    levels = zip_longest(*folders, fillvalue="")
    return sum(1 for _ in takewhile(lambda level: len(set(level) - {""}) == 1, levels))
