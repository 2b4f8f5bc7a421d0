"""What can become of a file, and when too many have failed for a run to mean anything."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from imgret.errors import TooManyFailed
from imgret.reading.formats import FORMATS, SUFFIXES
from imgret.words import printable

if TYPE_CHECKING:
    from imgret.contracts import Item
    from imgret.reading.record import Record

OUTCOMES = {  # every file of a collection ends in one of these
    "ok": "an image, and the first by path with its bytes, files before links",
    "duplicate": "the same bytes as an ok file, or a further row that names it",
    "beside": "a sidecar, film, sound or raw file by its name: not opened, and no failure",
    "unsupported": "no image, or in a format that is not read, or not unless `formats` asks for it",
    "decode_error": "an image that its decoder refuses",
    "truncated": "an image whose end is missing",
    "too_large": "more than 178,956,970 pixels, or more than 1.5 GB",
    "extreme_aspect": "more than 100 times as long as wide",
    "missing": "not there: a link to nothing, a manifest's row without its file, deleted since it was listed",
    "unreadable": "not allowed to be read, no regular file, or an address that is not fetched",
    "changed_during_run": "another file when it had been read than when reading began",
    "timeout": "not decoded within `timeout` seconds",
    "decoder_crashed": "its decoder came to a sudden end, twice",
    "bad_feature": "the backbone's features of it are not finite",
    "no_vector": "no vector was given for it, where vectors were made elsewhere",
}
USABLE = ("ok", "duplicate")
NO_FAILURE = (*USABLE, "beside")  # every other one is a failure
PASSING = {"missing", "unreadable", "changed_during_run"}  # may be well again: not remembered


def failed(path: str, outcome: str, formats: Collection[str] = ()) -> bool:
    """Whether this is a failure: a text beside photographs is none, a web page that was saved as .jpg is."""
    if outcome in NO_FAILURE:
        return False
    read = [*FORMATS, *(name.upper() for name in formats)]
    return outcome != "unsupported" or os.path.splitext(path)[1].lower() in {s for name in read for s in SUFFIXES[name]}


class Failures:
    """The failures among `total` files, by outcome, each with its first path; too many of them end the run."""

    def __init__(self, total: int, allowed: float, formats: Collection[str] = ()) -> None:
        self.total, self.allowed, self.formats = total, allowed, formats
        self.counts: Counter[str] = Counter()
        self.first: dict[str, str] = {}

    def add(self, item: Item, record: Record) -> None:
        """Count a file that is settled. Raises TooManyFailed once more than the share `allowed` of all have failed."""
        if failed(item.path, record.outcome, self.formats):
            self.counts[record.outcome] += 1
            self.first.setdefault(record.outcome, f"{item.path}: {record.reason}")
            if self.counts.total() / self.total > self.allowed:  # a product would be rounded: .29 * 100 is below 29
                raise TooManyFailed(
                    f"{self.counts.total():,} of {self.total:,} files failed, more than max_failed={self.allowed:g} "
                    f"allows: {causes(self.counts, self.first)}\n"
                    "mend or move them, or type max_failed=1 to go on without them: failures.csv then names each"
                )


def causes(counts: Mapping[str, int], first: Mapping[str, str]) -> str:
    """Counts by outcome, the most first, each with the `first` file of it and its reason."""
    most = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return "; ".join(f"{count:,} {name} ({printable(first[name])})" for name, count in most)
