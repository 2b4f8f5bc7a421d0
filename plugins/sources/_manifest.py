"""Tables that list images, CSV, TSV, JSON lines and Parquet: parts of `files`."""

from __future__ import annotations

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from imgret import UsageError
from imgret.plugin import MOST_COLUMNS, Item, printable, unknown

PATHS = ("path", "file", "filename", "image", "image_path", "filepath", "uri", "url")
LONGEST = 131_072  # characters of a value: the csv module reads no longer one back
ALIEN = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # lone surrogates that stand for no byte: no file can hold them
REMOTE = "a remote address, which is not fetched"
NO_FILE = "not a file"

Row = Mapping[str, str]


class Table(NamedTuple):
    columns: Sequence[str]
    rows: Sequence[Row]


def read(file: Path, kind: str) -> Table:
    """The rows of a manifest of that kind (csv, tsv, jsonl, parquet), every value as text.

    Raises UsageError, with the line, for what is no such table.
    """
    readers: dict[str, Callable[[Path], Table]] = {
        "parquet": _parquet,
        "jsonl": _json_lines,
        "csv": _csv,
        "tsv": partial(_csv, delimiter="\t"),
    }
    try:
        return readers[kind](file)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{_shown(file)}: {printable(' '.join(str(error).split()))[:300]}") from error
    except OSError as error:
        raise UsageError(f"{_shown(file)} cannot be read: {printable(error.strerror or str(error))[:300]}") from error


def text(value: object) -> str:
    """A value as text, what is no text as JSON writes it, null as nothing. Raises ValueError for a huge one."""
    if not isinstance(value, str):
        value = "" if value is None else json.dumps(value, ensure_ascii=False, default=str)
    if len(value) > LONGEST:
        raise ValueError(f"a value of {len(value):,} characters, the most is {LONGEST:,}")
    return ALIEN.sub("\ufffd", value)


def few(columns: Collection[Any]) -> None:
    """Raises ValueError for more columns than a table may have."""
    if len(columns) > MOST_COLUMNS:
        raise ValueError(f"{len(columns):,} columns, the most is {MOST_COLUMNS:,}")


def fields(found: Mapping[Any, object]) -> dict[str, str]:
    """The columns of an object. Raises ValueError where they are too many, or too long."""
    few(found)
    return {text(str(name)): text(value) for name, value in found.items()}


def column(typed: str, setting: str, defaults: Sequence[str], columns: Sequence[str]) -> str:
    """The column that was typed, or else the first of `defaults` that exists, or else none."""
    if len(columns) > MOST_COLUMNS:
        raise UsageError(f"the images have {len(columns):,} columns, the most is {MOST_COLUMNS:,}\nleave some out")
    if typed and typed not in columns:
        raise UsageError(f"source.{setting}={printable(typed)}: {unknown('column', typed, map(printable, columns))}")
    return typed or next((name for name in defaults if name in columns), "")


def items(
    file: Path, table: Table, path: str, label: str, group: str, skipped: Counter[str], refused: dict[str, str]
) -> Iterator[Item]:
    """One item a row, in order; `refused` gets the paths that are not to be opened, and why."""
    columns = table.columns
    at = column(path, "path", PATHS, columns)
    if not at:
        shown = ", ".join(map(printable, columns)) or "none"
        raise UsageError(f"{_shown(file)}: which column names the files? It has: {shown}\ntype source.path=COLUMN")
    by, of = column(label, "label", ("label",), columns), column(group, "group", ("group",), columns)
    folder = str(file.parent.resolve())
    places = [_place(row.get(at, ""), folder) for row in table.rows]
    root = _root(folder, [place for place in places if place and os.path.isabs(place)])
    seen = set()
    for place, row in zip(places, table.rows, strict=True):
        if not place:
            skipped["rows without a path"] += 1
            continue
        remote = not os.path.isabs(place)
        name = place if remote else place[len(root) :].replace(os.sep, "/")
        if name in seen:
            skipped["rows that name a file again"] += 1
            continue
        seen.add(name)
        if remote or not _may_open(place):
            refused[name] = REMOTE if remote else NO_FILE
            place = ""
        more = {key: value for key, value in row.items() if key not in (at, by, of)}
        yield Item(name, place, row.get(by, ""), row.get(of, ""), more)


def _place(value: str, folder: str) -> str:
    """The absolute path that a cell names; a remote address as a relative one; nothing where there is neither."""
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://([^/]*)", value)
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


def _csv(file: Path, delimiter: str = ",") -> Table:
    import csv

    rows: list[Row] = []
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        try:
            header = [name or f"column {number}" for number, name in enumerate(next(reader, []), 1)]
            few(header)
            if not header:
                raise ValueError("its first line is empty, where the columns' names should be")
            if len(set(header)) < len(header):
                raise ValueError(f"two of its columns are called {max(header, key=header.count)!r}")
            for cells in reader:
                if cells and len(cells) != len(header):
                    raise ValueError(f"line {reader.line_num} has {len(cells)} cells, the header {len(header)}")
                if cells:
                    rows.append(fields(dict(zip(header, cells, strict=True))))
        except csv.Error as error:
            raise ValueError(f"line {reader.line_num}: {error}") from error
    return Table(header, rows)


def _json_lines(file: Path) -> Table:
    rows: list[Row] = []
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as stream:
        for number, line in enumerate(stream, 1):
            try:
                found = json.loads(line) if line.strip() else None
                if isinstance(found, dict):
                    rows.append(fields(found))
                elif line.strip():
                    raise ValueError("no JSON object")
            except (ValueError, RecursionError) as error:
                raise ValueError(f"line {number}: {error}") from error
    return Table(list(dict.fromkeys(name for row in rows for name in row)), rows)


def _parquet(file: Path) -> Table:
    try:
        arrow: Any = import_module("pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError as error:
        raise UsageError('a Parquet manifest needs pyarrow\ntype pip install "imgret[parquet]"') from error
    try:
        with parquet.ParquetFile(file) as table:
            names = table.schema_arrow.names
            if len(set(names)) < len(names):
                raise ValueError("two of its columns have one name")
            rows = [fields(row) for batch in table.iter_batches() for row in batch.to_pylist()]
        return Table([text(name) for name in names], rows)
    except arrow.ArrowException as error:
        raise ValueError(str(error)) from error


def _shown(file: Path) -> str:
    return f"images={printable(file.name)}"
