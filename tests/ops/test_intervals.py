"""Intervals: by hand, by theory, and what they cover."""

import numpy as np
import pytest

from imgret.ops import intervals
from imgret.ops.contingency import Contingency
from imgret.ops.intervals import by_chance, of_means, of_table


def test_the_bootstrap_of_a_mean_is_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(0).exponential(size=400)
    found = of_means({"a": values, "b": np.ones(400), "c": 2 * values}, 5)
    error = values.std() / 20
    assert found["a"].value == pytest.approx(values.mean())
    assert found["a"].high - found["a"].low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert found["a"].low < found["a"].value < found["a"].high
    assert found["b"] == (1, 1, 1)
    assert found["c"] == pytest.approx([2 * part for part in found["a"]])  # of the same draws
    assert found == of_means({"a": values, "b": np.ones(400), "c": 2 * values}, 5)
    assert found["a"] != of_means({"a": values}, 6)["a"]
    assert of_means({}, 0) == {}
    assert of_means({"a": np.array([0.25])}, 0)["a"] == (0.25, 0.25, 0.25)


def test_blocks_do_not_change_the_bootstrap(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"a": np.random.default_rng(0).random(50)}
    whole = of_means(values, 1)
    monkeypatch.setattr(intervals, "BLOCK", 8 * 50 * 7)
    assert of_means(values, 1)["a"] == pytest.approx(whole["a"], rel=1e-12)


def test_noise_is_one_cluster_and_left_out_beside() -> None:
    truth = np.repeat([0, 1], 50)
    labels = np.where(np.arange(100) % 5, truth, -1)
    found = of_table(Contingency.of(truth, labels), 0, 0)
    assert found["coverage"].value == pytest.approx(0.8)
    # The share of 50 of 100 images, drawn without replacement: as wide as 100 of a large collection give.
    assert found["coverage"].high - found["coverage"].low == pytest.approx(2 * 1.96 * 0.4 / 10, rel=0.2)
    assert found["ari_covered"] == (1, 1, 1)
    assert found["ari"].low < found["ari"].value < found["ari"].high < 1
    assert found["purity"].value == pytest.approx((40 + 40 + 10) / 100)
    assert "ari_covered" not in of_table(Contingency.of(truth, truth), None, 0)


def test_halves_are_moved_to_the_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 60 items in 8 x 8 cells by chance, halves have a larger NMI and purity, all but a few of them."""
    monkeypatch.setattr(intervals, "HALVES", 200)
    table = Contingency.of(*np.random.default_rng(0).integers(0, 8, (2, 60)))
    random = np.random.default_rng(7)
    halves = [table.drawn(30, random).figures() for _ in range(200)]
    found = of_table(table, None, 7)
    for name in ("nmi", "purity", "ari"):
        value, drawn = table.figures()[name], np.array([half[name] for half in halves])
        low, high = np.quantile(drawn, [0.025, 0.975]) - drawn.mean() + value
        assert found[name] == pytest.approx((value, low, high), rel=1e-12)
        assert low < value < high
    assert np.quantile([half["nmi"] for half in halves], 0.025) > table.figures()["nmi"]


def test_no_figure_can_be_above_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of 60 is in the wrong cluster: where the halves drawn have it too often, they are moved beyond 1."""
    monkeypatch.setattr(intervals, "HALVES", 20)
    truth = np.repeat([0, 1], 30)
    table = Contingency.of(truth, np.append(1, truth[1:]))
    found = of_table(table, None, 7)
    random = np.random.default_rng(7)
    drawn = [table.drawn(30, random).figures()["purity"] for _ in range(20)]
    assert found["purity"].value + np.quantile(drawn, 0.975) - np.mean(drawn) > 1.001
    assert found["purity"].high == 1


def test_what_some_halves_do_not_define_is_left_out() -> None:
    truth = np.array([0] * 9 + [1])
    found = of_table(Contingency.of(truth, np.arange(10) % 2), None, 0)  # many halves have one truth
    assert found == {"coverage": (1, 1, 1)}
    assert of_table(Contingency.of(np.array([0, 1]), np.array([0, 1])), None, 0) == {}


@pytest.mark.slow
def test_halves_hold_what_other_images_would_give_where_a_bootstrap_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "HALVES", 120)
    random = np.random.default_rng(1)
    cells = (random.dirichlet(np.full(30, 0.3), size=10) * 0.08 + 0.02 / 30).ravel()

    def collection() -> Contingency:
        counts = random.multinomial(1000, cells)
        kept = np.flatnonzero(counts)
        return Contingency(*np.divmod(kept, 30), counts[kept])

    names = "nmi", "ami", "ari", "purity", "accuracy"
    figures = [collection().figures() for _ in range(100)]
    right = {name: np.mean([each[name] for each in figures]) for name in names}
    held, boot = dict.fromkeys(names, 0), 0
    for trial in range(60):
        table = collection()
        found = of_table(table, None, trial)
        for name in names:
            held[name] += found[name].low <= right[name] <= found[name].high
        if trial < 10:
            drawn = [random.multinomial(table.n, table.counts / table.n) for _ in range(100)]
            nmi = [Contingency(table.rows[d > 0], table.columns[d > 0], d[d > 0]).figures()["nmi"] for d in drawn]
            low, high = np.quantile(nmi, [0.025, 0.975])
            boot += low <= right["nmi"] <= high
    assert all(0.85 <= each / 60 <= 1 for each in held.values()), held
    assert boot / 10 < 0.5


def test_chance_is_around_nought() -> None:
    random = np.random.default_rng(0)
    coins = Contingency.of(random.integers(0, 4, 500), random.integers(0, 10, 500))
    found = by_chance(coins, 0)
    assert -0.02 < found.low < 0 < found.high < 0.02
    assert found.value == pytest.approx(coins.figures()["ami"])
