"""Room: what a run takes of the disk and of the memory, told and held against what is free before the long stages.

What is told is what such a run usually takes. Refused is only what cannot fit, and that is one array of all features:
with features and their matrix in the store, and X and one copy in memory, it fits even if every second file turns out
to be no image, or one that is there already.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from imgret.errors import DiskFull, UsageError
from imgret.words import counted, size

THUMBNAIL = 12_000  # bytes, the mean of 5,281 photographs and drawings; more where there is much grain
# What the stages after the features take at the most with the default components, in bytes: AFTER arrays of all
# features, PER_IMAGE whatever their width, and AT_LEAST for any number of images, libraries and blocks. By the peaks of
# 5,000 x 512, 20,000 x 512 and 20,000 x 2,048 (180, 328 and 729 MB, libraries loaded) and of a whole run.
AFTER, PER_IMAGE, AT_LEAST = 3.3, 3_200, 400_000_000
TOLD = 10_000_000, 1_000_000_000  # bytes of disk and of memory that are worth a word


@dataclass(frozen=True)
class Room:
    """Where a run writes: the store's folder, and `out`, into which the features are linked, or copied across disks."""

    store: Path
    out: Path
    thumbnails: bool = False

    def check(self, computed: int, images: int, d: int) -> str:
        """Words for what is noticeable, say ", 40 MB of disk", to compute `computed` of `images` x `d` features.

        Raises DiskFull or UsageError where disk or memory is too little for it.
        """
        refuse_disk(computed, d, self.store, "set IMGRET_HOME=FOLDER")
        if not _same_disk(self.store, self.out):
            refuse_disk(images, d, self.out, "type out=FOLDER")
        refuse_memory(images, d)
        arrays, thumbnails = (computed + images) * 4 * d, computed * self.thumbnails * THUMBNAIL
        disk = arrays + thumbnails  # all of it in the store: what a run has of it is linked
        memory = AFTER * images * 4 * d + PER_IMAGE * images + AT_LEAST
        told = [_told(disk, free_disk(self.store), "disk")] if disk >= TOLD[0] else []
        told += [_told(memory, free_memory(), "memory")] if memory >= TOLD[1] else []
        return "".join(f", {words}" for words in told)


def refuse_disk(images: int, d: int, folder: Path, otherwise: str) -> None:
    """Raises DiskFull where the features (images, d) alone are more than is free in `folder`."""
    free = free_disk(folder)
    if free is not None and images * d * 4 > free:
        raise DiskFull(f"{_product(images, d)}, in {folder}: {size(free)} are free\nmake room there, or {otherwise}")


def refuse_memory(images: int, d: int) -> None:
    """Raises UsageError where the features (images, d) alone are more than the memory that is free."""
    free = free_memory()
    if free is not None and images * d * 4 > free:
        fits = max(1, free // (2 * 4 * d))
        raise UsageError(
            f"{_product(images, d)} of memory: {size(free)} are free\n"
            f"make room there, choose a backbone with fewer features, or type limit={fits}"
        )


def _product(images: int, d: int) -> str:
    return f"{counted(images, 'image')} x {counted(d, 'feature')} x 4 bytes = {size(images * d * 4)}"


def _told(need: float, free: int | None, what: str) -> str:
    return f"{size(need)} of {what}" + (f" ({size(free)} are free)" if free is not None and need > free else "")


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next((each for each in (folder, *folder.absolute().parents) if each.exists()), folder)


def _same_disk(one: Path, other: Path) -> bool:
    try:
        return _there(one).stat().st_dev == _there(other).stat().st_dev
    except OSError:
        return True


def free_disk(folder: Path) -> int | None:
    """Bytes that can still be written into `folder`, there or yet to be made; None where no one tells."""
    try:
        return shutil.disk_usage(_there(folder)).free
    except OSError:
        return None


def free_memory() -> int | None:
    """Bytes that this process can still have, swap included; None where no one tells, as elsewhere than on Linux.

    That is what the machine has left (proc(5), meminfo) or what a control group leaves it, where that is less.
    """
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    machine = {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
    if "MemAvailable" not in machine:
        return None
    return min([machine["MemAvailable"], *_groups(Path("/"))]) + machine.get("SwapFree", 0)


def _groups(root: Path) -> Iterator[int]:
    """What each control group that this process is in, and each one above, leaves it: cgroups(7), version 2 and 1.

    Pages of files count as free: they are given up when memory is short.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for _, controllers, path in (line.split(":", 2) for line in lines if line.count(":") >= 2):
        if controllers and "memory" not in controllers.split(","):
            continue
        mount = root / "sys/fs/cgroup" / ("memory" if controllers else "")
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if controllers else ("memory.max", "memory.current")
        own = mount / path.lstrip("/")
        for folder in (own, *own.parents):
            if not folder.is_relative_to(mount):
                break
            try:
                limit, used = (int((folder / name).read_text(encoding="ascii")) for name in names)  # "max": no limit
                stat = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
            except (OSError, ValueError):
                continue
            prefix = "total_" if controllers else ""
            files = sum(int(stat.get(f"{prefix}{kind}_file", 0)) for kind in ("active", "inactive"))
            yield max(0, limit - used + files)
