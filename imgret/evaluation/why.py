"""What two runs have otherwise, of what kind, and what of it can explain a figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from imgret.findings.tables import ITEMS
from imgret.reading.columns import free
from imgret.reading.outcomes import USABLE
from imgret.runs.causes import needs, reached
from imgret.runs.differences import Change, both, changes, plain, settings_apart
from imgret.words import counted, shortened

if TYPE_CHECKING:
    from imgret.contracts import Ints
    from imgret.runs.run import Run

ALL = ("versions", "features", "engine")  # kinds that any figure may come of
OF_FILES = ("source", "images", "limit", "formats", "timeout", "rehash")  # settings
FEW = ("files", "content", "labels", "groups", "junk")  # kinds that may have as many entries as there are images
MANY = 4  # of them that are named in a line
LONGEST = 60  # characters of a value
DIGEST = 12  # digits of one
KNOWN = {"labels": "truth", "groups": "group", "junk": "junk", "columns": "columns"}  # kinds, and what metrics call it


class Why:
    """The differences of the run `second` from `first`; `rows` (b, 2) are those of the images of both."""

    def __init__(self, first: Run, second: Run, rows: Ints) -> None:
        self.first, self.second, self.rows = first, second, rows
        self.configs = first.info.config, second.info.config
        self.other_images = list(first.ids) != list(second.ids)

    @cached_property
    def kinds(self) -> dict[str, list[Change]]:
        """All that differs, by kind: settings, versions, weights (and what is done before them), engine, files, ..."""
        a, b = self.first.info, self.second.info
        cores = [{} if each.cores is None else {"cores": each.cores} for each in (a, b)]
        kinds = {
            "settings": settings_apart(*self.configs),
            "versions": changes(a.versions, b.versions),
            "features": changes(plain(a.space), plain(b.space)),
            "engine": both(plain(a.engine) | cores[0], plain(b.engine) | cores[1]),
            **_files(self.first, self.second),
            **self._known(),
        }
        return {kind: found for kind, found in kinds.items() if found}

    @cached_property
    def told(self) -> dict[str, list[Change]]:
        """Of the `kinds` what a figure may come of."""
        aside = set(self.aside)
        kinds = {kind: [each for each in found if each not in aside] for kind, found in self.kinds.items()}
        return {kind: found for kind, found in kinds.items() if found}

    @cached_property
    def aside(self) -> list[Change]:
        """The settings that differ and from which no figure follows, such as the reports."""
        return [
            each for each in self.kinds.get("settings", ()) if not self._reached(each.what) and each.what != "metrics"
        ]

    @property
    def figures(self) -> list[str]:
        """The figures that differ, or that one run alone has."""
        one, other = self.first.metrics, self.second.metrics
        return [name for name in one | other if one.get(name) != other.get(name)]

    def lines(self) -> list[str]:
        """A line for each kind of thing that differs, and one for what no figure comes of."""
        lines = [f"{kind}: {said(found, kind)}" for kind, found in self.told.items()]
        return lines + ([f"aside: {said(self.aside)}; no figure comes of it"] if self.aside else [])

    def causes(self, figure: str) -> list[str]:
        """What can explain that a figure differs, by name: settings, then kinds of other things.

        Settings that say which files are read, and as what, explain it where the images differ, or what is known of
        them; metrics where only one run has it.
        """
        wanted, found = needs(figure), []
        known = {KNOWN[kind] for kind in self.kinds.keys() & KNOWN}
        new = (figure in self.first.metrics) != (figure in self.second.metrics)
        for what in (each.what for each in self.kinds.get("settings", ())):
            to = self._reached(what)
            if what.partition(".")[0] in OF_FILES:
                to = known | (to if self.other_images else set())
            if to & wanted or (what == "metrics" and new):
                found.append(what)
        found += [kind for kind in ALL if kind in self.kinds] + ["images"] * self.other_images
        return found + [kind for kind, name in KNOWN.items() if kind in self.kinds and name in wanted]

    def _reached(self, setting: str) -> set[str]:
        return reached(setting, self.configs)

    def _known(self) -> dict[str, list[Change]]:
        """What else is known of the images of both, by kind."""
        a, b = self.first, self.second
        paths = [a.paths[row] for row in self.rows[:, 0]]

        def told(one: Sequence[object], other: Sequence[object]) -> list[Change]:
            pairs = ((path, one[i], other[j]) for path, (i, j) in zip(paths, self.rows.tolist(), strict=True))
            return [Change(path, str(x), str(y)) for path, x, y in pairs if x != y]

        columns = []
        mine, other = (
            [cells[row] for row in rows] for cells, rows in zip(map(_columns, (a, b)), self.rows.T, strict=True)
        )
        for name in sorted({name for cells in (*mine, *other) for name in cells}):
            pairs = [(one.get(name, ""), two.get(name, "")) for one, two in zip(mine, other, strict=True)]
            count = sum(one != two for one, two in pairs)
            filled = (any(each) for each in zip(*pairs, strict=True))
            columns += [Change(name, *(f"{count:,}" if has else "" for has in filled))] if count else []
        return {
            "labels": told(_named(a.truth, a.truth_names), _named(b.truth, b.truth_names)),
            "groups": told(_named(a.group, a.group_names), _named(b.group, b.group_names)),
            "junk": told(*(["yes" if each else "" for each in run.collection.junk] for run in (a, b))),
            "columns": columns,
        }


def said(changed: Sequence[Change], kind: str = "settings") -> str:
    """Changes in a line: every setting and version by name, of files and the like the first few, and how many."""
    told = _of_column if kind == "columns" else _of_value
    listed = list(map(told, changed))
    if kind in FEW and len(listed) > MANY:
        return f"{counted(len(listed), 'change')}: {', '.join(listed[:MANY])}, ..."
    return ", ".join(listed)


def _of_value(change: Change) -> str:
    return f"{change.what} {_short(change.first)} → {_short(change.second)}"


def _of_column(change: Change) -> str:
    """Of a column both runs say of how many images it tells another thing; one in which it is empty says nothing."""
    only = "only in the first" if not change.second else "only in the second" if not change.first else ""
    return f"{change.what} {only or f'differs in {change.first}'}"


def _short(value: str) -> str:
    if len(value) == 64 and set(value) <= set("0123456789abcdef"):
        return value[:DIGEST]
    return shortened(value, LONGEST) or "none"


def _files(first: Run, second: Run) -> dict[str, list[Change]]:
    """Files that came, went, were moved or were read in one run alone, by path, and those with other content."""
    before, after = (
        {item.path: record for item, record in zip(run.collection.items, run.collection.records, strict=True)}
        for run in (first, second)
    )
    gone = {record.id: path for path, record in before.items() if record.id and path not in after}
    moved = {gone[record.id]: path for path, record in after.items() if path not in before and record.id in gone}
    files, content = [], []
    for path in sorted((before.keys() | after.keys()) - moved.keys() - set(moved.values())):
        one, other = before.get(path), after.get(path)
        if one and other and one.id and other.id and one.id != other.id:
            content.append(Change(path, one.id, other.id))
        elif not one or not other or (one.outcome != other.outcome and not {one.outcome, other.outcome} <= set(USABLE)):
            files.append(Change(path, one.outcome if one else "", other.outcome if other else ""))
    return {"files": files + [Change("moved", *pair) for pair in sorted(moved.items())], "content": content}


def _named(codes: Iterable[int], names: Sequence[str]) -> list[str]:
    """The label of each image, or nothing."""
    return [names[code] if code >= 0 else "" for code in codes]


def _columns(run: Run) -> list[Mapping[str, str]]:
    """What is known of each image beside its label and group, by the names that stand in items.csv."""
    found = list[Mapping[str, str]]()
    for place in run.collection.first:
        item, record = run.collection.items[place], run.collection.records[place]
        more = {free(name, ITEMS): value for name, value in item.columns.items() if value}
        found.append({"taken": record.taken, "camera": record.camera, **more})
    return found
