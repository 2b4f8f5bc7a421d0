"""The metric `follows`."""

import numpy as np
import pytest

from imgret.plugins.metrics.follows import follows


def test_what_the_clusters_follow() -> None:
    group = np.array([0, 0, 0, 1, 1, 1, -1])
    with_noise = follows(np.array([4, 4, 4, -1, -1, -1, 4]), {}, group)  # which is a cluster
    assert with_noise == {"ami_group": pytest.approx(1), "chance_ami_group": pytest.approx(1)}  # of 10 ways, one is it
    assert follows(np.array([0] * 7), {}, group) == dict.fromkeys(["ami_group", "chance_ami_group"], pytest.approx(0))
    rng = np.random.default_rng(0)
    by_chance = follows(rng.integers(0, 20, 2000), {}, rng.integers(0, 6, 2000))
    assert abs(by_chance["ami_group"]) < 0.02
    assert 0 < by_chance["chance_ami_group"] < 0.02


def test_left_out_without_two_groups() -> None:
    assert follows(np.array([0, 1, 1]), {"day": np.array([0, 0, -1])}, np.array([3, 3, -1])) == {}


def test_every_column_has_its_figure() -> None:
    columns = {"camera": np.array([0, 0, 1, 1, -1]), "day": np.array([0, 1, 0, 1, 1])}
    figures = follows(np.array([1, 1, 0, 0, 0]), columns)
    assert figures["ami_camera"] == pytest.approx(1)
    assert list(figures) == ["ami_camera", "chance_ami_camera", "ami_day", "chance_ami_day"]
    assert figures["ami_day"] < 0.1


def test_chance_is_told_of_the_truth_too_and_what_is_more_than_chance_lies_above_it() -> None:
    rng = np.random.default_rng(1)
    labels, coin = rng.integers(0, 8, 600), rng.integers(0, 2, 600)
    followed = np.where(rng.random(600) < 0.2, labels % 3, rng.integers(0, 3, 600))
    figures = follows(labels, {"coin": coin, "followed": followed}, truth=labels)
    assert figures["chance_ami"] < 0.05
    assert "ami" not in figures  # which the metric `agreement` gives
    assert figures["ami_followed"] > figures["chance_ami_followed"]
    again = follows(labels[::-1], {"coin": coin[::-1], "followed": followed[::-1]}, truth=labels[::-1])
    assert again == pytest.approx(figures)
    assert follows(labels, {"coin": coin}, seed=1)["chance_ami_coin"] != figures["chance_ami_coin"]
