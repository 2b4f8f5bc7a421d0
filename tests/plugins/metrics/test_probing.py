"""The metric `probing`, by hand."""

import numpy as np
import pytest

from imgret.plugins.metrics import probing as module
from imgret.plugins.metrics.probing import probing
from imgret.plugins.retrievers.cluster_rank import cluster_rank
from imgret.plugins.retrievers.exact import exact

# Directions by angle: cluster 0, cluster 1, and noise that is nearer to the centroid of cluster 0.
ANGLES = np.radians([0, 10, 21, 82, 90, 100, 48])
X = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1).astype(np.float32)
LABELS = np.array([0, 0, 0, 1, 1, 1, -1])


def test_probing_by_hand() -> None:
    # One probe and two neighbours. All find theirs but row 6: its neighbours are row 2 (27 degrees) and row 3 (34),
    # which lies in the other list; row 1 (38) stands in. Rows 0, 1, 2, 6 look at a list of 4, the others at one of 3.
    found = probing(X, cluster_rank(probes=1).fit(X, LABELS), top=2)
    assert found == pytest.approx({"recall_at_top": (6 + 1 / 2) / 7, "scanned_share": (4 * 4 + 3 * 3) / 7 / 7})


def test_exact_search_loses_nothing_and_tells_no_share() -> None:
    assert probing(X, exact().fit(X, LABELS), top=20) == {"recall_at_top": 1}
    assert probing(X[:1], exact().fit(X[:1], LABELS[:1]), top=20) == {}


def test_queries_are_sampled_by_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    retriever = cluster_rank(probes=1).fit(X, LABELS)
    found = [probing(X, retriever, top=2, seed=seed)["recall_at_top"] for seed in range(20)]
    assert set(found) == {0.5, 1.0}
    assert found[3] == probing(X, retriever, top=2, seed=3)["recall_at_top"]
