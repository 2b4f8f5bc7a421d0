"""The metric `sizes`, by hand."""

import numpy as np

from imgret.plugins.metrics.sizes import sizes


def test_sizes_by_hand() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 2, -1, -1, -1])  # 4, 2 and 1 of 10; 3 of noise
    assert sizes(labels) == {"n_clusters": 3, "noise_share": 0.3, "largest_share": 0.4, "median_size": 2}
    assert sizes(labels[:6]) == {"n_clusters": 2, "noise_share": 0, "largest_share": 4 / 6, "median_size": 3}


def test_noise_alone_has_no_largest_cluster() -> None:
    assert sizes(np.array([-1, -1])) == {"n_clusters": 0, "noise_share": 1}
