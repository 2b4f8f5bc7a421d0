"""Rows of a table as items: which columns name file, label and group, and where the file lies: parts of `files`."""

from __future__ import annotations

import json
import logging
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from imgret import UsageError
from imgret.plugin import MISSING, MOST_COLUMNS, Item, counted, printable, unknown

from ._tables import PATHS, Row, Table, shown

REMOTE = "a remote address, which is not fetched"
WINDOWS = "a path of a Windows drive, which is not here: give it relative to the manifest"
NO_FILE = "not a file"
NO_PATH, MALFORMED = "without a path", "malformed"
DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")
DECIMAL = re.compile(r"[+-]?\d+(,\d+)?", re.ASCII)
NEAR = {"label": {"label", "labels", "labelname", "class", "classname", "category"}, "group": {"group", "groups"}}
log = logging.getLogger("imgret")


class Columns(NamedTuple):
    """The columns that were typed for the path, the label and the group; whether cells such as NA are no label."""

    path: str = ""
    label: str = ""
    group: str = ""
    missing: bool = True


class Left(NamedTuple):
    """What the rows were that became no item, or one that is not to be opened: counts, lines and why, paths and why."""

    skipped: Counter[str]
    rows: list[tuple[int, str]]
    refused: dict[str, str]


def column(typed: str, setting: str, defaults: Sequence[str], columns: Sequence[str]) -> str:
    """The column that was typed, or else the first of `defaults` that exists, or else none.

    Spaces around a name and capital letters do not count where one column alone is meant.
    """
    if len(columns) > MOST_COLUMNS:
        raise UsageError(f"the images have {len(columns):,} columns, the most is {MOST_COLUMNS:,}\nleave some out")

    def alike(name: str) -> list[str]:
        found = [name] if name in columns else [c for c in columns if c.strip().casefold() == name.strip().casefold()]
        return found if len(found) == 1 else []

    if typed and not alike(typed):
        raise UsageError(f"source.{setting}={printable(typed)}: {unknown('column', typed, map(printable, columns))}")
    exact = [name for name in defaults if name in columns]
    return next(iter(alike(typed) if typed else exact or [c for name in defaults for c in alike(name)]), "")


def items(file: Path, table: Table, typed: Columns, left: Left) -> Iterator[Item]:
    """One item a row, in order, also where several name one file."""
    columns = table.columns
    paths = ("file_name", *PATHS) if file.stem == "metadata" else PATHS  # as Hugging Face's imagefolder has it
    at = column(typed.path, "path", paths, columns)
    if not at:
        has = ", ".join(map(printable, columns)) or "none"
        raise UsageError(f"{shown(file)}: which column names the files? It has: {has}\ntype source.path=COLUMN")
    by, of = column(typed.label, "label", ("label",), columns), column(typed.group, "group", ("group",), columns)
    _tell_near_misses(columns, label=by, group=of)
    own = {at, *(name for name, usual in ((by, "label"), (of, "group")) if name.strip().casefold() == usual)}
    points = _decimal_commas(file, table, {at, by, of})
    empty: Counter[str] = Counter()
    folder = _folder(file, table)
    places = [_place(row.get(at, ""), folder) for row in table.rows]
    root = _root(folder, [place for place in places if place and os.path.isabs(place)])
    for line, reason in table.bad:
        left.skipped[MALFORMED] += 1
        left.rows.append((line, reason))
    for place, row, line in zip(places, table.rows, table.lines, strict=True):
        if not place:
            left.skipped[NO_PATH] += 1
            left.rows.append((line, "no path" if not row.get(at, "").strip() else "its path names no file"))
            continue
        elsewhere = not os.path.isabs(place)
        name = place if elsewhere else place[len(root) :].replace(os.sep, "/")
        if elsewhere or not _may_open(place):
            left.refused[name] = NO_FILE if not elsewhere else WINDOWS if DRIVE.match(row[at]) else REMOTE
            place = ""
        more = {
            key: value.replace(",", ".") if key in points else value for key, value in row.items() if key not in own
        }
        its_label, its_group = (_known(row, key, table, typed.missing, empty) for key in (by, of))
        yield Item(name, place, its_label, its_group, more, line)
    left.rows.sort()
    for name, count in empty.items():
        what = f"{printable(file.name)}: {counted(count, 'cell')} of {printable(name)}"
        log.info("%s such as NA are taken as unknown; otherwise type source.missing=false", what)


def _known(row: Row, key: str, table: Table, missing: bool, empty: Counter[str]) -> str:
    """The label or group in a cell. Text has no other way to say that there is none than to spell it."""
    value = row.get(key, "").strip() if key else ""
    if table.separator and missing and value in MISSING:
        empty[key] += 1
        return ""
    return value


def _tell_near_misses(columns: Sequence[str], **chosen: str) -> None:
    for setting, name in chosen.items():
        near = [c for c in columns if re.sub(r"[\W_]", "", c.casefold()) in NEAR[setting] and c not in chosen.values()]
        if near and not name:
            told = printable(near[0])
            log.info("column %s is not used as %s; if it is one, type source.%s=%s", told, setting, setting, told)


def _decimal_commas(file: Path, table: Table, others: set[str]) -> set[str]:
    """The columns of a file with semicolons in which all is numbers, and some have a comma for a point."""
    found = set()
    for name in table.columns if table.separator == ";" else ():
        values = [row[name] for row in table.rows if row[name] and row[name] not in MISSING]
        if name not in others and any("," in value for value in values) and all(map(DECIMAL.fullmatch, values)):
            found.add(name)
    if found:
        names = ", ".join(printable(name) for name in table.columns if name in found)
        log.info("%s: decimal commas are read as points in %s", printable(file.name), names)
    return found


def _folder(file: Path, table: Table) -> str:
    """What paths are relative to: the manifest's folder, or of a run's items.csv that of its images."""
    folder = str(file.parent.resolve())
    try:
        if file.name == "items.csv" and {"path", "outcome", "id"} <= set(table.columns):
            said = json.loads((file.parent / "run.json").read_text(encoding="ascii"))
            folder = said["root"] if isinstance(said["root"], str) and os.path.isabs(said["root"]) else folder
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        pass
    return folder


def _place(value: str, folder: str) -> str:
    """The absolute path that a cell names, backslashes as slashes where no name has them; nothing where it names none.

    What lies elsewhere, at a remote address or on a Windows drive, gets a relative path.
    """
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://([^/]*)", value)
    strange = os.name != "nt" and not scheme and ("\\" in value or DRIVE.match(value))
    if strange and not os.path.lexists(os.path.join(folder, value)):
        drive = DRIVE.match(value)
        value = value.replace("\\", "/")
        if drive:
            return "/".join(part for part in value.replace(":", "", 1).split("/") if part not in ("", ".", ".."))
    if scheme and (scheme[1].lower() != "file" or scheme[2].lower() not in ("", "localhost")):
        parts = (scheme[1], *value[scheme.end(1) + 1 :].split("/"))
        place = "/".join(part for part in parts if part not in ("", ".", ".."))
    elif scheme:
        path = unquote(value[scheme.end() :], errors="surrogateescape")
        place = os.path.normpath(path.lstrip("/") if os.name == "nt" else path)
        place = place if os.path.isabs(place) else ""
    else:
        place = os.path.normpath(os.path.join(folder, value)) if value.strip() else ""
    place = re.sub("^//+", "/", place)  # POSIX lets two slashes stand for something else; Linux does not
    return "" if "\0" in place or place == os.path.dirname(place) or place == folder else place


def _root(folder: str, files: Sequence[str]) -> str:
    """The folder, with its separator, that paths are relative to: the manifest's, or else what all files share."""
    prefix = os.path.join(folder, "")
    if all(file.startswith(prefix) for file in files):
        return prefix
    try:
        return os.path.join(os.path.commonpath([os.path.dirname(file) for file in files]), "")
    except ValueError as error:
        raise UsageError("the manifest's files lie on several drives\nput them on one, below one folder") from error


def _may_open(file: str) -> bool:
    """Whether it is a file, or nothing yet: a pipe would be waited for, a device read for ever."""
    try:
        return stat.S_ISREG(os.stat(file).st_mode)
    except (OSError, ValueError):
        return True  # reading it will say why not
