"""What is wanted of items, bytes, columns, figures and files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

from imgret.blame import owned
from imgret.contracts import Item
from imgret.demands import a
from imgret.errors import Fault
from imgret.figures import Figure, Figures
from imgret.words import printable

DECLARE = '@register("metric", figures=[Figure(name, title, about), ...])'


def listed(listing: Iterable[Any]) -> list[Item]:
    """What a source lists: items with texts. Those of one path are rows that name one file.

    A source whose items are rows, as its `skipped_rows` say, may name what is no file here as often.
    """
    seen: dict[str, str] = {}
    items: list[Item] = []
    for item in listing:
        if not isinstance(item, Item):
            raise Fault(f"it lists {a(item)}, not an imgret.plugin.Item")
        if not all(isinstance(text, str) for text in (item.path, item.file, item.label, item.group)):
            raise Fault(f"path, file, label and group are text: {item!r}"[:200])
        if item.columns and not all(isinstance(text, str) for pair in item.columns.items() for text in pair):
            raise Fault(f"columns are texts by name: {item!r}"[:200])
        if not item.path:
            raise Fault(f"a path is empty; it is an item's name: {item!r}"[:200])
        one = item.file or getattr(listing, "skipped_rows", None) is not None
        if item.path in seen and not (one and item.file == seen[item.path]):
            raise Fault(f"the path '{printable(item.path)}' comes twice, and is not of one `file`")
        seen[item.path] = item.file
        items.append(item)
    return items


def relative(items: Iterable[Item]) -> None:
    """Paths that are names within the collection."""
    for path in (item.path for item in items):
        if path.startswith("/") or "\\" in path or ".." in path.split("/"):
            raise Fault(f"the path '{printable(path)}' is not relative with forward slashes, or has '..' in it")


def skipped(given: Any) -> dict[str, int]:
    """What a source says that its listing passed over."""
    if not isinstance(given, Mapping) or not all(
        isinstance(why, str) and isinstance(count, int) for why, count in given.items()
    ):
        raise Fault(f"its skipped is {given!r}, not a count by reason"[:200])
    return dict(given)


def opened(source: Any, item: Item) -> bytes:
    """The bytes of an item. Raises OSError where the source does, as it is to for what cannot be read."""
    with owned("source", but=OSError):
        data = source.open(item)
        if not isinstance(data, bytes):
            raise Fault(f"open gave {a(data)} for '{printable(item.path)}', not bytes")
    return data


def said(name: str, given: Any, shape: Sequence[int]) -> tuple[dict[str, float | str], Fault | None]:
    """What an attribute says of an image of this shape, numbers and texts by column; and what is wrong with the first
    that is neither, or not finite.
    """
    found: dict[str, float | str] = {}
    wrong = None
    of = f"of a {'x'.join(map(str, shape))} image it says"
    for column, value in (given if isinstance(given, Mapping) else {name: given}).items():
        if not isinstance(column, str) or not isinstance(value, Real | str):
            wrong = wrong or Fault(f"{of} {column!r} {value!r}, neither a number nor a text"[:200])
            continue
        if not isinstance(value, str) and not math.isfinite(float(value)):
            wrong = wrong or Fault(f"{of} {column} {value}, which is not finite")
        found[column] = value if isinstance(value, str) else float(value)
    return found, wrong


def figures(name: str, given: Any) -> tuple[dict[str, float], Fault | None]:
    """The figures that a metric returned, and what is wrong with the first of the others."""
    found: dict[str, float] = {}
    wrong = None
    for key, value in (given if isinstance(given, Mapping) else {name: given}).items():
        if isinstance(key, str) and isinstance(value, Real) and math.isfinite(float(value)):
            found[key] = float(value)
        elif wrong is None:
            wrong = Fault(
                f"{key!r} is {value!r:.100}; a figure is a finite number, and one that is undefined is left out"
            )
    return found, wrong


def declared(given: Iterable[str], said: Sequence[Figure]) -> None:
    """The figures that a metric gives, where it has said something of any of its figures."""
    unsaid = [name for name in given if name not in Figures(said)] if said else []
    if unsaid:
        raise Fault(f"it gives {', '.join(unsaid)}, of which it says nothing: {DECLARE}")


def written(given: Any, folder: Path, before: Iterable[Path], after: Iterable[Path]) -> list[Path]:
    """The paths that a report returns: of files that it wrote into its folder, and of all of them.

    `before` and `after` are the files there, and around it where that is known.
    """
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise Fault(f"it returns {a(given)}, not the paths of what it wrote")
    paths = list(given)
    if not all(isinstance(path, str | Path) for path in paths):
        raise Fault(f"it returns {a(next(each for each in paths if not isinstance(each, str | Path)))} for a path")
    paths = [Path(path) for path in paths]
    new = set(after) - set(before)
    outside = [path for path in {*paths, *new} if not path.resolve().is_relative_to(folder.resolve())]
    missing = [path for path in paths if path not in new]
    for what, wrong in (
        ("wrote, outside of the folder that it was given,", outside),
        ("returns paths where no file of its own lies:", missing),
        ("wrote without returning its path", new - set(paths)),
    ):
        if wrong:
            raise Fault(f"it {what} {printable(min(wrong).name)}")
    return paths
