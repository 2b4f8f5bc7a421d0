"""Image files damaged at random but for a seed, through the loader: what comes of each, and how much memory it takes.

    python -m tests.bad_bytes COUNT SEED      COUNT files of each format; prints outcomes by format, and MiB

What is not as it must be is named on stderr, and `damaged` makes it again. libtiff says there what it thinks of a file.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from imgret.contracts import Item, Preprocess
from imgret.reading import imagefile
from imgret.reading.imagefile import OUTCOMES
from imgret.reading.loader import read
from tests.image_bytes import photo, save, scene
from tests.odd_files import odd_files

NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
MEGAPIXEL = 2**20  # with as few pixels to an image as this, memory that grows by more is not its pixels'
SIZE = Preprocess((8, 8))
Rng = np.random.Generator


class Memory:
    """A source of one file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.skipped: Mapping[str, int] = {}

    def __iter__(self) -> Iterator[Item]:
        return iter([Item("one")])

    def open(self, item: Item) -> bytes:
        return self.data


def seeds() -> dict[str, list[bytes]]:
    """Small files of each format, in every coding that `odd_files` has."""
    found = {format: [save(photo(24, 16), format)] for format in ("JPEG", "PNG", "WEBP", "GIF", "BMP")}
    for name, odd in odd_files().items():
        format = name.rpartition(".")[2].upper().replace("JPG", "JPEG")
        if odd.outcome == "ok" and len(odd.data) < 3000 and format in found:
            found[format].append(odd.data)
    codings = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
    return found | {"TIFF": [save(scene(), "TIFF", compression=coding) for coding in codings]}


def damaged(format: str, number: int, seed: int, files: dict[str, list[bytes]]) -> bytes:
    """The `number`th damaged file of a format: one to four blows to one of `files`, or to two of them joined."""
    rng = np.random.default_rng([seed, number, *format.encode()])
    own = files[format]
    data = bytearray(own[rng.integers(len(own))])
    for _ in range(rng.integers(1, 5)):
        if data:
            BLOWS[rng.integers(len(BLOWS))](data, own[rng.integers(len(own))], rng)
    return summed(bytes(data)) if format == "PNG" and rng.random() < 0.8 else bytes(data)


def _flip(data: bytearray, other: bytes, rng: Rng) -> None:
    data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))


def _noise(data: bytearray, other: bytes, rng: Rng) -> None:
    start, length = int(rng.integers(len(data))), int(rng.integers(1, 9))
    data[start : start + length] = rng.bytes(min(length, len(data) - start))


def _number(data: bytearray, other: bytes, rng: Rng) -> None:
    """A number at the edge of what its bytes can hold, where headers and lengths are most often."""
    wide, order = int(rng.choice([1, 2, 4])), ("little", "big")[rng.integers(2)]
    start = int(rng.integers(min(len(data), 200) if rng.random() < 0.7 else len(data)))
    value = NUMBERS[rng.integers(len(NUMBERS))] % 256**wide
    data[start : start + wide] = value.to_bytes(wide, order)


def _cut(data: bytearray, other: bytes, rng: Rng) -> None:
    del data[rng.integers(len(data)) :]


def _remove(data: bytearray, other: bytes, rng: Rng) -> None:
    start = int(rng.integers(len(data)))
    del data[start : start + int(rng.integers(1, 40))]


def _repeat(data: bytearray, other: bytes, rng: Rng) -> None:
    start, length = int(rng.integers(len(data))), int(rng.integers(1, 200))
    data[start:start] = data[start : start + length] * int(rng.integers(1, 9))


def _join(data: bytearray, other: bytes, rng: Rng) -> None:
    data[rng.integers(len(data)) :] = other[rng.integers(len(other)) :]


BLOWS: tuple[Callable[[bytearray, bytes, Rng], None], ...] = (
    _flip,
    _noise,
    _number,
    _number,
    _cut,
    _remove,
    _repeat,
    _join,
)


def summed(png: bytes) -> bytes:
    """A PNG whose checksums are right, or damage would seldom come farther than to them."""
    data, at = bytearray(png), 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            break
        data[end : end + 4] = zlib.crc32(data[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(data)


def check(format: str, data: bytes) -> str:
    """The outcome of one file, after everything that must hold of it."""
    record, pixels = read(Memory(data), Item("one"), SIZE, ["tiff"])
    assert record.outcome in OUTCOMES, record
    assert (record.outcome == "ok") == (record.reason == "") == (pixels is not None), record
    assert record.reason.isprintable(), record
    assert len(record.reason) <= 200, record
    if pixels is not None:
        assert pixels.dtype == np.uint8
        assert pixels.shape == (3, 8, 8)
        assert 0 < record.width * record.height <= imagefile.MAX_PIXELS, record
    return record.outcome


def main(count: int, seed: int) -> None:
    import resource

    imagefile.MAX_PIXELS = MEGAPIXEL
    files, counts = seeds(), {}
    for format in files:
        check(format, files[format][0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for format in files:
        counts[format] = Counter[str]()
        for number in range(count):
            try:
                counts[format][check(format, damaged(format, number, seed, files))] += 1
            except Exception as error:
                print(f"{format} {number} of seed {seed}: {type(error).__name__}: {error}", file=sys.stderr)
                raise
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"outcomes": counts, "mebibytes": grown // (2**20 if sys.platform == "darwin" else 2**10)}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
