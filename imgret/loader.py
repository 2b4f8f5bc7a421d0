"""The loader: worker processes read, hash, decode and resize; batches of pixels come back in order.

The workers hand over uint8 pixels and records, no floats: the device makes those. A loader starts at any row,
so that one can go on where another ended.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from imgret.contracts import Item, Preprocess, Source
from imgret.decode import decode, sniff
from imgret.filecache import Record, Stamp, stamp

if TYPE_CHECKING:
    import torch

CHUNK = 16  # images a task: enough to hide the cost of handing over, few enough that no worker idles at the end
HEAD = 64  # bytes that tell an image from anything else


class Loaded(NamedTuple):
    """One task's results: records and stamps of its items in order, pixels of those that are ok, seconds taken."""

    items: Sequence[Item]
    stamps: list[Stamp | None]
    records: list[Record]
    pixels: torch.Tensor  # (m, 3, h, w) uint8, m = how many are ok
    seconds: float


class Decoder:
    """A dataset for torch's DataLoader whose index is the items themselves: no worker holds the whole listing."""

    def __init__(self, source: Source, preprocess: Preprocess) -> None:
        self.source, self.preprocess = source, preprocess

    def __getitem__(self, items: Sequence[Item]) -> Loaded:
        import numpy as np
        import torch

        started = time.perf_counter()
        stamps, records, kept = [], [], []
        for item in items:
            stamps.append(stamp(item.file) if item.file else None)
            record, pixels = read(self.source, item, self.preprocess)
            records.append(record)
            if pixels is not None:
                kept.append(pixels)
        height, width = self.preprocess.size
        stacked = np.stack(kept) if kept else np.empty((0, 3, height, width), np.uint8)
        return Loaded(items, stamps, records, torch.from_numpy(stacked), time.perf_counter() - started)


def read(source: Source, item: Item, preprocess: Preprocess) -> tuple[Record, Any]:
    """Bytes, hash and pixels (3, h, w) uint8 of one item; pixels are None where the outcome is not ok."""
    try:
        if item.file:
            with open(item.file, "rb") as stream:  # a film or a disk image is not read to the end to be refused
                head = stream.read(HEAD)
            if sniff(head) is None:
                refused = decode(head, preprocess)
                return Record("", refused.outcome, refused.reason), None
        data = source.open(item)
    except FileNotFoundError:
        return Record("", "missing", "no such file"), None
    except OSError as error:
        return Record("", "unreadable", error.strerror or type(error).__name__), None
    done = decode(data, preprocess)
    id = hashlib.sha256(data).hexdigest()
    return Record(id, done.outcome, done.reason, done.width, done.height), done.pixels


def batches(source: Source, items: Sequence[Item], preprocess: Preprocess, workers: int = 0) -> Iterator[Loaded]:
    """Decode `items` in `workers` processes (default: one a core, 16 at most), in order, CHUNK at a time."""
    from torch.utils.data import DataLoader

    if not items:
        return
    chunks = [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]
    workers = min(workers or min(os.cpu_count() or 1, 16), len(chunks))
    yield from DataLoader(
        Decoder(source, preprocess),  # type: ignore[arg-type]
        sampler=chunks,
        batch_size=None,
        num_workers=workers,
        multiprocessing_context=_context(),
        worker_init_fn=_ignore_interrupt,
    )


def _context() -> Any:
    """New processes, never copies of this one: it has threads, which do not survive a fork."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch.utils.data", "imgret.loader"])  # torch is imported once, not by each
    return context


def _ignore_interrupt(worker: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's to answer
