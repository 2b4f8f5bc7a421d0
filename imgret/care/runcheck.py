"""Whether a run is as it was written; and what of it can be made again, from its other files or from the store.

An array is made again only where its bytes are then those whose digest the run recorded. Pictures, sheets and the
report are drawn again from the arrays.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from imgret import ops
from imgret.care.faults import DAMAGED, UNKNOWN, Fault, stale, why
from imgret.care.storecheck import NO_JPEG, read_shard
from imgret.clusters.neighbours import Neighbours, packed
from imgret.clusters.stages import reduction
from imgret.errors import StoreDamaged, UsageError, is_full
from imgret.executors.bounded import bounded
from imgret.findings import tables
from imgret.findings.info import Info, reseal
from imgret.findings.rows import rows
from imgret.reading.formats import is_whole_jpeg
from imgret.runs.run import Run
from imgret.runs.write import digests, draw
from imgret.store import schema
from imgret.store.files import (
    commit,
    inside,
    read_array,
    save_array,
    sha256,
    sync_folder,
    sync_tree,
)
from imgret.store.room import free_memory
from imgret.store.store import Store

VIEW = 600  # seconds for one that is fitted again
# What the run's other files follow from, what is needed to make another of them again first.
CORE = ("items.csv", "failures.csv", "metrics.json", "features.npy", "mean.npy", "view.npy", "labels.npy")
ANEW = "the run has to be made again"
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
            yield Fault(DAMAGED, about, why(error), ANEW)
            return
        recorded = info.digests
        core = [*CORE, *({tables.GRAPH, tables.LINES, tables.SKIPPED} & recorded.keys())]
        found = {name: self._wrong(name, recorded) for name in (*core, *sorted(recorded.keys() - {*core}))}
        wrong = {name: what for name, what in found.items() if what} | self._cut()
        others = list(self._others(recorded))  # all is looked at before anything is changed
        for name in (name for name in core if name in wrong):
            again, cure = self._again(name, info, recorded.get(name, ""))
            yield Fault(DAMAGED, self.folder / name, wrong.pop(name), cure, again)
        if not any(self._wrong(name, recorded) for name in core):
            yield from self._contradictions(info)
        mend = cache(partial(_redraw, self.folder, list(wrong)))  # the first draws them all, or each of them fails
        for name, what in wrong.items():
            yield Fault(DAMAGED, self.folder / name, what, "drawn again", mend)
        yield from others

    def _contradictions(self, info: Info) -> Iterator[Fault]:
        """What stands in files that are as they were recorded, and is none: `query` opens the run as this does."""
        try:
            run = Run.load(self.folder)
            run.X  # noqa: B018
            agree = np.array_equal(run.labels, self._labels(info))
            what = "" if agree else "items.csv has other clusters than labels.npy"
        except (UsageError, ValueError) as error:
            what = why(error).partition(" is not a whole run: ")[2] or why(error)
        if what:
            yield Fault(DAMAGED, self.folder, what, ANEW)

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

    def _again(self, name: str, info: Info, wanted: str) -> tuple[Callable[[], object] | None, str]:
        """What writes the very file that the run recorded, if that can be had; and words for what is done about it."""
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
            # It is no array, the files that it follows from are damaged as well, or it takes too long.
            return None, f"{error}; {ANEW}" if isinstance(error, TimeoutError) else ANEW
        with tempfile.TemporaryDirectory() as folder:
            trial = Path(folder, name)
            save_array(trial, array)
            if sha256(trial) != wanted:
                return None, ANEW
        write = partial(commit, self.folder / name, lambda file: save_array(file, array))
        return write, "made again, the same bytes"

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
        clusters = [row["cluster"] for row, _ in rows(self.folder / "items.csv", ("cluster",))]
        return np.array([int(clusters[place]) for place in self._collection(info).first], np.int64)

    def _view(self, info: Info) -> Any:
        """From the store, or fitted again, apart: a run from elsewhere may ask for a billion iterations.

        items.csv has six digits of it.
        """
        return bounded(partial(_view, self.folder, self.root, self.dry, info.config), VIEW, free_memory())

    def _neighbours(self, info: Info) -> Any:
        return packed(Neighbours(Store(self.root, self.dry), "cpu").graph(self._normalised(info)[0]))

    def _mean(self, info: Info) -> Any:
        return self._normalised(info)[1]

    def _normalised(self, info: Info) -> Any:
        return _normalised(self.folder, info.config)


def _normalised(folder: Path, config: Mapping[str, Any]) -> Any:
    """X (n, d) and the mean (d,), from the features."""
    features = read_array(folder / "features.npy", np.float32, (-1, -1))
    return ops.normalise(features, config["normalize"])


def _view(folder: Path, root: Path, dry: bool, config: Mapping[str, Any]) -> Any:
    store = Store(root, dry)
    return reduction(_normalised(folder, config)[0], config, "view", store, Neighbours(store, "cpu"))


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
    places = {name: inside(folder, name) for name in names}  # all of them, before anything is changed
    with tempfile.TemporaryDirectory(dir=folder, prefix=".imgret-", suffix=".tmp") as temporary:
        draw(run, Path(temporary))
        missing = [name for name in names if not Path(temporary, name).is_file()]
        if missing:
            raise ValueError(f"the reports of this run do not make {missing[0]}")
        thumbs = [file.relative_to(temporary).as_posix() for file in sorted(Path(temporary).glob("thumbs/*/*"))]
        places |= {name: inside(folder, name) for name in thumbs}
        sync_tree(Path(temporary))
        for name, place in places.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(Path(temporary, name), place)  # a link in its place, not what it leads to
        for above in sorted({place.parent for place in places.values()}):
            sync_folder(above)
    now = digests(folder)
    reseal(folder, {name: now[name] for name in names if name in now})
