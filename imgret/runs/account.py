"""What became of every file, and row of a manifest: the first lines of a run's summary."""

from __future__ import annotations

from collections import Counter

from imgret.findings.tables import SKIPPED
from imgret.reading.beside import tally
from imgret.reading.formats import how_to_read
from imgret.reading.outcomes import NO_FAILURE
from imgret.runs.run import Run
from imgret.words import counted, listed, printable, shown_path


def accounts(run: Run) -> list[str]:
    """Lines for a terminal: the sum, and what is to be said of each kind that gave no image."""
    info = run.info
    skipped = f"; skipped: {listed(info.skipped)}" if info.skipped and not info.rows else ""
    first = f"images    {account(run)}{skipped}"
    return [first, *_failures(run), *_disagreeing(run), *_formats(run), *_beside(run)]


def account(run: Run) -> str:
    """What became of every file, or row of a manifest: those that were looked at are the sum of their outcomes.

    Rows that were skipped are among them, unless some of the others were not looked at, either.
    """
    files, rows, looked_at = run.info.files, run.info.rows, len(run.collection.items)
    limited = f"{looked_at:,} of " if looked_at < files else ""
    skipped = {"skipped": rows - files} if rows > files and not limited else {}
    return f"{limited}{counted(rows or files, _unit(run))} = {listed({**run.collection.outcomes, **skipped})}"


def _unit(run: Run) -> str:
    return "row" if run.info.rows else "file"


def _failures(run: Run) -> list[str]:
    """Where the reason of each failure, and of each row that was skipped, is to be read, if there is any."""
    failed = sum(count for name, count in run.collection.outcomes.items() if name not in NO_FAILURE)
    folder, lines = shown_path(run.folder), []
    if failed:
        lines.append(f"failures  {counted(failed, _unit(run))}, each with its reason: {folder}/failures.csv")
    if run.info.rows > run.info.files:
        rows = counted(run.info.rows - run.info.files, "row")
        lines.append(f"skipped   {rows}, {listed(run.info.skipped)}: {folder}/{SKIPPED}")
    return lines


def _disagreeing(run: Run) -> list[str]:
    """How many duplicates have another label, or group, than the item that stands for their bytes, and one of them."""
    lines = []
    for name, pairs in run.collection.disagreeing.items():
        if pairs:
            (twin, mine), (first, counts) = (
                (run.collection.items[place].path, getattr(run.collection.items[place], name) or "none")
                for place in pairs[0]
            )
            number = f"{len(pairs):,} duplicate{' has' if len(pairs) == 1 else 's have'} another {name}"
            lines.append(f"note      {number} than the file that counts: {twin}: {mine}, {first}: {counts}")
    return [printable(line) for line in lines]


def _formats(run: Run) -> list[str]:
    """What to type for the files that were not read because nobody asked for their format."""
    met = Counter(r.format.upper() for r in run.collection.records if r.format and r.outcome == "unsupported")
    chosen = [name.upper() for name in run.settings["formats"]]
    counts = {f"{name} not read": met[name] for name in sorted(met)}
    return [f"formats   {listed(counts)}: {how_to_read([*met, *chosen])}"] if met else []


def _beside(run: Run) -> list[str]:
    """What there is by its name, and was not opened."""
    if "beside" not in run.collection.outcomes:
        return []
    pairs = zip(run.collection.items, run.collection.records, strict=True)
    found = tally(item.path for item, record in pairs if record.outcome == "beside")
    return [f"beside    {found}: not opened, and no failures"]
