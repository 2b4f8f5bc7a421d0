"""The loader: worker processes read, hash, decode and resize; batches of pixels come back in order.

The workers hand over uint8 pixels and records, no floats: the device makes those.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import signal
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from imgret.contracts import Item, Preprocess, Source
from imgret.decode import decode
from imgret.filecache import Record, Stamp, stamp
from imgret.files import read_file
from imgret.formats import FURTHER, HEAD, is_read, sniff
from imgret.processes import context, ignore_interrupt, without_main

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

CHUNK = 16  # images a task: enough to hide the cost of handing over, few enough that no worker idles at the end
DIED = re.compile(r"DataLoader worker \(pid")
Result = TypeVar("Result", covariant=True)


class Loaded(NamedTuple):
    """One task's results: records and stamps of its items in order, pixels of those that are ok, seconds taken."""

    items: Sequence[Item]
    stamps: list[Stamp | None]
    records: list[Record]
    pixels: torch.Tensor  # (m, 3, h, w) uint8, m = how many are ok
    seconds: float


class Task(Protocol[Result]):
    """What workers do with items of a source: pickled to them, called with a few items at a time."""

    source: Source

    def __getitem__(self, items: Sequence[Item], /) -> Result: ...

    def nothing(self, item: Item, record: Record, /) -> Result:
        """What there is of an item that took its worker down, as `record` says."""


class Decoder:
    """A dataset for torch's DataLoader whose index is the items themselves: no worker holds the whole listing."""

    def __init__(self, source: Source, preprocess: Preprocess, formats: Collection[str] = ()) -> None:
        self.source, self.preprocess, self.formats = source, preprocess, formats

    def nothing(self, item: Item, record: Record) -> Loaded:
        """What there is of an item that was not decoded."""
        import torch

        pixels = torch.empty((0, 3, *self.preprocess.size), dtype=torch.uint8)
        return Loaded([item], [stamp(item.file)], [record], pixels, 0.0)

    def __getitem__(self, items: Sequence[Item]) -> Loaded:
        import numpy as np
        import torch

        started = time.perf_counter()
        stamps, records, kept = [], [], []
        for item in items:
            stamps.append(stamp(item.file))
            record, pixels = read(self.source, item, self.preprocess, self.formats)
            records.append(record)
            if pixels is not None:
                kept.append(pixels)
        height, width = self.preprocess.size
        stacked = np.stack(kept) if kept else np.empty((0, 3, height, width), np.uint8)
        return Loaded(items, stamps, records, torch.from_numpy(stacked), time.perf_counter() - started)


def read(
    source: Source, item: Item, preprocess: Preprocess, formats: Collection[str] = ()
) -> tuple[Record, NDArray[np.uint8] | None]:
    """Bytes, hash and pixels (3, h, w) uint8 of one item; pixels are None where the outcome is not ok."""
    try:
        if item.file:
            head = read_file(item.file, HEAD)  # a film or a disk image is not read to the end to be refused
            if not is_read(sniff(head), formats):
                refused = decode(head, preprocess, formats)
                return Record("", refused.outcome, refused.reason, format=_further(head)), None
        data = source.open(item)
    except FileNotFoundError:
        return Record("", "missing", "no such file"), None
    except OSError as error:
        outcome = "too_large" if error.errno == errno.EFBIG else "unreadable"
        return Record("", outcome, error.strerror or type(error).__name__), None
    done = decode(data, preprocess, formats)
    id = hashlib.sha256(data).hexdigest()
    format = _further(data[:HEAD])
    if done.outcome == "unsupported" and format in formats:  # nor would it be without
        format = ""
    seen = done.width, done.height, done.taken, done.camera
    return Record(id, done.outcome, done.reason, *seen, format), done.pixels


def _further(head: bytes) -> str:
    """The format of a file that is read only when asked for, as it is typed; empty for all others."""
    kind = sniff(head)
    return kind.lower() if kind in FURTHER else ""


def batches(
    source: Source, items: Sequence[Item], preprocess: Preprocess, workers: int = 0, formats: Collection[str] = ()
) -> Iterator[Loaded]:
    """Read, hash and decode `items` in worker processes; see `spread`."""
    return spread(Decoder(source, preprocess, formats), items, workers)


def spread(decoder: Task[Result], items: Sequence[Item], workers: int = 0) -> Iterator[Result]:
    """What `decoder` makes of `items` in `workers` processes (default: one a core, 16 at most), in order.

    It gets CHUNK of them at a time. One that takes its process down costs one file: the chunk in hand is gone through
    again, one file at a time, and for the one that does it again there is what `decoder.nothing` gives.
    """
    done = 0
    while done < len(items):
        try:
            for loaded in _load(decoder, items[done:], CHUNK, workers or min(os.cpu_count() or 1, 16)):
                yield loaded
                done += CHUNK
        except RuntimeError as error:
            if not DIED.search(str(error)):
                raise
            for item in items[done : done + CHUNK]:
                yield _alone(decoder, item)
                done += 1


def _alone(decoder: Task[Result], item: Item) -> Result:
    try:
        (loaded,) = _load(decoder, [item], 1, 1)
        return loaded
    except RuntimeError as error:
        if not DIED.search(str(error)):
            raise
        crashed = Record("", "decoder_crashed", "the process that decoded it came to a sudden end")
        return decoder.nothing(item, crashed)


def _load(decoder: Task[Result], items: Sequence[Item], chunk: int, workers: int) -> Iterator[Result]:
    """Raises RuntimeError, with words that DIED finds, where a worker process dies."""
    from torch.utils.data import DataLoader

    chunks = [items[start : start + chunk] for start in range(0, len(items), chunk)]
    loader: DataLoader[Any] = DataLoader(
        decoder,  # type: ignore[arg-type]
        sampler=chunks,
        batch_size=None,
        num_workers=min(workers, len(chunks)),
        multiprocessing_context=context(preload=["torch.utils.data", "imgret.loader"]),
        worker_init_fn=ignore_interrupt,
    )
    with without_main(decoder.source), _same_signals():
        batches = iter(loader)
    yield from batches


@contextmanager
def _same_signals() -> Iterator[None]:
    """Torch tells of a dead worker wherever the main thread happens to be; it is to be told here, by the loader."""
    sigchld = getattr(signal, "SIGCHLD", None)
    here = sigchld is not None and threading.current_thread() is threading.main_thread()
    before = signal.getsignal(sigchld) if here and sigchld is not None else None
    try:
        yield
    finally:
        if sigchld is not None and before is not None:
            signal.signal(sigchld, before)
