"""The jobs of a sweep: seeds folded by hand, and ways between folders."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from imgret.evaluation.jobs import Asked, Done, Mean, fold, relative


def job(number: int, values: dict[str, str | None], failed: str = "", **figures: float) -> Done:
    return Done(Asked(number, 9, values), figures, None if failed else Path(f"/runs/{number}"), failed)


def test_seeds_are_folded_into_mean_and_sample_deviation() -> None:
    jobs = [
        job(1, {"k": "2", "seed": "0"}, nmi=0.1, map=0.7),
        job(2, {"k": "2", "seed": "1"}, nmi=0.2, map=0.7, ami=0.5),
        job(3, {"k": "3", "seed": "0"}, nmi=0.25),
        job(4, {"k": "2", "seed": "2"}, nmi=0.6, map=0.7),
        job(5, {"k": "3", "seed": "1"}, failed="k=3: too many"),
        job(6, {"k": "4", "seed": "0"}, failed="k=4: too many"),
    ]
    two, three, four = fold(jobs)
    assert [row.values for row in (two, three, four)] == [{"k": "2"}, {"k": "3"}, {"k": "4"}]
    assert two.figures["nmi"].mean == pytest.approx(0.3)
    assert two.figures["nmi"].sd == pytest.approx(math.sqrt((0.04 + 0.01 + 0.09) / 2))
    assert two.figures["map"] == Mean(0.7, 0.0)
    assert "ami" not in two.figures  # a mean of one seed among three would not compare
    assert three.figures == {"nmi": Mean(0.25, None)}
    assert (len(three.finished), three.failed) == (1, "k=3: too many")
    assert (four.finished, four.failed, four.figures) == ([], "k=4: too many", {})


def test_one_value_is_one_row() -> None:
    (row,) = fold([job(1, {"seed": "0"}, nmi=1.0), job(2, {"seed": "1"}, nmi=0.0)])
    assert (row.values, row.figures["nmi"]) == ({}, Mean(0.5, math.sqrt(0.5)))


def test_what_an_option_brings_is_a_column_where_it_tells_rows_apart() -> None:
    def of(number: int, clusterer: str, reducer: str) -> Done:
        config = {
            "clusterer": {"name": clusterer},
            "reducer": {"name": reducer},
            "view": {"name": clusterer},
            "seed": 0,
        }
        return replace(job(number, {"clusterer": clusterer, "seed": "0"}), config=config)

    failed = job(3, {"clusterer": "c", "seed": "0"}, failed="no")
    rows = fold([of(1, "a", "pca"), of(2, "b", "umap"), failed])
    assert [row.values["reducer"] for row in rows] == ["pca", "umap", None]
    same = fold([of(1, "a", "pca"), of(2, "b", "pca")])
    assert [row.values for row in same] == [{"clusterer": "a"}, {"clusterer": "b"}]


def test_ways_between_folders() -> None:
    assert relative(Path("runs/a"), Path("runs/b-sweep")) == "../a"
    assert relative(Path("other/a"), Path("runs/b-sweep")) == "../../other/a"
