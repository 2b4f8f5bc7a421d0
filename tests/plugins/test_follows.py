"""The metric `follows`."""

import numpy as np
import pytest

from imgret.plugins.metrics.follows import follows


def test_what_the_clusters_follow() -> None:
    group = np.array([0, 0, 0, 1, 1, 1, -1])
    with_noise = follows(np.array([4, 4, 4, -1, -1, -1, 4]), {}, group)  # which is a cluster
    assert with_noise == {"ami_group": pytest.approx(1)}
    assert follows(np.array([0] * 7), {}, group) == {"ami_group": pytest.approx(0)}
    rng = np.random.default_rng(0)
    by_chance = follows(rng.integers(0, 20, 2000), {}, rng.integers(0, 6, 2000))
    assert abs(by_chance["ami_group"]) < 0.02


def test_left_out_without_two_groups() -> None:
    assert follows(np.array([0, 1, 1]), {"day": np.array([0, 0, -1])}, np.array([3, 3, -1])) == {}


def test_every_column_has_its_figure() -> None:
    columns = {"camera": np.array([0, 0, 1, 1, -1]), "day": np.array([0, 1, 0, 1, 1])}
    figures = follows(np.array([1, 1, 0, 0, 0]), columns)
    assert figures["ami_camera"] == pytest.approx(1)
    assert list(figures) == ["ami_camera", "ami_day"]
    assert figures["ami_day"] < 0.1
