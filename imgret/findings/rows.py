"""The rows of a table that a run has, within bounds of time and memory whatever the table says of itself."""

from __future__ import annotations

import csv
from collections.abc import Container, Iterator, Mapping
from itertools import compress
from pathlib import Path

from imgret.store.files import MOST_COLUMNS, regular

LONGEST = 2**23  # characters of a row: as many columns as there may be, of 400 each


class Cells(Mapping[str, str]):
    """What stands in a row by the name of its column; where nothing does, it takes no memory."""

    __slots__ = ("filled", "names")

    def __init__(self, names: Mapping[str, None], filled: Mapping[str, str]) -> None:
        self.names, self.filled = names, filled  # the former one object for all rows, in the order of the header

    def __getitem__(self, name: str) -> str:
        return self.filled[name] if name in self.filled or name not in self.names else ""

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def rows(file: Path, own: Container[str], most: int | None = None) -> Iterator[tuple[dict[str, str], Cells]]:
    """Of each row what stands in the columns `own`, and in all others.

    Raises ValueError for more columns than a manifest, attributes and imgret itself can have given it, for a row that
    is shorter or longer than the header, and for more rows than `most`, each before the rest is read.
    """
    spent = 0

    def lines() -> Iterator[str]:
        nonlocal spent
        while line := stream.readline(LONGEST):
            spent += len(line)
            if spent >= LONGEST:  # before it becomes a list, which takes eight times as much
                raise ValueError(f"{file.name} has a row of more than {LONGEST:,} characters")
            yield line

    with regular(file).open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        reader = csv.reader(lines())
        header = next(reader, [])
        if len(header) > 2 * MOST_COLUMNS:
            raise ValueError(f"{file.name} has {len(header):,} columns")
        names = dict.fromkeys(name for name in header if name not in own)
        asked = [name for name in header if name in own]
        count = 0
        for row in reader:
            spent, count = 0, count + bool(row)
            if row and len(row) != len(header):
                raise ValueError(f"{file.name} has a row that is shorter or longer than its header")
            if most is not None and count > most:
                raise ValueError(f"{file.name} has more rows than the {most:,} files that its run has looked at")
            if row:
                filled = dict(compress(zip(header, row, strict=True), row))  # no empty cell
                yield {name: filled.pop(name, "") for name in asked}, Cells(names, filled)
