"""Memory of listing and extracting small drawn images, for several numbers of them, each in its own process.

python -m tests.bench_memory [5000 100000] [--largest]
"""

import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imgret.contracts import Item

SIDE = 8  # pixels of an image
EVERY = 0.05  # seconds between two looks


class Numbers:
    """A source of `count` images that are told apart by their pixels: their number, drawn when opened."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.skipped: dict[str, int] = {}

    def __iter__(self) -> Iterator[Item]:
        return (Item(f"{number // 1000:03}/{number:06}.png", label=f"{number % 10}") for number in range(self.count))

    def open(self, item: Item) -> bytes:
        number = int(item.path[-10:-4])
        rows = b"".join(b"\0" + bytes([y, *number.to_bytes(3, "big")] * 6) for y in range(SIDE))
        header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)  # 8 bits of red, green and blue
        chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")
        framed = [struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in chunks]
        return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


class Watch:
    """The most anonymous memory, in bytes, that this process and its children have had while this is entered."""

    def __init__(self) -> None:
        self.own = self.workers = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            self.own = max(self.own, anonymous(os.getpid()))
            self.workers = max(self.workers, sum(anonymous(pid) for pid in below(os.getpid())))


def anonymous(pid: int) -> int:
    """Bytes that a process holds in memory and that are no file's, its own and shared ones; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def below(pid: int) -> list[int]:
    """Every process that descends from this one."""
    found: list[int] = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(word) for word in tasks.read_text(encoding="ascii").split()]
        except OSError:
            continue
        found += [each for child in children for each in (child, *below(child))]
    return found


def extract_all(count: int, store: Path, size: int = SIDE, largest: bool = False) -> dict[str, Any]:
    """List, extract and collect `count` images of `size` pixels a side into a new store; the most bytes it took."""
    from imgret.features.engine import Engine
    from imgret.features.extract import extract
    from imgret.features.space import space
    from imgret.reading.items import collect
    from imgret.registry import build, load_plugins
    from imgret.store.store import Store

    load_plugins()
    node = {"name": "pixels", "size": size}
    backbone = build("backbone", node)
    engine = Engine(backbone, "cpu")
    engine.prepare()
    source = Numbers(count)
    if largest:
        import tracemalloc

        tracemalloc.start()
    before = anonymous(os.getpid())
    with Watch() as watch:
        items = list(source)
        done = extract(source, items, space(node, backbone), engine, Store(store))
        collection = collect(items, done.records)
    if largest:
        for line in tracemalloc.take_snapshot().statistics("lineno")[:15]:
            print(line)
    assert len(collection.ids) == done.computed == count
    return {"before": before, "own": watch.own, "workers": watch.workers, "seconds": done.seconds}


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("counts", default=[5000, 100000], nargs="*", type=int)
    words.add_argument("--largest", action="store_true", help="the lines that hold the most, by tracemalloc (slow)")
    words.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.alone:
        with tempfile.TemporaryDirectory() as store:
            print(json.dumps(extract_all(asked.counts[0], Path(store), largest=asked.largest)))
        return
    first = None
    for count in asked.counts:
        command = [sys.executable, "-m", "tests.bench_memory", str(count), "--alone"] + ["--largest"] * asked.largest
        *lines, last = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        print(*lines, sep="\n", end="\n" * bool(lines))
        found = json.loads(last)
        own, before, workers = (found[key] / 1e6 for key in ("own", "before", "workers"))
        first = own if first is None else first
        rate = count / found["seconds"]
        print(
            f"{count:,} images: {own:.0f} MB at the most ({before:.0f} MB before, {own - first:+.0f} MB to the first)"
        )
        print(f"  workers beside: {workers:.0f} MB, what they share counted for each; {rate:.0f} images/s")


if __name__ == "__main__":
    main()
