"""`k=auto`: what is chosen, and when there is nothing to choose by."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret.clusters.choose import choose, clustering
from imgret.errors import UsageError
from imgret.registry import register
from imgret.runs.summary import summary
from imgret.settings.k import defer

SLOTS: dict[str, Any] = {slot: {"name": "any"} for slot in ("source", "backbone", "reducer", "view", "retriever")}
NODES = SLOTS | {"clusterer": {"name": "kmeans", "k": "auto"}, "rerank": None}
AUTO: dict[str, Any] = {**NODES, "k": "auto", "typed": ["k"], "seed": 0}
QUICK = {"backbone": "pixels", "view": "pca", "reports": [], "attributes": [], "metrics": []}
WORDS = ["backbone=pixels", "view=pca", "reports=[]", "attributes=[]", "metrics=[]", "log=quiet"]


def test_too_few_images_say_nothing(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("imgret"), "propagate", True)
    settings = defer(AUTO)
    with caplog.at_level("INFO", "imgret"):
        found, advice = choose(settings, np.eye(5, dtype=np.float32))
    assert advice is None
    assert found["clusterer"]["k"] == found["k"] == 2
    assert caplog.messages == ["k=auto: 5 images: too few to tell; this run uses k=2, or what you type"]
    found, advice = choose(settings, np.ones((1, 3), np.float32))
    assert (found["clusterer"]["k"], found["k"], advice) == (1, 1, None)
    caplog.clear()
    with caplog.at_level("INFO", "imgret"):
        found, advice = choose(settings, np.ones((60, 3), np.float32))  # all alike
    assert (found["clusterer"]["k"], found["k"], advice) == (1, 1, None)
    assert settings["clusterer"]["k"] == settings["k"] == 2  # it stays as it was given
    said = "k=auto: 1 image of unequal features: too few to tell; this run uses k=1, or what you type"
    assert caplog.messages == [said]


def test_a_clusterer_gets_each_k_and_seed_by_the_names_it_has_for_them() -> None:
    seen = []

    @register("clusterer", "remembers")
    class remembers:
        def __init__(self, n_clusters: int, random_state: int = 0, device: str = "", more: int = 1) -> None:
            seen.append((n_clusters, random_state, device, more))

        def fit_predict(self, X: Any) -> Any:
            return np.zeros(len(X), np.int32)

    node = {"name": "remembers", "n_clusters": 2, "random_state": 0, "device": "auto", "more": 3}
    labels = clustering({"clusterer": node, "device": "cpu"})(np.ones((4, 2), np.float32), 7, 5)
    assert seen == [(7, 5, "cpu", 3)]
    assert labels.dtype == np.int64


def test_a_clusterer_without_k() -> None:
    with pytest.raises(UsageError, match=r"k has no effect on clusterer=hdbscan: it takes none"):
        clustering({"clusterer": {"name": "hdbscan"}, "device": "cpu"})


def test_a_run_finds_its_k_and_says_why(colours: Path) -> None:
    run = imgret.run(colours, k="auto", **QUICK)
    info = json.loads((run.folder / "run.json").read_text())
    assert info["config"]["k"] == info["config"]["clusterer"]["k"] == info["fitted"]["clusterer"]["k"] == 3
    assert info["config"]["k_asked"] == "auto"
    assert [row["k"] for row in info["k"]["table"]] == [2, 3, 4]
    assert info["k"]["vote"]["k"] == 3
    assert "k.png" in info["digests"]
    assert run.labels.max() == 2
    lines = summary(run)
    place = next(i for i, line in enumerate(lines) if line.startswith("k  "))
    assert lines[place - 1].startswith("clusters  3 by kmeans")
    assert lines[place].startswith("k         3")
    assert lines[place].endswith("of 3 numbers from 2 to 4, 33 clusterings of halves of 24 images")
    assert lines[place + 1].startswith("          silhouette says ")
    again = imgret.run(colours, k="auto", **QUICK)
    assert again.info.k == run.info.k
    assert (again.folder / "k.png").read_bytes() == (run.folder / "k.png").read_bytes()
    assert imgret.load(run.folder).info.k == run.info.k
