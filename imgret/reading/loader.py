"""The loader: worker processes read, hash, decode and resize; batches of pixels come back in order.

The workers hand over uint8 pixels and records, no floats: the device makes those.
"""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from imgret.contracts import Item, Preprocess, Source
from imgret.demands.values import opened
from imgret.executors.local import TIMEOUT, Lost, spread
from imgret.reading.beside import beside
from imgret.reading.decode import decode
from imgret.reading.filecache import Stamp, stamp
from imgret.reading.formats import FURTHER, HEAD, is_read, sniff
from imgret.reading.record import Record
from imgret.store.files import read_file

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray


class Reading(NamedTuple):
    """How the files of a run are read: the settings of these names (see configs/config.yaml)."""

    formats: Collection[str] = ()
    timeout: int = TIMEOUT
    rehash: bool = False
    max_failed: float = 1.0

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Reading:
        """As `settings` say; a run of an earlier version does not know all of them."""
        return cls(**{name: settings[name] for name in cls._fields if name in settings})


READING = Reading()


class Loaded(NamedTuple):
    """Some items: their records and stamps in order, pixels of those that are ok, seconds that a worker took."""

    items: Sequence[Item]
    stamps: list[Stamp | None]
    records: list[Record]
    pixels: torch.Tensor  # (m, 3, h, w) uint8, m = how many are ok
    seconds: float


class One(NamedTuple):
    """What a worker made of one item; pixels (3, h, w) uint8, None unless ok."""

    stamp: Stamp | None
    record: Record
    pixels: NDArray[np.uint8] | None
    seconds: float


class Decoder:
    """What the workers do: read, hash and decode one item."""

    def __init__(self, source: Source, preprocess: Preprocess, formats: Collection[str] = ()) -> None:
        self.source, self.preprocess, self.formats = source, preprocess, formats

    def __call__(self, item: Item) -> One:
        started = time.perf_counter()
        before = stamp(item.file)
        record, pixels = read(self.source, item, self.preprocess, self.formats)
        after = stamp(item.file)
        if before and after and before != after and not _same_bytes(before, after):
            record, pixels = Record("", "changed_during_run", "another file than when it was begun to be read"), None
        return One(before, record, pixels, time.perf_counter() - started)


def read(
    source: Source, item: Item, preprocess: Preprocess, formats: Collection[str] = ()
) -> tuple[Record, NDArray[np.uint8] | None]:
    """Bytes, hash and pixels (3, h, w) uint8 of one item; pixels are None where the outcome is not ok."""
    if kind := beside(item.path):
        return Record("", "beside", f"a {kind} by its name"), None
    try:
        if item.file:
            head = read_file(item.file, HEAD)  # a film or a disk image is not read to the end to be refused
            if not is_read(sniff(head), formats):
                refused = decode(head, preprocess, formats)
                return Record("", refused.outcome, refused.reason, format=_further(head)), None
        data = opened(source, item)
    except OSError as error:
        return _unread(error), None
    done = decode(data, preprocess, formats)
    id = hashlib.sha256(data).hexdigest()
    format = _further(data[:HEAD])
    if done.outcome == "unsupported" and format in formats:  # nor would it be without
        format = ""
    seen = done.width, done.height, done.taken, done.camera
    return Record(id, done.outcome, done.reason, *seen, format), done.pixels


def closed(items: Sequence[Item]) -> list[Record] | None:
    """What reading gives where none of these items can be opened, so that no worker is needed; None where one can."""
    records = []
    for item in items:
        if not item.file:
            return None
        try:
            read_file(item.file, 0)
            return None
        except OSError as error:
            records.append(_unread(error))
    return records


def _unread(error: OSError) -> Record:
    if isinstance(error, FileNotFoundError):
        return Record("", "missing", "no such file")
    outcome = "too_large" if error.errno == errno.EFBIG else "unreadable"
    return Record("", outcome, error.strerror or type(error).__name__)


def _same_bytes(before: Stamp, after: Stamp) -> bool:
    """Whether size, time of change and inode are as they were; a link that was made to a file changes the rest."""
    return (before[0], before[1], before[3]) == (after[0], after[1], after[3])


def _further(head: bytes) -> str:
    """The format of a file that is read only when asked for, as it is typed; empty for all others."""
    kind = sniff(head)
    return kind.lower() if kind in FURTHER else ""


def batches(
    source: Source,
    items: Sequence[Item],
    preprocess: Preprocess,
    reading: Reading = READING,
    workers: int = 0,
) -> Iterator[Loaded]:
    """Read, hash and decode `items` in worker processes, a few at a time, in order; see `spread`."""
    import numpy as np
    import torch

    empty = np.empty((0, 3, *preprocess.size), np.uint8)
    for chunk, done in spread(Decoder(source, preprocess, reading.formats), items, reading.timeout, workers):
        found = [_lost(item, one) if isinstance(one, Lost) else one for item, one in zip(chunk, done, strict=True)]
        kept = [one.pixels for one in found if one.pixels is not None]
        pixels = torch.from_numpy(np.stack(kept) if kept else empty)
        stamps, records = [one.stamp for one in found], [one.record for one in found]
        yield Loaded(chunk, stamps, records, pixels, sum(one.seconds for one in found))


def _lost(item: Item, lost: Lost) -> One:
    """What there is of an item that was not decoded; without a stamp where its file has changed in the meantime."""
    now = stamp(item.file)
    before = now if now and max(now[1:3]) < lost.began else None
    return One(before, Record("", lost.outcome, lost.reason), None, 0.0)
