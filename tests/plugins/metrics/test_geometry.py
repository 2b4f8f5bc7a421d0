"""The metric `geometry`, by hand and against scikit-learn."""

import math

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from imgret.plugins.metrics import geometry as module
from imgret.plugins.metrics.geometry import geometry

# Two upright pairs of points, 2 high and 4 apart, and noise.
X = np.float32([[0, 0], [0, 2], [4, 0], [4, 2], [50, 50]])
LABELS = np.array([0, 0, 1, 1, -1])


def test_geometry_by_hand() -> None:
    b = (4 + math.sqrt(20)) / 2  # the mean distance to the other pair; 2 to the own one
    assert geometry(X, LABELS) == pytest.approx(
        {
            "silhouette": (b - 2) / b,
            "davies_bouldin": (1 + 1) / 4,  # members lie 1 from their centroids, which lie 4 apart
            "calinski_harabasz": (4 * 2**2 / 1) / (4 * 1**2 / 2),  # between, 1 degree of freedom; within, 4 - 2
        }
    )


@pytest.mark.parametrize("labels", [[0, 0, 0, 0, -1], [0, 1, 2, 3, 4], [0, 1, -1, -1, -1], [-1] * 5])
def test_left_out_where_there_is_nothing_to_compare(labels: list[int]) -> None:
    assert geometry(X, np.array(labels)) == {}


def test_large_collections_are_sampled_by_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(-1, 3, 400)
    points = (rng.normal(size=(400, 4)) + labels[:, None]).astype(np.float32)
    kept = labels >= 0
    whole = geometry(points, labels)
    assert whole["silhouette"] == pytest.approx(silhouette_score(points[kept], labels[kept]))
    monkeypatch.setattr(module, "MOST", 150)
    first, again, other = (geometry(points, labels, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first["silhouette"] != other["silhouette"] != whole["silhouette"]
    assert first["silhouette"] == pytest.approx(whole["silhouette"], abs=0.05)
    assert first["davies_bouldin"] == whole["davies_bouldin"]
