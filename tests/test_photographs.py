"""What the defaults are worth on real photographs: 3,781 of them, 10 labels, EfficientNet-Lite0."""

from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret import Run

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _one_store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Features are computed once for all of these tests."""
    monkeypatch.setenv("IMGRET_HOME", str(tmp_path_factory.getbasetemp() / "photographs"))


def _run(photographs: Path, **changes: Any) -> Run:
    return imgret.run(photographs, backbone="efficientnet_lite0", view="pca", reports=[], **changes)


def test_the_defaults(photographs: Path) -> None:
    run = _run(photographs, k=10)
    assert run.info.outcomes == {"ok": 3781}
    assert run.metrics["map"] >= 0.49
    assert run.metrics["p_at_10"] >= 0.71
    assert run.metrics["nmi"] >= 0.48
    assert abs(run.metrics["recall_at_top"] - run.settings["retriever"]["recall"]) <= 0.01


def test_hdbscan_and_nothing_else(photographs: Path) -> None:
    run = _run(photographs, clusterer="hdbscan")
    assert run.settings["reducer"]["name"] == "umap"
    assert run.metrics["n_clusters"] >= 5
    assert run.metrics["noise_share"] < 0.35
    assert run.metrics["nmi"] >= 0.40
    assert run.metrics["nmi_covered"] > run.metrics["nmi"]


def test_dbscan_and_nothing_else(photographs: Path) -> None:
    run = _run(photographs, clusterer="dbscan")
    assert run.metrics["n_clusters"] >= 4
    assert run.metrics["noise_share"] < 0.50
    assert isinstance(run.info.fitted.clusterer["eps"], float)


def test_other_clusters_and_a_typed_reducer_recompute_no_features(photographs: Path) -> None:
    run = _run(photographs, clusterer="hdbscan", reducer="pca")
    assert run.settings["reducer"]["name"] == "pca"  # what is typed wins over what the clusterer brings
    assert run.info.features.computed in (0, 3781)  # 3,781 only where this test runs alone


def test_an_image_of_another_folder_is_found_by_content(photographs: Path, tmp_path: Path) -> None:
    run = _run(photographs, limit=300, k=5)
    path = run.paths[7]
    copied = tmp_path / "copy.jpg"
    copied.write_bytes((photographs / path).read_bytes())
    hits = run.search(copied, top=10)
    assert path not in {hit.path for hit in hits}
    assert hits == run.search(path, top=10)
