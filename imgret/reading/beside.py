"""What lies beside pictures in people's archives, told by the names: sidecars, films, sounds, raw files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable

from imgret.contracts import Item
from imgret.reading.formats import AVAILABLE, FURTHER, SUFFIXES, lacking
from imgret.words import counted

RAW = "raw file"
SIDECAR = "sidecar"
TABLES = {"metadata.csv", "metadata.jsonl", "metadata.parquet"}  # of Hugging Face's imagefolder, beside its images
# A .thm is the preview of a film, a JPEG by its bytes and no picture of the archive.
KINDS = {
    SIDECAR: ".xmp .aae .thm .json .pp3 .dop .cos .on1",
    "film": ".mov .mp4 .m4v .avi .mpg .mpeg .mts .m2ts .3gp .3g2 .wmv .mkv .webm .flv .lrv .insv",
    "sound": ".wav .mp3 .m4a .aac .amr .ogg .opus .flac",
    RAW: ".cr2 .cr3 .crw .nef .nrw .arw .srf .sr2 .dng .orf .rw2 .raf .pef .srw .rwl .x3f .3fr .iiq .erf .kdc .dcr .mrw"
    " .mef .mos .raw .gpr",
}
_KIND = {suffix: kind for kind, suffixes in KINDS.items() for suffix in suffixes.split()}
_FURTHER = {suffix: name for name in FURTHER for suffix in SUFFIXES[name]}


def beside(path: str) -> str:
    """`sidecar`, `film`, `sound`, `raw file` for a file that is called so; empty for any other."""
    return SIDECAR if path.rpartition("/")[2] in TABLES else _KIND.get(_suffix(path), "")


def tally(paths: Iterable[str]) -> str:
    """How many of the files are what: `12 sidecars, 3 films`; empty where none is any of these."""
    counts = Counter(beside(path) for path in paths)
    return ", ".join(counted(counts[kind], kind) for kind in KINDS if counts[kind])


def waiting(items: Collection[Item], asked: Collection[str], formats: Collection[str]) -> list[str]:
    """What to say of a listing in its first second: which files wait for a format or its package, and which are none.

    `formats` are those that are read of what was `asked` for. By names alone: nothing has been opened yet.
    """
    counts = Counter(_FURTHER.get(_suffix(item.path), "") for item in items)
    never = sum(_suffix(item.path) == ".jxl" for item in items)
    kinds = [kind for kind in FURTHER if counts[kind] and kind.lower() not in formats]
    lines = [f"{counted(counts[kind], f'{kind} file')} not read: type {_step(kind, asked)}" for kind in kinds]
    others = tally(item.path for item in items)
    lines += [f"{counted(never, 'JPEG XL file')} not read: nothing here reads them"] * (never > 0)
    return [*lines, *([f"beside the images, not opened: {others}"] if others else [])]


def _step(kind: str, asked: Collection[str]) -> str:
    """What is left to do for a format."""
    steps = [lacking(kind), "" if AVAILABLE in asked else f"formats=[{kind.lower()}]"]
    return ", and then ".join(step for step in steps if step)


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()
