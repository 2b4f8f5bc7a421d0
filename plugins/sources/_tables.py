"""Tables as files, CSV, TSV, JSON lines, COCO's JSON and Parquet, every value as text: parts of `files`."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from imgret import UsageError
from imgret.plugin import MOST_COLUMNS, printable

PATHS = ("path", "file", "filename", "image", "image_path", "filepath", "file_name", "uri", "url")
LONGEST = 131_072  # characters of a value: the csv module reads no longer one back
ALIEN = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # lone surrogates that stand for no byte: no file can hold them
BYTES = re.compile("[\udc80-\udcff]+")  # what is no UTF-8, as Python carries it in a text
EXCEL = re.compile(r'"?sep=([^\s"]|\t)"?\s*', re.IGNORECASE)  # its own first line
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
HEADER = 2**16  # characters in which the first line of a table ends

Row = Mapping[str, str]


class Table(NamedTuple):
    """Rows by column, and the line of each, from 1; of Parquet its number. `bad` are lines that are no row, and why.

    `separator` is what stands between the cells of a CSV or TSV file, empty for the others.
    """

    columns: Sequence[str]
    rows: Sequence[Row]
    lines: Sequence[int]
    bad: Sequence[tuple[int, str]] = ()
    separator: str = ""


def read(file: Path, kind: str, path: str = "") -> Table:
    """The rows of a manifest of a kind (csv, tsv, jsonl, coco, parquet). `path` is the column that was typed, if any.

    Raises UsageError, with the line, for what is no such table: also where more lines are no rows than are.
    """
    readers: dict[str, Callable[[], Table]] = {
        "parquet": lambda: _parquet(file),
        "coco": lambda: _coco(file),
        "jsonl": lambda: _json_lines(file),
        "csv": lambda: _csv(file, ",", path),
        "tsv": lambda: _csv(file, "\t", path),
    }
    try:
        table = readers[kind]()
        if len(table.bad) > len(table.rows):
            line, reason = table.bad[0]
            more = f"; so are {len(table.bad) - 1:,} more" if len(table.bad) > 1 else ""
            raise ValueError(f"line {line}: {reason}{more}")
        return table
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{shown(file)}: {printable(' '.join(str(error).split()))[:300]}") from error
    except OSError as error:
        raise UsageError(f"{shown(file)} cannot be read: {printable(error.strerror or str(error))[:300]}") from error


def text(value: object) -> str:
    """A value as text, what is no text as JSON writes it, null and NaN as nothing. Raises ValueError for a huge one."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(written) > LONGEST:
        raise ValueError(f"a value of {len(written):,} characters, the most is {LONGEST:,}")
    return ALIEN.sub("\ufffd", written)


def few(columns: Collection[Any]) -> None:
    """Raises ValueError for more columns than a table may have."""
    if len(columns) > MOST_COLUMNS:
        raise ValueError(f"{len(columns):,} columns, the most is {MOST_COLUMNS:,}")


def fields(found: Mapping[Any, object]) -> dict[str, str]:
    """The columns of an object. Raises ValueError where they are too many, or too long."""
    few(found)
    return {text(str(name)): text(value) for name, value in found.items()}


def shown(file: Path) -> str:
    return f"images={printable(file.name)}"


def western(value: str) -> str:
    """The text with its bytes that are no UTF-8 read as Windows-1252, the few that mean nothing there as they are."""
    return BYTES.sub(
        lambda found: found[0].encode("utf-8", "surrogateescape").decode("cp1252", "surrogateescape"), value
    )


def _cells(line: str, separator: str) -> list[str]:
    """The cells of one line; none where the module has something to say against it."""
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=separator), [])
    except csv.Error:
        return []


def _separator(head: str, own: str, path: str) -> tuple[str, int]:
    """What parts the cells, and how many lines stand above the header.

    Excel's line `sep=;` says what parts them. Otherwise it is what gives the header a column that names the files, or
    else the most columns. A line that begins with `#` and has no such column is a comment.
    """
    wanted = {path.strip().casefold()} if path else set(PATHS)
    candidates = sorted(SEPARATORS, key=lambda separator: separator != own)

    def rank(separator: str) -> tuple[bool, int]:
        names = [western(name).strip().casefold() for name in _cells(rest, separator)]
        return bool(wanted & set(names)), len(names)

    said, above, rest = "", 0, head
    for line in io.StringIO(head, newline=""):
        found = None if above else EXCEL.fullmatch(line)
        if found:
            said = found[1]
        elif not line.startswith("#") or any(rank(separator)[0] for separator in candidates):
            break
        above, rest = above + 1, rest[len(line) :]
    return said or max(candidates, key=rank), above


def _csv(file: Path, own: str, path: str) -> Table:
    rows: list[Row] = []
    lines: list[int] = []
    bad: list[tuple[int, str]] = []
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        head = stream.read(HEADER)
        stream.seek(0)
        separator, above = _separator(head, own, path)
        if separator != own:
            told = logging.getLogger("imgret")
            by = SEPARATORS.get(separator, printable(separator))
            told.info("%s: the columns are parted by %s", printable(file.name), by)
        top = "".join(islice(stream, above))
        header = _cells(head[len(top) :], separator)
        spaced = len(header) > 1 and all(name.startswith(" ") for name in header[1:])  # `path, label`
        reader = csv.reader(stream, delimiter=separator, strict=True, skipinitialspace=spaced)
        try:
            header = [name.strip() or f"column {number}" for number, name in enumerate(next(reader, []), 1)]
            few(header)
            if not header:
                raise ValueError("its first line is empty, where the columns' names should be")
            if len(set(header)) < len(header):
                raise ValueError(f"two of its columns are called {max(header, key=header.count)!r}")
            line = above + reader.line_num + 1
            for cells in reader:
                if cells and len(cells) != len(header):
                    bad.append((line, f"{len(cells)} cells, the header has {len(header)}"))
                elif cells:
                    rows.append(fields(dict(zip(header, cells, strict=True))))
                    lines.append(line)
                line = above + reader.line_num + 1
        except csv.Error as error:
            raise ValueError(f"line {above + reader.line_num}: {error}") from error
    return Table(header, rows, lines, bad, separator)


def _json_lines(file: Path) -> Table:
    rows: list[Row] = []
    lines: list[int] = []
    bad: list[tuple[int, str]] = []
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
                if not isinstance(found, dict):
                    raise ValueError("no JSON object")
                rows.append(fields(found))
                lines.append(number)
            except (ValueError, RecursionError) as error:
                bad.append((number, str(error)))
    return Table(list(dict.fromkeys(name for row in rows for name in row)), rows, lines, bad)


def _coco(file: Path) -> Table:
    """The images of a file of COCO's (https://cocodataset.org/#format-data), below `data` where that lies beside it.

    Their label is the one category that their annotations have, where they say none themselves.
    """
    found = json.loads(file.read_text(encoding="utf-8-sig", errors="surrogateescape"))
    try:
        names = {each["id"]: each["name"] for each in found.get("categories", ())}
        labels: dict[Any, set[str]] = {}
        for each in found.get("annotations", ()):
            labels.setdefault(each["image_id"], set()).add(names[each["category_id"]])
        below = "data/" if (file.parent / "data").is_dir() else ""
        rows = []
        for image in found["images"]:
            said = labels.get(image["id"], set())
            label = next(iter(said)) if len(said) == 1 else ""
            more = {name: value for name, value in image.items() if name != "file_name"}
            rows.append(fields({"label": label, **more, "path": below + image["file_name"]}))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no JSON of COCO's, with images and annotations; rows of other JSON go into .jsonl") from error
    return Table(list(dict.fromkeys(name for row in rows for name in row)), rows, range(1, len(rows) + 1))


def _parquet(file: Path) -> Table:
    try:
        arrow: Any = import_module("pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError as error:
        raise UsageError('a Parquet manifest needs pyarrow\ntype pip install "imgret[parquet]"') from error
    rows: list[Row] = []
    lines: list[int] = []
    bad: list[tuple[int, str]] = []
    try:
        with parquet.ParquetFile(file) as table:
            names = table.schema_arrow.names
            if len(set(names)) < len(names):
                raise ValueError("two of its columns have one name")
            few(names)
            found = (row for batch in table.iter_batches() for row in batch.to_pylist())
            for number, row in enumerate(found, 1):
                try:
                    rows.append(fields(row))
                    lines.append(number)
                except ValueError as error:
                    bad.append((number, str(error)))
        return Table([text(name) for name in names], rows, lines, bad)
    except arrow.ArrowException as error:
        raise ValueError(str(error)) from error
