"""Two runs side by side: what agrees, moves, splits and differs, worked out by hand."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, normalized_mutual_info_score

from imgret.contracts import Item
from imgret.evaluation.comparepage import page
from imgret.evaluation.comparison import Comparison, Split
from imgret.findings.info import Fitted, Info
from imgret.ops import intervals
from imgret.reading.record import Record
from imgret.runs.differences import Change, told_apart

IDS = "abcdefg"
SETTINGS = {"k": 2, "seed": 0, "clusterer": {"name": "kmeans", "k": 2, "n_init": 3}, "out": "runs"}


def run(labels: dict[str, int], truth: str = "", X: Any = None, **changes: Any) -> Any:
    """A run of images by one-letter ids, with their clusters, -1 for noise."""
    ids, n = sorted(labels), len(labels)
    names = sorted(set(truth))
    info = Info(
        title="x", config={**SETTINGS, **changes}, fitted=Fitted(retriever={}), space={"weights": "w"}, root="",
        versions={"python": "3"},
    )  # fmt: skip
    files = [(Item(f"{id}.jpg"), Record(id, "ok")) for id in ids]
    collection = SimpleNamespace(
        items=[f[0] for f in files], records=[f[1] for f in files], junk=np.zeros(n, bool), columns=[], first=range(n)
    )
    return SimpleNamespace(
        ids=ids, labels=np.array([labels[id] for id in ids]), info=info, seed=0, device="cpu",
        truth=np.array([names.index(t) for t in truth] or [-1] * n), truth_names=names, group=np.full(n, -1), X=X,
        collection=collection, group_names=[], metrics={},
        view=np.arange(2 * n, dtype=np.float32).reshape(n, 2) ** 1.5, folder=Path("runs/x"), settings={"rerank": None},
        paths=[f"{id}.jpg" for id in ids], title="x", view_name="pca", called=lambda slot: "kmeans",
    )  # fmt: skip


# Of both: a b c d e f. Clusters abc|def became ab|cde, and f, which was in no cluster by then.
ONE = dict(zip("abcdefg", (0, 0, 0, 1, 1, 1, 1), strict=True))


OTHER = dict(zip("abcdefh", (1, 1, 0, 0, 0, -1, 0), strict=True))


def test_what_two_runs_agree_on() -> None:
    pair = Comparison(run(ONE), run(OTHER))
    assert pair.rows.tolist() == [[i, i] for i in range(6)]
    before, after = [0, 0, 0, 1, 1, 1], [1, 1, 0, 0, 0, -1]
    assert pair.agreement["ari"] == pytest.approx(adjusted_rand_score(before, after))
    assert pair.agreement["ami"] == pytest.approx(adjusted_mutual_info_score(before, after))
    assert (pair.since.gone, pair.since.new, pair.since.moved) == (1, 1, 2)  # g, h; c and f
    assert pair.noise == (1, 0)
    assert pair.splits(5) == [Split(0, 3, [(1, 2), (0, 1)]), Split(1, 3, [(0, 2), (-1, 1)])]
    assert pair.splits(5, joins=True) == [Split(0, 3, [(1, 2), (0, 1)])]
    # a, b: abc and ab; c: abc and cde; d, e: def and cde; f: def and f alone
    assert pair.disagreement == pytest.approx([1 - 2 / 3, 1 - 2 / 3, 1 - 1 / 5, 1 - 2 / 4, 1 - 2 / 4, 1 - 1 / 3])


def test_two_that_are_equal_and_two_that_share_nothing() -> None:
    pair = Comparison(run(ONE), run(ONE))
    assert pair.agreement == {"ari": 1, "ami": 1}
    assert (pair.since.moved, pair.splits(5), pair.why(), pair.edited) == (0, [], {}, 0)
    assert not pair.disagreement.any()
    none = Comparison(run(ONE), run({"x": 0, "y": 0}))
    assert (len(none.rows), none.agreement) == (0, {})
    assert "No image is in both runs" in page(none)
    assert Comparison(run(dict.fromkeys("ab", 0)), run(dict.fromkeys("ab", 0))).agreement == {"ari": 1, "ami": 1}
    assert Comparison(run(dict.fromkeys("ab", 0)), run({"a": 0, "b": 1})).agreement == {"ari": 0, "ami": 0}


def test_why_they_differ() -> None:
    first = run(ONE, log="info")
    second = run(OTHER, k=3, clusterer={"name": "kmeans", "k": 3, "n_init": 9}, out="elsewhere", log="quiet")
    second.info.versions = {"python": "3", "numpy": "2"}
    second.info.space = {"weights": "v"}
    second.collection.records[0] = Record("another", "ok")
    second.collection.records[1] = Record("", "timeout")  # not read: that says nothing of what it holds
    pair = Comparison(first, second)
    assert pair.why() == {
        "settings": [Change("clusterer.n_init", "3", "9"), Change("k", "2", "3")],
        "versions": [Change("numpy", "", "2")],
        "features": [Change("weights", "w", "v")],
        "files": [Change("b.jpg", "ok", "timeout"), Change("g.jpg", "ok", ""), Change("h.jpg", "", "ok")],
        "content": [Change("a.jpg", "a", "another")],
    }
    assert pair.reasons.aside == [Change("log", "info", "quiet"), Change("out", "runs", "elsewhere")]
    assert pair.edited == 1
    third = run(ONE, clusterer={"name": "dbscan", "eps": 1})
    assert Comparison(first, third).why()["settings"][0] == Change("clusterer", "kmeans", "dbscan")
    assert told_apart([first, second, third]) == {"clusterer": ["kmeans", "kmeans", "dbscan"], "k": ["2", "3", ""]}


def test_an_argument_that_has_a_run_s_name_and_its_own_value_is_told() -> None:
    """`clusterer.seed=3` is no `seed=3`; what nobody typed apart is told once, as the run's."""
    one, other = ({"name": "kmeans", "k": 2, "seed": seed, "device": "cpu"} for seed in (0, 3))
    found = Comparison(run(ONE, clusterer=one), run(OTHER, clusterer=other)).why()["settings"]
    assert found == [Change("clusterer.seed", "0", "3")]
    found = Comparison(run(ONE, clusterer=one), run(OTHER, clusterer=other, seed=3)).why()["settings"]
    assert found == [Change("seed", "0", "3")]
    configs = [run(ONE, clusterer=one), run(ONE, clusterer=other), run(ONE, clusterer=one)]
    assert told_apart(configs) == {"clusterer.seed": ["0", "3", "0"]}


def test_a_setting_that_an_option_has_no_use_for_is_none() -> None:
    second = run(OTHER, k=100, clusterer={"name": "dbscan"})
    changes = Comparison(run(ONE), second).why()["settings"]
    assert changes == [Change("clusterer", "kmeans", "dbscan"), Change("k", "2", "")]


def test_how_much_the_figures_changed() -> None:
    """Neighbours of the other label, in all images but one; the same in the other run, where they are right."""
    X = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], np.float32)
    bad = run(dict(zip("abcd", (0, 0, 1, 1), strict=True)), truth="xyxy", X=X)
    good = run(dict(zip("abcd", (0, 1, 0, 1), strict=True)), truth="xyxy", X=X[[0, 2, 1, 3]])
    found = Comparison(bad, good).figures
    # one relevant image of three others: it came second or last, and comes first now
    assert found["rank_1"] == (1, 1, 1)
    assert 0.5 <= found["map"].low <= found["map"].value <= found["map"].high <= 2 / 3 + 1e-9
    assert set(found) == {"map", "p_at_10", "rank_1"}  # half of four images says nothing of clusters
    same = Comparison(bad, bad).figures
    assert all(change == (0, 0, 0) for change in same.values())
    assert Comparison(bad, run(ONE)).figures == {}  # other images
    assert Comparison(run(ONE), run(ONE)).figures == {}  # no labels


@pytest.mark.parametrize("protocol", ["junk", "group"])
def test_runs_of_other_junk_or_groups_are_compared_by_their_clusters_alone(
    protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Search is asked other questions there; clusters are not."""
    monkeypatch.setattr(intervals, "HALVES", 9)
    names = {f"{place:02}": place % 2 for place in range(20)}
    X = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    first, second = run(names, "xy" * 10, X), run(names, "xy" * 10, X)
    assert set(Comparison(first, second).figures) == {"ari", "nmi", "map", "p_at_10", "rank_1"}
    if protocol == "junk":
        second.collection.junk[3] = True
    else:
        second.group[:4], second.group_names = 0, ["camera"]
    found = Comparison(first, second).figures
    assert set(found) == {"ari", "nmi"}
    assert found == Comparison(second, first).figures


def test_clusters_are_compared_over_the_same_halves() -> None:
    names = [f"{place:03}" for place in range(200)]
    truth = "xy" * 100
    X = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    right = run({name: place % 2 for place, name in enumerate(names)}, truth, X)
    wrong = run({name: place % 2 if place < 180 else 0 for place, name in enumerate(names)}, truth, X)
    found = Comparison(wrong, right).figures["ari"]
    assert found.value == pytest.approx(1 - adjusted_rand_score(right.labels, wrong.labels))
    assert 0 < found.low < found.value < found.high < 2 * found.value
    assert Comparison(right, wrong).figures["ari"].value == -found.value


def test_differences_of_halves_are_moved_to_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """NMI is larger of few images than of many, and the more so the more clusters there are."""
    monkeypatch.setattr(intervals, "HALVES", 30)
    few, many = (np.random.default_rng(k).integers(0, k, 60) for k in (2, 20))
    names = [f"{place:02}" for place in range(60)]
    first, second = (run(dict(zip(names, labels.tolist(), strict=True)), "xyz" * 20) for labels in (few, many))
    second.X = first.X = np.eye(60, dtype=np.float32)
    found = Comparison(first, second).figures["nmi"]
    random, drawn = np.random.default_rng(first.seed), []
    for _ in range(30):
        half = random.choice(60, 30, replace=False)
        one, other = (normalized_mutual_info_score(first.truth[half], labels[half]) for labels in (few, many))
        drawn.append(other - one)
    low, high = np.quantile(drawn, [0.025, 0.975]) - np.mean(drawn) + found.value
    assert found == pytest.approx((found.value, low, high))
    assert np.mean(drawn) > found.high  # as they are, they are of other figures
