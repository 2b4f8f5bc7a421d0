"""What is said of a run's clusters and of search among its images."""

from pathlib import Path

import pytest

import imgret
import imgret.__main__
from imgret.evaluation.evaluate import clusters, follows, retrieval


def test_noise_is_never_hidden(colours: Path) -> None:
    run = imgret.run(colours, backbone="pixels", view="pca", reports=[], k=3)
    run.labels[run.truth == 0] = -1
    found = clusters(run)
    assert (found.images, found.labelled, found.labels, found.noise) == (24, 24, 3, 8)
    assert found.figures["coverage"].value == pytest.approx(16 / 24)
    assert {"ari", "ari_covered"} <= set(found.figures)
    run.collection.truth[:] = -1
    alone = clusters(run)
    assert (alone.labelled, alone.labels) == (0, 0)
    assert list(alone.figures) == ["coverage"]
    assert retrieval(run) is None
    assert "label" not in [each.column for each in follows(run)]
