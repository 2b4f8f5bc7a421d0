"""A run with a re-ranker: what its figures are of, what search finds, and the same of the run from disk."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import ops
from imgret.__main__ import main
from imgret.errors import UsageError
from imgret.findings.rerank import Reranked
from imgret.plugins.metrics.retrieval import retrieval
from imgret.plugins.rerankers.dba import dba
from imgret.plugins.retrievers.exact import exact
from imgret.registry import register
from imgret.runs.summary import summary
from imgret.store.files import read_json, write_json
from tests.slow_rerank import points

QUICK: dict[str, Any] = {"backbone": "pixels", "view": "pca", "reports": [], "attributes": [], "k": 3, "top": 5}


class Backwards:
    """Ranks the other way round, and cannot say the scores of all rows."""

    def __init__(self, retriever: Any) -> None:
        self.retriever = retriever

    def fit(self, X: Any, labels: Any) -> "Backwards":
        self.n = len(X)
        self.retriever.fit(X, labels)
        return self

    def kneighbors(self, Q: Any, top: int) -> Any:
        scores, rows = self.retriever.kneighbors(Q, self.n)
        return -scores[:, ::-1][:, :top], rows[:, ::-1][:, :top]


def test_the_ranking_after_a_reranker_leaves_each_query_out() -> None:
    X, _ = points(n=23)
    for reranker in (dba(exact(), n_neighbors=4), Backwards(exact())):
        reranker.fit(X, np.zeros(23, np.int64))
        for ordered in (Reranked(X, reranker), Reranked(X, reranker).of(np.array([5, 3, 22]))):
            seen = []
            for rows, scores in ordered:
                hits = reranker.kneighbors(X[rows], 23)[1]
                for row, line, found in zip(rows, scores, hits, strict=True):
                    assert line[row] == -np.inf
                    assert np.argsort(-line, kind="stable")[:-1].tolist() == [hit for hit in found if hit != row]
                seen += rows.tolist()
            assert seen == ordered.rows.tolist()


def test_figures_are_of_the_ranking_after_it_and_of_that_without(colours: Path) -> None:
    register("reranker", "backwards")(Backwards)
    plain = imgret.run(colours, **QUICK, retriever="exact")
    run = imgret.run(colours, **QUICK, retriever="exact", rerank="backwards")
    assert not any(name.endswith("_without") for name in plain.metrics)
    for name in ("map", "p_at_10", "rank_1"):
        assert run.metrics[f"{name}_without"] == plain.metrics[name]
    reranker = Backwards(exact()).fit(run.X, run.labels)
    assert (
        run.metrics["map"] == retrieval(Reranked(run.X, reranker), run.truth, run.group)["map"] < plain.metrics["map"]
    )
    assert run.metrics["recall_at_top"] == plain.metrics["recall_at_top"] == 1  # the retriever's own
    lines = [line.split() for line in summary(run)]
    row = next(line for line in lines if line[:2] == ["pixels,", "backwards"])
    without = next(line for line in lines if line[:2] == ["without", "backwards"])
    assert row[-1] == f"{run.metrics['rank_1']:.3f}"
    assert without[2:] == ["-", "-", "-", *(f"{plain.metrics[name]:.3f}" for name in ("map", "p_at_10", "rank_1"))]


@pytest.mark.parametrize("name", ["dba", "aqe"])
def test_search_asks_it_also_of_a_run_from_disk(name: str, colours: Path) -> None:
    run = imgret.run(colours, **QUICK, rerank=name, rerank__n_neighbors=6, rerank__keep=0)
    again = imgret.load(run.folder)
    assert again.search(run.ids[0]) == run.search(run.ids[0])
    scores, rows = again.retriever.kneighbors(run.X[:1], 24)
    assert type(again.retriever).__name__ == name
    assert again.info.fitted.rerank | {"retriever": None, "device": "cpu"} == {
        "name": name, "n_neighbors": 6, "alpha": 3.0, "keep": 0, "device": "cpu", "retriever": None,
    }  # fmt: skip
    assert again.info.fitted.rerank["retriever"]["probes"] > 0  # learned, and not learned again
    hits = run.search(run.ids[0], 23)
    assert [hit.id for hit in hits] == [run.ids[row] for row in rows[0] if row]
    assert [hit.score for hit in hits] == [score for score, row in zip(scores[0], rows[0], strict=True) if row]
    some = run.search(run.ids[0], 23, where="group=a") if run.group_names else []
    cosines = ops.top_k(run.X[:1], run.X, 24)
    assert [hit.score for hit in some] == [s for s, row in zip(cosines[0][0], cosines[1][0], strict=True)
                                           if row and run.group_names[run.group[row]] == "a"]  # fmt: skip


def test_a_run_that_knows_of_no_reranker_loads_and_a_damaged_one_does_not(colours: Path) -> None:
    file = imgret.run(colours, **QUICK).folder / "run.json"
    info = read_json(file)
    del info["config"]["rerank"], info["fitted"]["rerank"]
    write_json(file, info)
    old = imgret.load(file.parent)
    assert old.settings["rerank"] is None
    assert len(old.search(old.ids[0], 3)) == 3
    assert "without" not in "".join(summary(old))
    for wrong in ("dba", 5, [], {}, {"name": 5}, {"name": "dba", "retriever": "exact"}):
        info["fitted"]["rerank"] = wrong
        file.write_text(json.dumps(info), encoding="ascii")
        with pytest.raises(UsageError, match="is not a whole run"):
            imgret.load(file.parent)
    info["fitted"]["rerank"] = {"name": "dba", "knn": 1}
    file.write_text(json.dumps(info), encoding="ascii")
    with pytest.raises(UsageError, match="no argument of rerank=dba 'knn'"):
        imgret.load(file.parent).search(old.ids[0])


def test_null_is_none_and_can_be_typed(colours: Path, capsys: Any) -> None:
    assert imgret.run(colours, **QUICK, rerank=None).settings["rerank"] is None
    words = [f"{key}={value}".replace(" ", "") for key, value in QUICK.items()]
    assert main(["-m", str(colours), *words, "rerank=null,aqe"]) == 0
    rows = next(Path("runs").glob("*-sweep/table.csv")).read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[0] for row in rows] == ["rerank", "null", "aqe"]
    capsys.readouterr()
    assert main([str(colours), *words, "rerank.keep=1"]) == 2
    assert "rerank.keep: no rerank is chosen\ntype rerank=NAME with it, one of aqe, dba" in capsys.readouterr().err
    assert main([str(colours), *words, "rerank=dba", "rerank.keep=-1"]) == 2
    assert "rerank.keep=-1: at least 1, 0 and 0" in capsys.readouterr().err


def test_altered_copies_are_drawn_by_a_seed() -> None:
    from tests.bench_rerank import altered
    from tests.conftest import png

    image = png((90, 120, 60), (60, 40), noise=1)
    assert altered(image, 1) == altered(image, 1) != altered(image, 2)
