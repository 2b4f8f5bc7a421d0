"""What can explain which figure: by the way of the data, and by what metrics ask for."""

from typing import Any

import pytest

from imgret.registry import load_plugins
from imgret.runs.causes import explaining, needs, reached

CONFIG: dict[str, Any] = {
    "source": {"name": "files"}, "backbone": {"name": "pixels"}, "reducer": {"name": "none"}, "view": {"name": "pca"},
    "clusterer": {"name": "kmeans", "k": 2, "seed": 0}, "retriever": {"name": "exact", "top": 5}, "limit": None,
}  # fmt: skip
ALL = [
    "k", "seed", "top", "clusterer.n_init", "reducer", "rerank", "rerank.alpha", "retriever.recall", "backbone",
    "normalize", "view", "reports", "log", "out", "vocabulary", "attributes", "source.label", "metrics",
]  # fmt: skip


@pytest.mark.parametrize(
    ("figure", "causes"),
    [
        ("nmi", "k seed clusterer.n_init reducer backbone normalize source.label"),
        ("purity_covered", "k seed clusterer.n_init reducer backbone normalize source.label"),
        ("map", "seed rerank rerank.alpha backbone normalize source.label"),
        ("map_without", "seed backbone normalize source.label"),
        ("n_clusters", "k seed clusterer.n_init reducer backbone normalize source.label"),
        ("images", "source.label"),
        ("ami_day", "k seed clusterer.n_init reducer backbone normalize attributes source.label"),
        ("recall_at_top", "k seed top clusterer.n_init reducer retriever.recall backbone normalize source.label"),
        ("of_nobody", "k seed top clusterer.n_init reducer rerank rerank.alpha retriever.recall backbone normalize "
                      "attributes source.label"),
    ],
)  # fmt: skip
def test_what_a_figure_can_come_of(figure: str, causes: str) -> None:
    load_plugins()
    assert set(explaining(figure, ALL, [CONFIG])) == set(causes.split())


def test_a_setting_goes_where_the_options_go_that_receive_it() -> None:
    assert reached("k", [CONFIG]) == {"labels", "retriever"}
    assert reached("k", [{**CONFIG, "clusterer": {"name": "dbscan"}}]) == set()
    assert "images" not in reached("seed", [CONFIG])
    assert "images" in reached("seed", [CONFIG, {**CONFIG, "limit": 9}])  # which are drawn by it


def test_what_a_metric_asks_for() -> None:
    load_plugins()
    assert needs("ari") == {"labels", "truth"}
    assert "ranking" not in needs("map_without")
