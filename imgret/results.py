"""A run: what was found in a collection, saved in a folder, searchable anywhere."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret import ops, schema, tables
from imgret.assign import assign
from imgret.contracts import Retriever
from imgret.files import save_array
from imgret.items import Collection
from imgret.neighbours import Graph, Neighbours, likest, packed
from imgret.originals import original
from imgret.profiles import Profile, profiles
from imgret.registry import StoreDamaged, UsageError, build, called, load_plugins
from imgret.reranked import loaded
from imgret.search import search
from imgret.words import printable, quoted, shown_path, typed_path

if TYPE_CHECKING:
    from imgret.contracts import Backbone, Floats, Ints, Source
    from imgret.engine import Engine

SCHEMA = 1
NEIGHBOURS = 20  # of each image, found ahead of any query


@dataclass
class Run:
    """The arrays and tables of a run: n distinct readable images in order of id, c clusters, d features.

    `features` (n, d) as the backbone gave them, `mean` (d,) what was subtracted, `labels` (n,) clusters by size from
    0, -1 for noise, `view` (n, 2), `metrics` figures by name, `info` what run.json holds. `graph` are the nearest
    neighbours in X, where the run has found them.
    """

    info: dict[str, Any]
    collection: Collection
    features: Floats
    mean: Floats
    labels: Ints
    view: Floats
    metrics: dict[str, float]
    graph: Graph | None = None
    folder: Path = Path()
    fitted: dict[str, Any] = field(default_factory=dict)  # source, backbone, engine, retriever: built when first used

    def __repr__(self) -> str:
        return f"<Run {self.folder}: {len(self.ids)} images, {len(self.medoids)} clusters>"

    @property
    def settings(self) -> dict[str, Any]:
        return {"formats": [], "rerank": None, **self.info["config"]}  # a run of 0.1.0 says nothing of these

    @property
    def title(self) -> str:
        return str(self.info["title"])

    @property
    def view_name(self) -> str:
        return self.called("view")

    def called(self, slot: str) -> str:
        """The name by which the option in a slot (`backbone`, `clusterer`, ...) was chosen."""
        return called(self.settings, slot)

    @property
    def seed(self) -> int:
        return int(self.settings["seed"])

    @property
    def ids(self) -> list[str]:
        return self.collection.ids

    @cached_property
    def paths(self) -> list[str]:
        return self.collection.paths

    @property
    def truth(self) -> Ints:
        return self.collection.truth

    @property
    def truth_names(self) -> list[str]:
        return self.collection.truth_names

    @property
    def group(self) -> Ints:
        return self.collection.group

    @property
    def group_names(self) -> list[str]:
        return self.collection.group_names

    @cached_property
    def X(self) -> Floats:
        """The features (n, d) as everything after the backbone sees them: centred, rows of unit length.

        Raises UsageError where the file of the features is damaged: they were finite when the run was made.
        """
        X, _ = ops.normalise(self.features, self.settings["normalize"], self.mean)
        if not all(np.isfinite(X[rows]).all() for rows in ops.blocks(len(X), 8192)):
            raise UsageError(f"{printable(str(self.folder))} is not a whole run: features.npy holds non-finite values")
        return X

    @cached_property
    def centroids(self) -> Floats:
        """(c, d): the means of the clusters' rows of X."""
        return ops.centroids(self.X, self.labels)

    @cached_property
    def medoids(self) -> Ints:
        """(c,): the row of each cluster's representative, the image nearest to its centroid."""
        return ops.medoids(self.X, self.labels)

    @cached_property
    def distances(self) -> Floats:
        """(n,): from each row of X to the centroid of its cluster; for noise, to the nearest one."""
        return ops.distances(self.X, self.labels, self.centroids)

    @cached_property
    def profiles(self) -> list[Profile]:
        """Of each cluster (c,) its name, what lies on its boundary, and its odd ones out."""
        return profiles(self)

    @cached_property
    def neighbours(self) -> tuple[Ints, Floats]:
        """Rows, scores (n, m) of the m = min(20, n - 1) nearest others by inner product, best first, ties by row."""
        return likest(self.X, NEIGHBOURS, self.graph, self.device)

    @cached_property
    def knn(self) -> Neighbours:
        """What components take as `knn`; it knows the neighbours in X where the run has found them."""
        return Neighbours(device=self.device, held=(self.X, self.graph) if self.graph else None)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each readable image, by id and by every path that it has."""
        pairs = zip(self.collection.items, self.collection.rows, strict=True)
        return {item.path: int(row) for item, row in pairs if row >= 0} | {id: row for row, id in enumerate(self.ids)}

    @property
    def source(self) -> Source:
        if "source" not in self.fitted:
            self.fitted["source"] = build("source", self.info["fitted"].get("source", self.settings["source"]))
        source: Source = self.fitted["source"]
        return source

    def open(self, row: int) -> bytes:
        """The bytes of an image. Raises OSError where it is gone, or another than the run saw; see originals.py."""
        return original(self, int(self.collection.first[row]))

    def thumbnail(self, row: int) -> bytes:
        """A JPEG of an image, at most 256 pixels on its longer side. Raises OSError or ValueError where it is gone."""
        from imgret.thumbnails import thumbnail

        return thumbnail(self.ids[row], partial(self.open, row), self.settings["formats"])

    @property
    def device(self) -> str:
        """The run's device, or the best that there is where the run was made on another machine."""
        from imgret.engine import choose_device

        try:
            return choose_device(self.settings["device"])
        except UsageError:
            return choose_device("auto")

    @property
    def retriever(self) -> Retriever:
        """What search asks: the run's re-ranker around its retriever, or the retriever where there is none."""
        if "retriever" not in self.fitted:
            self.fitted["retriever"] = loaded(self)
        fitted: Retriever = self.fitted["retriever"]
        return fitted

    search = search  # run.search("photo.jpg", top=20)
    assign = assign  # run.assign(["new.jpg", "folder"])

    @property
    def backbone(self) -> Backbone:
        if "backbone" not in self.fitted:
            from imgret.extract import same_backbone

            name = self.called("backbone")
            self.fitted["backbone"] = same_backbone(self.settings["backbone"], name, self.info["space"])
        found: Backbone = self.fitted["backbone"]
        return found

    @property
    def engine(self) -> Engine:
        if "engine" not in self.fitted:
            from imgret.engine import Engine

            self.fitted["engine"] = Engine(self.backbone, self.device)
        found: Engine = self.fitted["engine"]
        return found

    def save(self, folder: Path) -> None:
        """Write everything that search needs into `folder`, which exists. record.save adds run.json."""
        tables.write_items(folder / "items.csv", self)
        tables.write_failures(folder / "failures.csv", self.collection)
        tables.write_json(folder / "metrics.json", self.metrics)
        for name in ("mean", "labels", "view"):
            save_array(folder / f"{name}.npy", getattr(self, name))
        if self.graph:
            save_array(folder / tables.GRAPH, packed(self.graph))

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """The run in `folder`. Nothing in it is executed. Raises UsageError where there is none, StoreDamaged
        where it is not all there.

        Files are held against the digests in run.json, up to 128 MiB each: features beyond that are mapped unread.
        """
        load_plugins()
        folder = find(typed_path(folder))
        try:
            info = tables.read_json(folder / "run.json")
            schema.check(folder, info, SCHEMA, "make the run again")
            tables.check_info(info)
            collection = tables.read_items(folder / "items.csv", info["root"])
            metrics = tables.read_figures(folder / "metrics.json")
            arrays = tables.read_arrays(folder, len(collection.ids), info["digests"])
            tables.check_digests(folder, info["digests"])
        except (UsageError, NameError, ImportError):  # the last two are faults of ours
            raise
        except Exception as error:  # what a damaged or hostile file makes its reader raise is anyone's guess
            text = printable(f"{folder} is not a whole run: {type(error).__name__}: {error}"[:500])
            raise StoreDamaged(
                f"{text}\nsee what can be mended: python -m imgret doctor {quoted(shown_path(folder))}"
            ) from error
        return cls(info, collection, metrics=metrics, folder=folder, **arrays)


def find(folder: Path) -> Path:
    """The run folder that `folder` is or, as `latest` does where there are no links, names."""
    if os.path.isfile(folder) and folder.name == "latest":
        folder = folder.parent / folder.read_text(encoding="utf-8", errors="replace").strip()
    if not os.path.isfile(folder / "run.json"):
        what = "has no run.json: it is no run" if os.path.isdir(folder) else "does not exist"
        what = f"{printable(str(folder))} {what}"
        raise UsageError(f"{what}\nmake a run with `python -m imgret FOLDER`, or name one with --run DIR")
    return folder.resolve()
