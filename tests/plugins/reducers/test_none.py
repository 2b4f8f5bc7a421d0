import numpy as np

from imgret.plugins.reducers.none import none


def test_x_passes_through() -> None:
    X = np.ones((3, 2), np.float32)
    assert none().fit_transform(X) is X
