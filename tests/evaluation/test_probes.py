"""What cluster-then-rank costs, and the picture of it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgret import UsageError, ops
from imgret.evaluation import probes
from imgret.evaluation.probes import Cost, Probed, cost
from imgret.findings.info import Fitted
from imgret.ops.intervals import Interval


def _run(n: int = 120, c: int = 6, **changes: Any) -> Any:
    random = np.random.default_rng(0)
    labels = ops.renumber(np.arange(n) % c)
    X = ops.normalise((random.normal(size=(c, 8))[labels] + random.normal(size=(n, 8))).astype(np.float32))[0]
    node = {"name": "cluster_rank", "probes": 2, "top": 5, "recall": 0.9, "seed": 0, "device": "cpu"}
    run = {
        "X": X, "labels": labels, "device": "cpu", "seed": 0, "settings": {"top": 5}, "medoids": ops.medoids(X, labels),
        "info": SimpleNamespace(fitted=Fitted(retriever=node)), "called": lambda slot: "cluster_rank",
    }  # fmt: skip
    return SimpleNamespace(**(run | changes))


def test_recall_and_share_scanned_against_a_slow_count() -> None:
    run = _run()
    found = cost(run)
    assert found is not None
    assert (found.queries, found.top, found.chosen) == (120, 5, 2)
    assert [row.probes for row in found.rows] == [None, 1, 2, 3, 5, 6]
    scores = run.X @ run.X.T
    np.fill_diagonal(scores, -np.inf)
    right = np.argsort(-scores, axis=1, kind="stable")[:, :5]
    centroids = ops.normalise(ops.centroids(run.X, run.labels), "l2")[0]
    nearest = np.argsort(-(run.X @ centroids.T), axis=1)
    for row in found.rows[1:]:
        probed = nearest[:, : row.probes]
        recall = np.mean([[run.labels[hit] in probed[query] for hit in right[query]] for query in range(120)])
        assert row.recall.value == pytest.approx(recall, abs=0.002)
        assert row.scanned is not None
        assert row.scanned.value == pytest.approx((row.probes or 0) / 6)  # clusters of equal size
        assert row.queries_per_second > 0
    assert found.rows[-1].recall == (1, 1, 1)


def test_the_numbers_of_probes_are_those_of_the_calibration_and_the_run_s_own() -> None:
    run = _run()
    run.info.fitted.calibration = [{"probes": 1}, {"probes": 4}, {"probes": 6}]
    found = cost(run)
    assert found is not None
    assert [row.probes for row in found.rows] == [None, 1, 2, 4, 6]


def test_a_retriever_that_probes_nothing_is_one_row_and_has_no_plot(tmp_path: Path) -> None:
    run = _run(called=lambda slot: "exact")
    run.info.fitted.retriever = {"name": "exact", "device": "cpu"}
    found = cost(run)
    assert found is not None
    assert [(row.name, row.probes, row.scanned) for row in found.rows] == [
        ("exact scan", None, (1, 1, 1)), ("exact", None, None),
    ]  # fmt: skip
    assert found.rows[1].recall == (1, 1, 1)
    assert found.chosen is None
    for nothing in (found, None):
        with pytest.raises(UsageError, match="probes no clusters"):
            probes.draw(nothing, "title", "repeat", tmp_path / "a.png")
    assert cost(_run(1, 1)) is None


@pytest.mark.parametrize(("speed", "said"), [
    (300, "lists is 3.0 times as fast as an exact scan here, for 95.0% of its hits"),
    (110, "lists and an exact scan are equally fast here: retriever=exact loses nothing"),
    (25, "an exact scan is simply faster here, 4.0 times, and loses nothing: retriever=exact"),
])  # fmt: skip
def test_whether_exact_is_simply_faster(speed: float, said: str) -> None:
    recall = Interval(0.95, 0.9, 0.97)
    rows = [Probed("exact scan", None, Interval(1, 1, 1), None, 100), Probed("lists", 3, recall, None, speed)]
    assert probes._said(rows, 3) == said


def test_the_plot(tmp_path: Path) -> None:
    found = cost(_run())
    file = probes.draw(found, "a title", "python -m imgret evaluate", tmp_path / "a.png")
    with Image.open(file) as picture:
        assert picture.width == 1560 + 144
        colours = {colour for _, colour in picture.getcolors(1 << 20) or []}
        assert {probes.RECALL, probes.SCANNED} <= colours
    first = file.read_bytes()
    assert probes.draw(found, "a title", "python -m imgret evaluate", file).read_bytes() == first
    one = Cost([Probed("lists", 1, Interval(1, 1, 1), None, 9)], 1, 5, 5, "said")
    probes.draw(one, "one cluster", "repeat", tmp_path / "b.png")
