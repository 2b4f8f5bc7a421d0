"""Whether a run is as it was written; and what of it can be made again, from its other files or from the store.

An array is made again only where its bytes are then those whose digest the run recorded. Pictures, sheets and the
report are drawn again from the arrays.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from imgret import ops
from imgret.care.faults import DAMAGED, UNKNOWN, Fault, stale, why
from imgret.care.storecheck import NO_JPEG, read_shard
from imgret.clusters.neighbours import Neighbours, packed
from imgret.clusters.stages import reduction
from imgret.errors import StoreDamaged, is_full
from imgret.findings import tables
from imgret.findings.info import Info, reseal
from imgret.reading.formats import is_whole_jpeg
from imgret.runs.run import Run
from imgret.runs.write import digests, draw
from imgret.store import schema
from imgret.store.files import (
    commit,
    place_in,
    read_array,
    regular,
    save_array,
    sha256,
    sync_folder,
    sync_tree,
)
from imgret.store.store import Store

# What the run's other files follow from, what is needed to make another of them again first.
CORE = ("items.csv", "failures.csv", "metrics.json", "features.npy", "mean.npy", "view.npy", "labels.npy")
OURS = ("run.json", "thumbs", "queries", "sweep_k")  # and what its digests do not list


class RunCheck:
    """Looks through the run in `folder`; arrays may come from the store in `root`, in which `dry` changes nothing."""

    def __init__(self, folder: Path, root: Path, dry: bool = False) -> None:
        self.folder, self.root, self.dry = folder, root, dry

    def faults(self) -> Iterator[Fault]:
        """What is wrong, what other files are made from first. Mended in that order, all of it may be whole again."""
        about = self.folder / "run.json"
        try:
            info = Info.read(self.folder)
        except StoreDamaged as error:
            yield Fault(DAMAGED, about, str(error).splitlines()[0], "left alone")
            return
        except Exception as error:  # what a damaged file makes its reader raise is anyone's guess
            yield Fault(DAMAGED, about, why(error), "the run has to be made again")
            return
        recorded = info.digests
        ours = (*CORE, *({tables.GRAPH, tables.SKIPPED} & recorded.keys()))
        for name in ours:
            if what := self._wrong(name, recorded):
                again = self._again(name, info, recorded.get(name, ""))
                cure = "made again, the same bytes" if again else "the run has to be made again"
                yield Fault(DAMAGED, self.folder / name, what, cure, again)
        wrong = {name: self._wrong(name, recorded) for name in sorted(recorded) if name not in ours}
        wrong = {name: what for name, what in wrong.items() if what} | self._cut()
        mend = cache(partial(_redraw, self.folder, list(wrong)))  # the first draws them all, or each of them fails
        for name, what in wrong.items():
            yield Fault(DAMAGED, self.folder / name, what, "drawn again", mend)
        yield from self._others(recorded)

    def _wrong(self, name: str, recorded: dict[str, str]) -> str:
        file = self.folder / name
        try:
            if not os.path.isfile(file):
                return "it is not there"
            return "" if sha256(file) == recorded.get(name) else "it is not as it was when the run was made"
        except OSError as error:
            return why(error)

    def _cut(self) -> dict[str, str]:
        """The thumbnails of the page that are no whole pictures; digests do not list them."""
        files = [file for file in sorted(self.folder.glob("thumbs/*/*.jpg")) if file.is_file()]
        return {file.relative_to(self.folder).as_posix(): NO_JPEG for file in files if not is_whole_jpeg(file)}

    def _others(self, recorded: dict[str, str]) -> Iterator[Fault]:
        yield from stale([entry for entry in sorted(self.folder.iterdir()) if entry.name not in OURS])
        for file in sorted(self.folder.rglob("*")):
            name = file.relative_to(self.folder).as_posix()
            if not file.is_dir() and name not in recorded and name.split("/")[0] not in OURS and name[0] != ".":
                yield Fault(UNKNOWN, file, "not written by imgret", "left alone")

    def _again(self, name: str, info: Info, wanted: str) -> Callable[[], object] | None:
        """What writes the very file that the run recorded, if that can be had."""
        makers = {
            "features.npy": self._features,
            "labels.npy": self._labels,
            "view.npy": self._view,
            "mean.npy": self._mean,
            tables.GRAPH: self._neighbours,
        }
        try:
            array = makers[name](info)
        except Exception as error:
            if is_full(error):  # it might well be made again
                raise
            return None  # it is no array, or the files that it follows from are damaged as well
        with tempfile.TemporaryDirectory() as folder:
            trial = Path(folder, name)
            save_array(trial, array)
            if sha256(trial) != wanted:
                return None
        return partial(commit, self.folder / name, lambda file: save_array(file, array))

    def _collection(self, info: Info) -> Any:
        return tables.read_items(self.folder / "items.csv", info.root)

    def _features(self, info: Info) -> Any:
        """From the store's set that was made in the run's space and has all of its images."""
        ids = self._collection(info).ids
        for file in sorted((self.root / "features").glob("*/set.json")):
            try:
                said = schema.read(file)
                schema.check(file.parent, said, schema.STORE)
                made_so = all(said["recipe"].get(key) == value for key, value in info.space.items())
            except Exception:  # a damaged set, or a newer imgret's, hides no other
                continue
            if made_so and (found := _rows(file.parent, ids)) is not None:
                return found
        raise KeyError("no set of features has them")

    def _labels(self, info: Info) -> Any:
        with regular(self.folder / "items.csv").open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            clusters = [row["cluster"] for row in csv.DictReader(stream)]
        return np.array([int(clusters[place]) for place in self._collection(info).first], np.int64)

    def _view(self, info: Info) -> Any:
        """From the store, or fitted again: items.csv has six digits of it."""
        store = Store(self.root, self.dry)
        return reduction(self._normalised(info)[0], info.config, "view", store, Neighbours(store, "cpu"))

    def _neighbours(self, info: Info) -> Any:
        return packed(Neighbours(Store(self.root, self.dry), "cpu").graph(self._normalised(info)[0]))

    def _mean(self, info: Info) -> Any:
        return self._normalised(info)[1]

    def _normalised(self, info: Info) -> Any:
        """X (n, d) and the mean (d,), from the features."""
        features = read_array(self.folder / "features.npy", np.float32, (-1, -1))
        return ops.normalise(features, info.config["normalize"])


def _rows(folder: Path, ids: Sequence[str]) -> Any:
    """Features (n, d) of these images from the whole shards in a folder; None where one is in none of them."""
    row_of = {id: row for row, id in enumerate(ids)}
    found: dict[int, Any] = {}
    for shard in sorted(folder.glob("*.safetensors")):
        try:
            raw, features = read_shard(shard)
        except Exception:  # what a damaged file makes its reader raise is anyone's guess
            continue
        for each, row in zip(raw, features, strict=True):
            if (place := row_of.get(each.tobytes().hex())) is not None:
                found.setdefault(place, row.copy())  # else all of the shard is kept
    return np.stack([found[place] for place in range(len(ids))]) if len(found) == len(ids) else None


def _redraw(folder: Path, names: list[str]) -> None:
    """Draw the run's reports again, put the files of these names into place, and record their digests.

    Raises ValueError where a report that the run has does not make one of them, OSError where a link leads elsewhere.
    """
    run = Run.load(folder)
    places = {name: place_in(folder, name) for name in names}
    with tempfile.TemporaryDirectory(dir=folder, prefix=".imgret-", suffix=".tmp") as temporary:
        draw(run, Path(temporary))
        missing = [name for name in names if not Path(temporary, name).is_file()]
        if missing:
            raise ValueError(f"the reports of this run do not make {missing[0]}")
        thumbs = [file.relative_to(temporary).as_posix() for file in sorted(Path(temporary).glob("thumbs/*/*"))]
        places |= {name: place_in(folder, name) for name in thumbs}
        sync_tree(Path(temporary))
        for name, place in places.items():
            os.replace(Path(temporary, name), place)
        for above in sorted({place.parent for place in places.values()}):
            sync_folder(above)
    now = digests(folder)
    reseal(folder, {name: now[name] for name in names if name in now})
