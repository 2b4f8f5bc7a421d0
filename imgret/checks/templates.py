"""What `imgret plugins new` writes: for each kind the small component of CONTRIBUTING.md, called NAME, and its test."""

from __future__ import annotations

import re
from keyword import iskeyword
from pathlib import Path

from imgret.errors import UsageError, unwritable
from imgret.registry import KINDS, options, unknown
from imgret.words import printable

COMPONENTS = {
    "source": '''from collections.abc import Iterator
from pathlib import Path

from imgret import register
from imgret.plugin import Item

@register("source")
class NAME:
    """The files in the folder `images` itself. Label = the name up to its first underscore."""

    def __init__(self, images: str) -> None:
        self.images = images
        self.skipped: dict[str, int] = {}

    def __iter__(self) -> Iterator[Item]:
        files = sorted(file for file in Path(self.images).iterdir() if file.is_file())
        return (Item(file.name, str(file), label=file.stem.partition("_")[0]) for file in files)

    def open(self, item: Item) -> bytes:
        return Path(item.file).read_bytes()
''',
    "backbone": '''from imgret import register
from imgret.plugin import Backbone, Preprocess

@register("backbone")
def NAME(cells: int = 4, size: int = 64) -> Backbone:
    """The mean colours of `cells` x `cells` parts of the image: a thumbnail as a feature."""
    from torch import nn
    module = nn.Sequential(nn.AdaptiveAvgPool2d(cells), nn.Flatten())
    return Backbone(module, Preprocess((size, size)), licence="no weights")
''',
    "reducer": '''from imgret import register

@register("reducer")
def NAME(n_components: int = 10, seed: int = 0):
    """Gaussian random projection (Johnson and Lindenstrauss, 1984)."""
    from sklearn.random_projection import GaussianRandomProjection
    return GaussianRandomProjection(n_components, random_state=seed)
''',
    "clusterer": '''from imgret import register

@register("clusterer")
def NAME(k: int, threshold: float = 0.5):
    """Birch: a tree of small clusters, of which k are made."""
    from sklearn.cluster import Birch       # heavy imports when chosen, so --help stays quick
    return Birch(n_clusters=k, threshold=threshold)
''',
    "retriever": '''from imgret import register

@register("retriever")
class NAME:
    """Every image, ranked by the cosine; one matrix product."""

    def fit(self, X, labels):
        self.X = X
        return self

    def kneighbors(self, Q, top):
        import numpy as np
        scores = Q @ self.X.T                                                # (q, n)
        rows = np.argsort(-scores, axis=1, kind="stable")[:, :top]           # equal scores: lower row first
        return np.take_along_axis(scores, rows, axis=1), rows
''',
    "reranker": '''from imgret import register

@register("reranker")
class NAME:
    """The hits and what is nearest to the first of them: the mean of both cosines."""

    def __init__(self, retriever, share: float = 0.5):
        self.retriever, self.share = retriever, share                        # what it re-ranks, built and not fitted

    def fit(self, X, labels):
        self.X = X
        self.retriever.fit(X, labels)
        return self

    def kneighbors(self, Q, top):
        first = self.X[self.retriever.kneighbors(Q, 1)[1][:, 0]]             # (q, d)
        return self.retriever.kneighbors((1 - self.share) * Q + self.share * first, top)
''',
    "metric": '''from imgret import register
from imgret.plugin import Figure

@register("metric", figures=[Figure("NAME", "NAME", "How equal the clusters' sizes are: 1 all the same.", better=1)])
def NAME(labels) -> dict[str, float]:
    """NAME: the entropy of the clusters' sizes, as a share of what equal sizes have (Pielou, 1966)."""
    import numpy as np
    sizes = np.unique(labels[labels >= 0], return_counts=True)[1]            # -1 is noise
    if len(sizes) < 2:
        return {}                                                            # undefined: left out
    shares = sizes / sizes.sum()
    return {"NAME": float(-(shares * np.log(shares)).sum() / np.log(len(sizes)))}
''',
    "report": '''import json
from pathlib import Path

from imgret import Run, register

@register("report")
def NAME(run: Run, folder: Path) -> list[Path]:
    """NAME.json: the paths of the images of each cluster; those of -1 are noise."""
    members: dict[int, list[str]] = {}
    for path, cluster in sorted(zip(run.paths, run.labels.tolist())):
        members.setdefault(cluster, []).append(path)
    file = folder / "NAME.json"
    file.write_text(json.dumps(members, indent=1, sort_keys=True), encoding="ascii")
    return [file]
''',
    "attribute": '''from imgret import register

@register("attribute")
def NAME(thumbnail) -> float:
    """How far the colours are from grey: the mean distance of the brightest channel from the darkest, 0 to 255."""
    channels = thumbnail.astype(int)                                         # (h, w, 3) of uint8
    return float((channels.max(axis=2) - channels.min(axis=2)).mean())
''',
}

TEST = '''"""NAME keeps the contract of a KIND, and does what it is for."""

from pathlib import Path

import imgret.dropped
from imgret.checks import faults

imgret.dropped.__path__.append(str(Path(__file__).parent))  # as IMGRET_PLUGINS does

from imgret.dropped.NAME import NAME  # noqa: E402


def test_contract() -> None:
    assert faults("KIND", "NAME") == []


'''

PURPOSES = {
    "source": """def test_lists_files_with_labels(tmp_path: Path) -> None:
    (tmp_path / "cat_1.jpg").write_bytes(b"one")
    source = NAME(str(tmp_path))
    (item,) = source
    assert (item.path, item.label, source.open(item)) == ("cat_1.jpg", "cat", b"one")
""",
    "backbone": """def test_a_white_image_is_white_everywhere() -> None:
    import torch

    assert NAME(cells=2, size=8).module(torch.ones(1, 3, 8, 8)).tolist() == [[1.0] * 12]
""",
    "reducer": """def test_distances_are_kept_about() -> None:
    import numpy as np

    X = np.random.default_rng(0).normal(size=(2, 500)).astype(np.float32)
    near = np.linalg.norm(np.subtract(*NAME(300).fit_transform(X)))
    assert abs(near / np.linalg.norm(X[0] - X[1]) - 1) < 0.2
""",
    "clusterer": """def test_two_groups_are_told_apart() -> None:
    import numpy as np

    X = np.array([[0, 0], [0, 0.1], [5, 5], [5, 5.1]], np.float32)
    labels = NAME(k=2).fit_predict(X)
    assert labels[0] == labels[1] != labels[2] == labels[3]
""",
    "retriever": """def test_the_nearest_comes_first() -> None:
    import numpy as np

    scores, rows = NAME().fit(np.eye(3, dtype=np.float32), None).kneighbors(np.array([[0.6, 0, 0.8]], np.float32), 2)
    assert rows.tolist() == [[2, 0]]
    np.testing.assert_allclose(scores, [[0.8, 0.6]])
""",
    "reranker": """def test_the_first_hit_pulls_its_neighbours_up() -> None:
    import numpy as np

    class Scan:
        def fit(self, X, labels):
            self.X = X

        def kneighbors(self, Q, top):
            scores = Q @ self.X.T
            rows = np.argsort(-scores, axis=1, kind="stable")[:, :top]
            return np.take_along_axis(scores, rows, axis=1), rows

    X = np.array([[0.8, 0.6], [0.6, 0.8], [1, 0]], np.float32)               # of the query the cosines .936, .8, .96
    scores, rows = NAME(Scan()).fit(X, None).kneighbors(np.array([[0.96, 0.28]], np.float32), 3)
    assert rows.tolist() == [[2, 0, 1]]
    np.testing.assert_allclose(scores, [[0.98, 0.868, 0.7]], atol=1e-6)      # cosines to row 2: 1, .8 and .6
""",
    "metric": """def test_figures_worked_out_by_hand() -> None:
    import numpy as np

    assert abs(NAME(np.array([0, 0, 1, 1, -1]))["NAME"] - 1) < 1e-9
    assert NAME(np.array([0, 0, 0])) == {}
""",
    "report": """def test_the_images_of_each_cluster(tmp_path: Path) -> None:
    from types import SimpleNamespace

    import numpy as np

    (file,) = NAME(SimpleNamespace(paths=["b.jpg", "a.jpg", "c.jpg"], labels=np.array([0, 0, -1])), tmp_path)
    assert file.read_text().split() == '{ "-1": [ "c.jpg" ], "0": [ "a.jpg", "b.jpg" ] }'.split()
""",
    "attribute": """def test_grey_and_red() -> None:
    import numpy as np

    assert NAME(np.full((2, 2, 3), 90, np.uint8)) == 0
    assert NAME(np.array([[[255, 0, 0]]], np.uint8)) == 255
""",
}


def write(kind: str, name: str, folder: Path) -> list[Path]:
    """Write NAME.py and test_NAME.py into `folder`, made if need be; their paths.

    Raises UsageError for a kind that does not exist, a name that is none or is taken, and a file that is there.
    """
    if kind not in KINDS:
        raise UsageError(unknown("kind", kind, KINDS))
    why = "a keyword of Python" if iskeyword(name) else "called as tests are" if name.startswith("test_") else ""
    if why or not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
        said = f", it is {why}\ngive another name" if why else "\ngive letters, numbers and _, a letter first"
        raise UsageError(f"{printable(name)} is no name for a component{said}")
    if name in options(kind):
        raise UsageError(f"{kind} {name} is there already\ngive another name, or see: imgret plugins {kind}")
    texts = {
        folder / f"{name}.py": COMPONENTS[kind],
        folder / f"test_{name}.py": TEST.replace("KIND", kind) + PURPOSES[kind],
    }
    for file in filter(Path.exists, texts):
        raise UsageError(f"{printable(str(file))} is there already\ngive another name, or --folder DIR")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            with file.open("x", encoding="utf-8", newline="\n") as stream:
                stream.write(text.replace("NAME", name))
    except OSError as error:
        raise unwritable(printable(str(folder)), error, "give another one: --folder DIR") from error
    return list(texts)
