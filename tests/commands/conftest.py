"""What the tests of commands share: the run that they are put to, and a store to mend."""

from pathlib import Path

import pytest

import imgret
from imgret import Run
from tests.care.conftest import photos

__all__ = ["photos"]


@pytest.fixture
def run(colours: Path) -> Run:
    return imgret.run(colours, backbone="pixels", view="pca", reports=[], k=3)
