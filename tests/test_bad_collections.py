"""Collections that no method is made for: one image, equal ones, features of no use, clusters of none or of one."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import imgret
from imgret import Run, UsageError
from imgret.contracts import Backbone, Preprocess
from imgret.errors import TooManyFailed
from imgret.registry import options, register
from imgret.runs.summary import summary
from imgret.settings.options import nodes
from tests.conftest import png, write

QUICK: dict[str, Any] = {"backbone": "pixels", "view": "pca", "reducer": "none", "reports": []}
SLOW = {"umap", "hdbscan"}  # numba takes its time first


def some(names: Any) -> list[Any]:
    return [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in names]


def mixed(folder: Path, n: int = 30) -> Path:
    """n images of two labels and any colours."""
    colours = np.random.default_rng(0).integers(0, 256, (n, 3)).tolist()
    return write(folder, {f"{'ab'[i % 2]}/{i}.png": png(tuple(c), noise=i + 1) for i, c in enumerate(colours)})


def whole(run: Run) -> None:
    """Nothing in a run is NaN, no report failed, its summary can be printed, and it is searched as it is loaded."""
    assert all(np.isfinite(array).all() for array in (run.X, run.view, run.centroids, run.distances))
    assert all(np.isfinite(value) for value in run.metrics.values())
    assert run.info.failed_reports == {}
    assert all(line.isprintable() for line in summary(run))
    n = len(run.ids)
    for row in {0, n // 2, n - 1}:
        hits = run.search(run.ids[row], 5)
        assert [hit.rank for hit in hits] == list(range(1, min(5, n - 1) + 1))
        assert all(np.isfinite(hit.score) for hit in hits)
        assert imgret.load(run.folder).search(run.ids[row], 5) == hits


@pytest.mark.parametrize("n", [1, 2, 3, 5, 20])
def test_few_images_with_every_default_but_the_backbone(tmp_path: Path, n: int) -> None:
    """Fewer than a batch, than t-SNE's perplexity, than the components of PCA, than hits of a query, than k."""
    run = imgret.run(mixed(tmp_path / "in", n), backbone="pixels")
    assert len(run.ids) == n
    whole(run)


@pytest.mark.parametrize("clusterer", some(options("clusterer")))
def test_equal_images_with_every_clusterer(tmp_path: Path, clusterer: str) -> None:
    same = {f"{i}.png": png((99, 9, 9), size=(20 + i, 20)) for i in range(12)}  # other bytes, equal features
    k = {"k": 3} if "k" in nodes()["clusterer"][clusterer] else {}
    run = imgret.run(write(tmp_path / "in", same), clusterer=clusterer, **QUICK, **k)
    assert len(run.ids) == 12
    whole(run)


@pytest.mark.parametrize(("slot", "name"), [(s, p.values[0]) for s in ("reducer", "view") for p in some(["pca"])] + [
    pytest.param(s, n, marks=m.marks) for s, names in (("reducer", ["umap"]), ("view", ["tsne", "umap"]))
    for n, m in zip(names, some(names), strict=True)
])  # fmt: skip
def test_equal_images_with_every_reducer(tmp_path: Path, slot: str, name: str) -> None:
    same = {f"{i}.png": png((99, 9, 9), size=(20 + i, 20)) for i in range(12)}
    whole(imgret.run(write(tmp_path / "in", same), k=2, **{**QUICK, slot: name}))


def test_fewer_clusters_than_asked_for_are_told(tmp_path: Path) -> None:
    same = {f"{i}.png": png((99, 9, 9), size=(20 + i, 20)) for i in range(12)}
    run = imgret.run(write(tmp_path / "in", same), k=3, **QUICK)
    assert "note      k=3, but there are images for 1 cluster only" in summary(run)
    assert not [
        line for line in summary(imgret.run(mixed(tmp_path / "mixed"), k=3, **QUICK)) if line.startswith("note      k=")
    ]


@pytest.mark.parametrize("k", [1, 30])
def test_one_cluster_and_one_for_each_image(tmp_path: Path, k: int) -> None:
    run = imgret.run(mixed(tmp_path / "in"), k=k, **QUICK | {"reports": ["maps", "sheets", "clusters", "page"]})
    assert len(run.medoids) == k
    whole(run)


NOISE_OR_ONE = [
    pytest.param("dbscan", {"eps": 1e-6}, 0, id="dbscan, all noise"),
    pytest.param("dbscan", {"eps": 100.0, "max_share": 1}, 1, id="dbscan, one cluster"),
    pytest.param("hdbscan", {"min_cluster_size": 16}, 0, id="hdbscan, all noise", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("clusterer", "arguments", "clusters"), NOISE_OR_ONE)
@pytest.mark.parametrize("retriever", ["cluster_rank", "exact"])
def test_noise_alone_and_one_cluster_with_every_metric_and_report(
    tmp_path: Path, clusterer: str, arguments: dict[str, Any], clusters: int, retriever: str
) -> None:
    typed = {f"clusterer__{name}": value for name, value in arguments.items()}
    reports, metrics = list(options("report")), list(options("metric"))
    more = QUICK | {"reports": reports, "metrics": metrics, "retriever": retriever}
    run = imgret.run(mixed(tmp_path / "in"), clusterer=clusterer, **typed, **more)
    assert run.metrics["n_clusters"] == clusters
    assert not {"silhouette", "davies_bouldin", "calinski_harabasz"} & set(run.metrics)  # undefined: left out
    whole(run)
    exact = imgret.run(tmp_path / "in", clusterer=clusterer, **typed, **QUICK | {"retriever": "exact"})
    assert [run.search(id, 9) for id in run.ids[:5]] == [exact.search(id, 9) for id in run.ids[:5]]


def test_a_query_in_noise_or_in_a_cluster_smaller_than_top(tmp_path: Path) -> None:
    """29 images alike, one alone: the one has neighbours all the same, the nearest that there are."""
    alike = {f"{i}.png": png((200, 20, 20), noise=i + 1) for i in range(29)}
    root = write(tmp_path / "in", alike | {"alone.png": png((20, 20, 200), noise=77)})
    for clusterer, more in (("dbscan", {}), ("kmeans", {"k": 2, "normalize": "none"})):
        run = imgret.run(root, clusterer=clusterer, **QUICK | more)
        own = int(run.labels[run.row_of["alone.png"]])
        assert (own == -1) if clusterer == "dbscan" else (run.labels == own).sum() == 1
        hits = run.search("alone.png", 5)
        query = run.X[run.row_of["alone.png"]]
        everything = run.X @ query / np.linalg.norm(query)
        best = sorted(np.delete(everything, run.row_of["alone.png"]), reverse=True)[:5]
        np.testing.assert_allclose([hit.score for hit in hits], best, rtol=1e-5)


class Useless(torch.nn.Module):
    """The mean colour, of which that of red images is turned into what no feature should be."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        colour = x.mean(dim=(2, 3))
        return torch.where(colour[:, :1] > 0.3, torch.full_like(colour, self.value), colour)


@pytest.fixture
def backbone() -> str:
    """The name of one that gives such features."""

    @register("backbone")
    def useless(value: str) -> Backbone:
        return Backbone(Useless(float(value)), Preprocess((4, 4), mean=(0, 0, 0), std=(1, 1, 1)), "none")

    return "useless"


RED = {f"red{i}.png": png((250, 9, 9), noise=i + 1) for i in range(4)}
OTHERS = {f"{i}.png": png((9, 20 * i, 250 - 20 * i), noise=i + 1) for i in range(11)}


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_features_that_are_no_numbers_are_left_out_and_counted(tmp_path: Path, backbone: str, value: str) -> None:
    options: dict[str, Any] = QUICK | {"backbone": backbone, "backbone__value": value}
    run = imgret.run(write(tmp_path / "in", RED | OTHERS), k=2, **options)
    assert run.info.outcomes == {"ok": 11, "bad_feature": 4}
    whole(run)
    for name in ("red0.png", "new.png"):
        (tmp_path / "new.png").write_bytes(png((255, 9, 9), noise=99))
        place = tmp_path / "in" / name if name in RED else tmp_path / name
        with pytest.raises(UsageError, match=r"cannot be used as an image: bad_feature, its features are not finite"):
            run.search(place)
    with pytest.raises(TooManyFailed, match=r"3 of 4 files failed, .*: 3 bad_feature \(red0.png: "):
        imgret.run(write(tmp_path / "red", RED), k=2, **options)
    with pytest.raises(TooManyFailed, match=r"no readable image in it: 4 bad_feature \(red0.png: "):
        imgret.run(tmp_path / "red", k=2, max_failed=1, **options)


@pytest.mark.parametrize("normalize", ["centre", "l2", "none"])
@pytest.mark.parametrize("files", [RED | OTHERS, RED], ids=["some", "all"])
def test_zero_vectors_have_a_place_and_hits(
    tmp_path: Path, backbone: str, normalize: str, files: dict[str, bytes]
) -> None:
    more = QUICK | {"backbone": backbone, "backbone__value": "0", "normalize": normalize}
    run = imgret.run(write(tmp_path / "in", files), k=2, **more)
    assert run.info.outcomes == {"ok": len(files)}
    whole(run)


def test_another_backbone_size_or_reducer_is_another_set_of_features(colours: Path) -> None:
    """After a first run, each of these computes its own features, or none where they are the same."""
    first = imgret.run(colours, k=3, **QUICK)
    assert imgret.run(colours, k=3, **QUICK | {"reducer": "pca"}).info.features.computed == 0
    larger = imgret.run(colours, k=3, backbone__size=16, **QUICK)
    assert (larger.info.features.computed, larger.features.shape[1]) == (24, 16 * 16 * 3)
    again = imgret.run(colours, k=3, **QUICK)
    assert again.info.features.computed == 0
    np.testing.assert_array_equal(again.features, first.features)


def test_a_run_of_other_weights_or_preprocessing_is_not_searched_with_new_images(colours: Path, tmp_path: Path) -> None:
    run = imgret.run(colours, k=3, **QUICK)
    text = (run.folder / "run.json").read_text()
    (run.folder / "run.json").write_text(text.replace('"decode": 1', '"decode": 0'))
    shutil.copy(colours / "red" / "a" / "0.png", tmp_path / "own.png")
    (tmp_path / "new.png").write_bytes(png((9, 9, 9), noise=500))
    old = imgret.load(run.folder)
    assert len(old.search(tmp_path / "own.png", 3)) == 3  # an image of the run, by content
    with pytest.raises(UsageError, match="not made with the weights or preprocessing"):
        old.search(tmp_path / "new.png", 3)
