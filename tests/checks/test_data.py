"""What components are checked with has in it what it promises."""

import numpy as np
import pytest

from imgret.checks.data import blobs, small_run


def test_the_data_have_in_them_what_they_promise() -> None:
    X, truth = blobs()
    assert (X.dtype, X.shape) == (np.float32, (60, 8))
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1, atol=1e-6)
    cosines = X @ X.T
    alike = truth[:, None] == truth
    assert cosines[alike].min() > 0.8
    assert cosines[~alike].max() < 0.6
    run = small_run(np.array([0, 0, -1]), "sheets")
    assert sorted(run.labels.tolist()) == [-1, 0, 0]
    gone = [row for row in range(3) if run.paths[row] == sorted(run.paths)[-1]]
    with pytest.raises(FileNotFoundError):
        run.open(gone[0])
