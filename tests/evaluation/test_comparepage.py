"""The page of two runs: their maps, one laid on the other, and what is ringed."""

import numpy as np
import pytest
from scipy.spatial import procrustes

from imgret.evaluation.comparepage import aligned, page
from imgret.evaluation.comparison import Comparison
from tests.evaluation.test_comparison import ONE, OTHER, run


def test_maps_are_aligned_as_scipy_does_it() -> None:
    pair = Comparison(run(ONE), run(OTHER))
    random = np.random.default_rng(0)
    pair.first.view, pair.second.view = random.normal(size=(2, 7, 2)).astype(np.float32)
    right = procrustes(pair.first.view[:6].astype(float), pair.second.view[:6].astype(float))
    one, other = aligned(pair)
    assert one == pytest.approx(right[0])
    assert other * np.sqrt(1 - right[2]) == pytest.approx(right[1])  # ours keeps its spread
    assert np.linalg.norm(other) == pytest.approx(1)
    pair.second.view[:] = 3  # all in one place
    assert not aligned(pair)[1].any()


def test_an_image_that_was_noise_and_is_a_new_cluster_is_ringed() -> None:
    before = {f"{n:02}": 0 if n < 4 else -1 for n in range(6)}
    after = {f"{n:02}": 0 if n < 4 else 1 for n in range(6)}
    pair = Comparison(run(before), run(after))
    pair.first.medoids, pair.first.thumbnail = [0], lambda row: b""
    assert pair.since.moved == 2
    assert page(pair).count("class=moved") == 2 * 2
