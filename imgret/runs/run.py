"""A run: what was found in a collection, saved in a folder, searchable anywhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from imgret.clusters.neighbours import packed
from imgret.errors import UsageError
from imgret.findings import tables
from imgret.findings.found import Found, damaged
from imgret.findings.info import Info
from imgret.findings.profiles import Profile, profiles
from imgret.registry import load_plugins
from imgret.runs import sweeps
from imgret.search.assign import Assigned, assign
from imgret.search.given import Given
from imgret.search.search import Hit, search
from imgret.store.files import save_array, write_json
from imgret.words import printable, quoted, shown_path, typed_path

TOLD = 2  # runs of a sweep that are named where it was


class Run(Found):
    """What was found, with what is done with it: it is searched, given new images, saved and loaded."""

    def __reduce__(self) -> tuple[Callable[[Path], Run], tuple[Path]]:
        """Pickled, a run is the path of its folder: unpickled, it is loaded from there, and nothing else is."""
        return Run.load, (self.folder.absolute(),)

    @cached_property
    def profiles(self) -> list[Profile]:
        """Of each cluster (c,) its name, what lies on its boundary, and its odd ones out."""
        return profiles(self)

    def search(
        self,
        images: Given = (),
        top: int | None = None,
        unlike: Given = (),
        where: str | Sequence[str] = (),
        weights: Sequence[float] | None = None,
        text: str | Sequence[str] = (),
        unlike_text: str | Sequence[str] = (),
    ) -> list[Hit]:
        """The `top` images most like `images`, and unlike others: `run.search("photo.jpg", top=20)`.

        An image is a file, or one of this run by its path or id, which is left out of the hits; or a picture: the bytes
        of a file, an image of Pillow, an array of uint8 (h, w, 3). `where` are conditions such as `label=cat` on the
        columns of items.csv, `weights` say how much each image and text counts, and a `text` says what to look for
        where the backbone has a text tower. Raises UsageError for what is none of these.
        """
        return search(self, images, top, unlike, where, weights, text, unlike_text)

    def assign(self, images: str | Path | Sequence[str | Path]) -> list[Assigned]:
        """The cluster of each of `images`, files or folders, and how far out in it: `run.assign(["new.jpg", "new"])`.

        What cannot be read has an outcome that says so. Raises UsageError for a run without clusters.
        """
        return assign(self, images)

    def save(self, folder: Path) -> None:
        """Write everything that search needs into `folder`, which exists. write.save adds run.json."""
        tables.write_items(folder / "items.csv", self)
        tables.write_failures(folder / "failures.csv", self.collection)
        write_json(folder / "metrics.json", self.metrics)
        for name in ("mean", "labels", "view"):
            save_array(folder / f"{name}.npy", getattr(self, name))
        if self.graph:
            save_array(folder / tables.GRAPH, packed(self.graph))
        if any(lines := [item.line for item in self.collection.items]):
            save_array(folder / tables.LINES, np.array(lines, np.int64))

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """The run in `folder`. Nothing in it is executed. Raises UsageError where there is none, StoreDamaged
        where it is not all there.

        Files are held against the digests in run.json, up to 128 MiB each: features beyond that are mapped unread.
        """
        load_plugins()
        folder = find(typed_path(folder))
        try:
            info = Info.read(folder)
            most = sum(info.outcomes.values()) if info.outcomes else None
            collection = tables.read_items(folder / "items.csv", info.root, most)
            collection = tables.with_lines(collection, folder, info.digests)
            metrics = tables.read_figures(folder / "metrics.json")
            arrays = tables.read_arrays(folder, len(collection.ids), info.digests)
            tables.check_digests(folder, info.digests)
        except (UsageError, NameError, ImportError):  # the last two are faults of ours
            raise
        except Exception as error:  # what a damaged or hostile file makes its reader raise is anyone's guess
            raise damaged(folder, f"{type(error).__name__}: {error}") from error
        return cls(info, collection, metrics=metrics, folder=folder, **arrays)


def find(folder: Path) -> Path:
    """The run folder that `folder` is or, as `latest` does where there are no links, names."""
    if os.path.isfile(folder) and folder.name == "latest":
        folder = folder.parent / folder.read_text(encoding="utf-8", errors="replace").strip()
    if not os.path.isfile(folder / "run.json"):
        name = printable(str(folder))
        if sweeps.is_sweep(folder):
            raise UsageError(f"{name} is a sweep, not one run\n{_those_of(folder)}")
        what = "has no run.json: it is no run" if os.path.isdir(folder) else "does not exist"
        raise UsageError(f"{name} {what}\nmake a run with `python -m imgret FOLDER`, or see `python -m imgret runs`")
    return folder.resolve()


def _those_of(sweep: Path) -> str:
    """What to name in place of a sweep: runs of it, as far as it can say."""
    try:
        made = [Path(os.path.normpath(sweep / run)) for run in sweeps.runs(sweep) if run]
    except Exception:  # what a damaged file makes its reader raise is anyone's guess
        made = []
    shown = [quoted(shown_path(run)) for run in made if os.path.isfile(run / "run.json")]
    return f"name runs of it, such as {' '.join(shown[:TOLD])}" if shown else "see its runs: python -m imgret runs"
