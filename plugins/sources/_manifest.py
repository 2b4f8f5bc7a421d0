"""Rows of a table as items: which columns name file, label and group, and where the file lies: parts of `files`."""

from __future__ import annotations

import logging
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import NamedTuple
from urllib.parse import unquote

from imgret import UsageError
from imgret.plugin import MISSING, MOST_COLUMNS, Item, counted, printable, unknown

from . import _own
from ._tables import BYTES, PATHS, Row, Table, shown, western

REMOTE = "a remote address, which is not fetched"
WINDOWS = "a path of a Windows drive, which is not here: give it relative to the manifest"
NO_FILE = "not a file"
NO_PATH, MALFORMED = "without a path", "malformed"
DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")
DECIMAL = re.compile(r"[+-]?\d+(,\d+)?", re.ASCII)
LONG, MANY = 40, 30  # characters and names of columns that an error shows
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
    of_run = _own.root(file)
    folder = of_run or str(file.parent.resolve())
    table = _decoded(file, table, typed.path, folder)
    columns = table.columns
    at = _paths(file, typed.path, columns) or ("representative" if of_run and "representative" in columns else "")
    if not at:
        has = ", ".join(printable(name[:LONG]) + "..." * (len(name) > LONG) for name in columns[:MANY]) or "none"
        has += f" and {len(columns) - MANY:,} more" if len(columns) > MANY else ""
        raise UsageError(f"{shown(file)}: which column names the files? It has: {has}\ntype source.path=COLUMN")
    by, of = column(typed.label, "label", ("label",), columns), column(typed.group, "group", ("group",), columns)
    _tell_near_misses(columns, label=by, group=of)
    _tell_twins(
        columns, path="" if typed.path else at, label="" if typed.label else by, group="" if typed.group else of
    )
    own = {at, *(name for name, usual in ((by, "label"), (of, "group")) if name.strip().casefold() == usual)}
    points = _decimal_commas(file, table, {at, by, of})
    empty: Counter[str] = Counter()
    located, start = ("", "") if of_run or typed.path else _own.located(table)
    own.add(located)
    folder = start or folder
    places = [_place(row.get(located, "") or row.get(at, ""), folder) for row in table.rows]
    root = _root(folder, [place for place in places if place and os.path.isabs(place)])
    if not of_run:
        _own.check(file, table, [place for place in places if place])
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
        its_label, its_group = (known(row, key, typed.missing, empty) for key in (by, of))
        yield Item(name, place, its_label, its_group, more, line)
    left.rows.sort()
    tell_empty(file, empty)


def known(row: Row, key: str, missing: bool, empty: Counter[str]) -> str:
    """The label or group in a cell. Programs that write a missing value spell it out, in JSON as in CSV."""
    value = row.get(key, "").strip() if key else ""
    if missing and value in MISSING:
        empty[key] += 1
        return ""
    return value


def tell_empty(file: Path, empty: Counter[str]) -> None:
    for name, count in empty.items():
        what = f"{printable(file.name)}: {counted(count, 'cell')} of {printable(name)}"
        log.info("%s such as NA are taken as unknown; otherwise type source.missing=false", what)


def _paths(file: Path, typed: str, columns: Sequence[str]) -> str:
    """The column that names the files; none where there is no such."""
    usual = ("file_name", *PATHS) if file.stem == "metadata" else PATHS  # as Hugging Face's imagefolder has it
    return column(typed, "path", usual, columns)


def _decoded(file: Path, table: Table, typed: str, folder: str) -> Table:
    """The table as text: bytes that are no UTF-8 are Windows-1252, as spreadsheets of the West write it.

    Unless some path that is no UTF-8 names a file byte for byte: then all of the table's bytes stay what they are.
    """
    if not any(BYTES.search(cell) for row in (table.columns, *(row.values() for row in table.rows)) for cell in row):
        return table
    rows = [{western(name): western(cell) for name, cell in row.items()} for row in table.rows]
    found = table._replace(columns=[western(name) for name in table.columns], rows=rows)
    at = _paths(file, typed, found.columns)
    own = table.columns[found.columns.index(at)] if at else ""
    cells = (row.get(own, "") for row in table.rows)
    if any(os.path.isfile(_place(cell, folder)) for cell in cells if BYTES.search(cell)):
        return table
    log.info("%s: what is no UTF-8 is read as Windows-1252", printable(file.name))
    return found


def _tell_near_misses(columns: Sequence[str], **chosen: str) -> None:
    for setting, name in chosen.items():
        near = [c for c in columns if re.sub(r"[\W_]", "", c.casefold()) in NEAR[setting] and c not in chosen.values()]
        if near and not name:
            told = printable(near[0])
            log.info("column %s is not used as %s; if it is one, type source.%s=%s", told, setting, setting, told)


def _tell_twins(columns: Sequence[str], **chosen: str) -> None:
    """Of a column that is taken by its usual name, whether another is called so but for capital letters and spaces."""
    for setting, name in chosen.items():
        twins = [c for c in columns if c != name and c.strip().casefold() == name.strip().casefold()]
        if name and twins:
            told = f"{setting} is column {printable(name)}, not {', '.join(map(printable, twins))}"
            log.info("%s; if it is to be, type source.%s=%s", told, setting, quote(printable(twins[0])))


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


def _place(value: str, folder: str) -> str:
    """The absolute path that a cell names, backslashes as slashes where no name has them; nothing where it names none.

    What lies elsewhere, at a remote address or on a Windows drive, stays as it is written, but for steps upwards: they
    would lead out of the collection.
    """
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://([^/]*)", value)
    strange = os.name != "nt" and not scheme and ("\\" in value or DRIVE.match(value))
    drive = None
    if strange and not os.path.lexists(os.path.join(folder, value)):
        drive = DRIVE.match(value)
        value = value if drive else value.replace("\\", "/")
    if drive or (scheme and (scheme[1].lower() != "file" or scheme[2].lower() not in ("", "localhost"))):
        place = re.sub(r"(?<=[\\/])\.\.(?:[\\/]|$)", "", value)
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
