"""A drawn catalogue of fabrics: pictures to try everything on, with the truth known and no network."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imgret import UsageError, register
from imgret.plugin import Item, Lost, Progress, read_file, spread

if TYPE_CHECKING:
    from .fabrics.plan import Shot

log = logging.getLogger("imgret")

TASK = 64  # shots a task at most: few enough to share out evenly, enough to pay for the fabric's tile
HOUR = 3600  # seconds that one task has: a slow machine is no reason to give up
ALONE = 100  # so many are drawn sooner than worker processes start


@register("source")
class synthetic:
    """`n` files: photographs of `kinds` fabrics by `cameras` cameras, sides from `size` / 4 to `size` pixels.

    They are drawn once, into a folder of the store, as `fabric_camera_shot.jpg`. Label = fabric, group = camera.
    Some shots are planted copies: 1 in 40 cut a little and encoded again, 1 in 150 the very bytes of another.
    `broken` files are odd: some readable (PNG named .jpg, CMYK, animated, on its side, ...), some not at all.
    The same arguments give the same pictures on the same machine; another `draw`, another catalogue.
    """

    def __init__(
        self, n: int = 2291, kinds: int = 100, cameras: int = 6, size: int = 640, broken: int = 12, draw: int = 0
    ) -> None:
        self.n, self.kinds, self.cameras, self.size = n, kinds, cameras, size
        self.broken, self.draw = broken, draw
        self.skipped: dict[str, int] = {}

    def __iter__(self) -> Iterator[Item]:
        self._check()
        from .fabrics.plan import shots

        plan = shots(self.n, self.kinds, self.cameras, self.broken, self.draw)
        folder = self._drawn(plan)
        for shot in sorted(plan, key=lambda s: s.name):
            yield Item(shot.name, str(folder / shot.name), shot.label, shot.group)

    def open(self, item: Item) -> bytes:
        return read_file(item.file)

    def _check(self) -> None:
        for name, least in (("n", 1), ("kinds", 1), ("cameras", 1), ("size", 32), ("broken", 0), ("draw", 0)):
            if getattr(self, name) < least:
                raise UsageError(f"source.{name}={getattr(self, name)} is too small\ngive {least} or more")
        if self.broken > self.n:
            raise UsageError(
                f"source.broken={self.broken}: there are only source.n={self.n} files\ngive {self.n} or fewer"
            )

    def _drawn(self, plan: list[Shot]) -> Path:
        """The folder with all files of the plan; where it is missing or not whole, it is drawn."""
        import hashlib

        from imgret.plugin import clean, home, sync_tree, unwritable

        from .fabrics.plan import VERSION

        settings = (VERSION, self.n, self.kinds, self.cameras, self.size, self.broken, self.draw)
        digest = hashlib.sha256(repr(settings).encode()).hexdigest()[:8]
        folder = home().absolute() / "drawn" / f"fabrics-{self.n}-{digest}"
        names = {shot.name for shot in plan}
        if _whole(folder, names):
            return folder
        log.info("drawing %s photographs of %s fabrics into %s (once)", f"{self.n:,}", f"{self.kinds:,}", folder)
        temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}.tmp")
        try:
            clean(folder.parent)
            temporary.mkdir(parents=True)
            _draw_all(temporary, plan, self.size, self.draw)
            sync_tree(temporary)
            _put(temporary, folder, names)
        except OSError as error:
            raise unwritable(folder, error, "set IMGRET_HOME=FOLDER") from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return folder


def _whole(folder: Path, names: set[str]) -> bool:
    try:
        return names <= set(os.listdir(folder))
    except OSError:  # what is wrong, if not that it is missing, shows when it is drawn
        return False


def _put(temporary: Path, folder: Path, names: set[str]) -> None:
    """Rename into place; a whole folder that another process has put there meanwhile is as good."""
    try:
        os.rename(temporary, folder)
    except OSError:
        if not _whole(folder, names):  # files were deleted from it
            shutil.rmtree(folder, ignore_errors=True)
            os.rename(temporary, folder)


def _draw_all(folder: Path, plan: Sequence[Shot], size: int, seed: int) -> None:
    """Draw in one process a core; each shot has its own generator, so their number changes nothing."""
    from .fabrics.draw import draw

    of_fabric: dict[int, list[Shot]] = {}
    for shot in plan:
        of_fabric.setdefault(shot.fabric, []).append(shot)
    tasks = [group[at : at + TASK] for group in of_fabric.values() for at in range(0, len(group), TASK)]
    task = partial(draw, folder, size=size, seed=seed)
    with Progress("drawing", len(plan), "photographs") as progress:
        if len(plan) > ALONE:
            for (shots,), (done,) in spread(task, tasks, HOUR, chunk=1):
                if isinstance(done, Lost):  # perhaps killed for want of memory
                    task(shots)
                progress.advance(len(shots))
        else:
            for shots in tasks:
                task(shots)
