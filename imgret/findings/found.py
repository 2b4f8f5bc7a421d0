"""What a run has found: its arrays and tables in memory, and what follows from them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret import ops
from imgret.clusters.neighbours import Graph, Neighbours, likest
from imgret.errors import Fault, StoreDamaged, UsageError
from imgret.findings.duplicates import Member, groups
from imgret.findings.info import Info
from imgret.findings.originals import original
from imgret.findings.rerank import loaded
from imgret.findings.suspects import Suspects, suspects
from imgret.reading.items import Collection
from imgret.registry import build, called
from imgret.words import printable, quoted, shown_path

if TYPE_CHECKING:
    from imgret.contracts import Backbone, Floats, Ints, Retriever, Source
    from imgret.features.engine import Engine
    from imgret.ops.samepicture import Pair

CAMERA = re.compile(r"cam(era)?([_ ]?(id|no|number))?", re.IGNORECASE)
NEIGHBOURS = 20  # of each image, found ahead of any query
SAME_PICTURE = 0.7  # for runs of earlier versions, which have no such setting


def damaged(folder: Path, what: str) -> StoreDamaged:
    """What to raise where the run in a folder is not all there, with what to type."""
    text = printable(f"{folder} is not a whole run: {what}"[:500])
    return StoreDamaged(f"{text}\nsee what can be mended: python -m imgret doctor {quoted(shown_path(folder))}")


@dataclass
class Found:
    """The arrays and tables of a run, and what is made of them when it is first asked for.

    n distinct readable images in order of id, c clusters, d features.

    `features` (n, d) as the backbone gave them, `mean` (d,) what was subtracted, `labels` (n,) clusters by size from
    0, -1 for noise, `view` (n, 2), `metrics` figures by name, `info` what run.json holds. `graph` are the nearest
    neighbours in X, where the run has found them. `faults` are those of components that cost no run: they have been
    told, and are not saved.
    """

    info: Info
    collection: Collection
    features: Floats
    mean: Floats
    labels: Ints
    view: Floats
    metrics: dict[str, float]
    graph: Graph | None = None
    folder: Path = Path()
    faults: list[Fault] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.folder}: {len(self.ids)} images, {len(self.medoids)} clusters>"

    @property
    def settings(self) -> dict[str, Any]:
        return self.info.config

    @property
    def title(self) -> str:
        return self.info.title

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

    @property
    def group_word(self) -> str:
        """What a group is: `camera` where the source calls it so, and nothing else is called that; else `group`."""
        called = str(self.info.fitted.source.get("group", ""))
        other = "camera" in self.collection.columns or any(record.camera for record in self.collection.records)
        return "camera" if CAMERA.fullmatch(called) and not other else "group"

    @cached_property
    def X(self) -> Floats:
        """The features (n, d) as everything after the backbone sees them: centred, rows of unit length.

        Raises StoreDamaged where the features are not what they were when the run was made: finite.
        """
        X, _ = ops.normalise(self.features, self.settings["normalize"], self.mean)
        if not all(np.isfinite(X[rows]).all() for rows in ops.blocks(len(X), 8192)):
            raise damaged(self.folder, "features.npy holds non-finite values")
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
    def neighbours(self) -> tuple[Ints, Floats]:
        """Rows, scores (n, m) of the m = min(20, n - 1) nearest others by inner product, best first, ties by row."""
        return likest(self.X, NEIGHBOURS, self.graph, self.device)

    @cached_property
    def suspects(self) -> Suspects:
        """The images whose labels may be wrong, as their neighbours have another."""
        return suspects(self.truth, *self.neighbours)

    @cached_property
    def pairs(self) -> list[Pair]:
        """Pairs of rows that are one picture, were one before it was edited, or are alike: see findings/pairs.py."""
        from imgret.findings.pairs import pairs

        return pairs(self, float(self.settings.get("same_picture", SAME_PICTURE)))

    @cached_property
    def knn(self) -> Neighbours:
        """What components take as `knn`; it knows the neighbours in X where the run has found them."""
        return Neighbours(device=self.device, held=(self.X, self.graph) if self.graph else None)

    @cached_property
    def files(self) -> dict[int, list[str]]:
        """The paths of every row, that of its ok file first; each once, however many rows of a manifest name it."""
        found: dict[int, dict[str, None]] = {row: {path: None} for row, path in enumerate(self.paths)}
        for item, row in zip(self.collection.items, self.collection.rows.tolist(), strict=True):
            if row >= 0:
                found[row][item.path] = None
        return {row: list(paths) for row, paths in found.items()}

    @cached_property
    def duplicates(self) -> list[list[Member]]:
        """Groups of images that are one picture, edited or alike: see findings/duplicates.py."""
        return groups(self)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each readable image, by id and by every path that it has."""
        pairs = zip(self.collection.items, self.collection.rows, strict=True)
        return {item.path: int(row) for item, row in pairs if row >= 0} | {id: row for row, id in enumerate(self.ids)}

    @cached_property
    def source(self) -> Source:
        source: Source = build("source", self.info.fitted.source)
        return source

    def open(self, row: int) -> bytes:
        """The bytes of an image. Raises OSError where it is gone, or another than the run saw; see originals.py."""
        return self.original(int(self.collection.first[row]))

    def original(self, place: int) -> bytes:
        """The bytes of the file at this place of the collection. Raises OSError as `open` does."""
        item, record = self.collection.items[place], self.collection.records[place]
        return original(self.source, item, record.id, self.folders)

    @property
    def folders(self) -> list[str]:
        """Those that the run recorded, below one of which every file of it lies; none where its files are none."""
        return [folder for folder in (self.info.root, self.info.reach) if folder]

    def thumbnail(self, row: int) -> bytes:
        """A JPEG of an image, at most 256 pixels on its longer side. Raises OSError or ValueError where it is gone."""
        from imgret.reading.thumbnails import thumbnail

        return thumbnail(self.ids[row], partial(self.open, row), self.settings["formats"])

    @property
    def device(self) -> str:
        """The run's device, or the best that there is where the run was made on another machine."""
        from imgret.features.engine import choose_device

        try:
            return choose_device(self.settings["device"])
        except UsageError:
            return choose_device("auto")

    @cached_property
    def retriever(self) -> Retriever:
        """What search asks: the run's re-ranker around its retriever, or the retriever where there is none."""
        found: Retriever = loaded(self.info.fitted, self.X, self.labels, self.device, self.knn)
        return found

    @cached_property
    def backbone(self) -> Backbone:
        from imgret.features.space import same_backbone

        return same_backbone(self.settings["backbone"], self.called("backbone"), self.info.space)

    @cached_property
    def engine(self) -> Engine:
        from imgret.features.engine import Engine

        return Engine(self.backbone, self.device)
