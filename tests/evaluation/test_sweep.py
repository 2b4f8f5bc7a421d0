"""A whole sweep, from the command line to its files."""

import csv
import json
import logging
import math
from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret import register
from imgret.__main__ import main
from imgret.errors import DiskFull
from imgret.evaluation.jobs import Asked
from imgret.evaluation.sweep import Sweep, said_once
from tests.conftest import write
from tests.test_main import PICTURES, QUICK

SETTINGS = [word for word in QUICK if word != "log=quiet"]


def tables(out: str = "runs") -> tuple[list[dict[str, str]], list[dict[str, str]], str, Path]:
    """The rows of table.csv and jobs.csv, the page, and the folder of the only sweep in `out`."""
    (folder,) = Path(out).glob("*-sweep")
    rows, jobs = (list(csv.DictReader((folder / name).open(newline=""))) for name in ("table.csv", "jobs.csv"))
    return rows, jobs, (folder / "table.html").read_text(encoding="utf-8"), folder


def test_a_sweep_from_command_line_to_tables(colours: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setattr(logging.getLogger("imgret"), "handlers", [])  # which write to another test's stderr
    words = ["-m", str(colours), "clusterer=kmeans,dbscan", "reducer=none", "k=3,2", "seed=0,1", *SETTINGS]
    assert main(words) == 0
    shown = capsys.readouterr()
    rows, jobs, page, folder = tables()
    assert [(r["clusterer"], r["k"], r["runs"], r["failed"]) for r in rows] == [
        ("kmeans", "3", "2", ""),
        ("kmeans", "2", "2", ""),
        ("dbscan", "", "2", ""),
    ]
    assert [row["job"] for row in jobs] == ["1", "2", "3", "4", "5", "6"]
    for at, row in enumerate(rows):
        pair = [json.loads((folder / each["run"] / "metrics.json").read_text()) for each in jobs[2 * at : 2 * at + 2]]
        for name in pair[0]:
            first, second = pair[0][name], pair[1][name]
            assert float(row[name]) == pytest.approx((first + second) / 2, abs=1e-15)
            assert float(row[f"{name}_sd"]) == pytest.approx(abs(first - second) / math.sqrt(2), abs=1e-15)
            assert [float(each[name]) for each in jobs[2 * at : 2 * at + 2]] == [first, second]
    for each in jobs:
        info = imgret.load(folder / each["run"]).info
        assert str(info.config["seed"]) == each["seed"]
        assert float(each["fit_seconds"]) == info.stages["clusters"].seconds
        assert float(each["total_seconds"]) == pytest.approx(sum(stage.seconds for stage in info.stages.values()))
        assert f'href="{each["run"]}/"' in page
    lines = shown.out.splitlines()
    assert [line.split("  ")[0] for line in lines[:8]] == [f"{i}/8" for i in range(1, 9)]
    assert lines[0].startswith("1/8  clusterer=kmeans k=3 seed=0  NMI 1.000  ARI 1.000  ")
    assert lines[4].startswith("5/8  clusterer=dbscan seed=0  ")
    assert lines[6] == "7/8  clusterer=dbscan seed=0  the same as 5"
    assert lines[9].split()[:10] == [
        "clusterer",
        "k",
        "runs",
        "clusters",
        "noise",
        "NMI",
        "ARI",
        "mAP",
        "rank-1",
        "recall@top",
    ]
    assert lines[10].split()[:7] == ["kmeans", "3", "2", "3", "0%", "1.000±.000°", "1.000±.000°"]
    assert lines[12].split()[:3] == ["dbscan", "-", "2"]
    assert shown.err.count("device cpu") == 1  # what is true of all jobs is said once
    assert lines[-1] == f"sweep     runs/{folder.name}"

    assert main([*words, "out=again"]) == 0
    now = [row | dict.fromkeys(_fleeting(row)) for row in tables("again")[0]]
    assert now == [row | dict.fromkeys(_fleeting(row)) for row in rows]
    capsys.readouterr()
    assert main(["runs"]) == 0
    sweep, *listed = capsys.readouterr().out.splitlines()
    assert sweep.startswith(f"runs/{folder.name}  a sweep of 6 runs  images=")
    assert len(listed) == 6
    assert listed[-1].endswith("  reducer=none k=3 seed=0")  # the oldest, with what else was typed for it


def _fleeting(row: dict[str, str]) -> list[str]:
    return [name for name in row if name.startswith(("fit_seconds", "total_seconds", "peak_bytes"))]


def test_features_and_views_are_computed_once(colours: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("imgret.store.store.WORTH_KEEPING", -1.0)  # as for a view that takes its time
    fitted: list[int] = []

    @register("reducer")
    class counted:
        def __init__(self, n_components: int = 2) -> None:
            self.n_components = n_components

        def fit_transform(self, X: Any) -> Any:
            fitted.append(self.n_components)
            return X[:, : self.n_components]

    words = ["view=counted", "reducer=counted", "reducer.n_components=3", "backbone=pixels", "reports=[]"]
    assert main(["-m", str(colours), "k=2,3,4", *words]) == 0
    assert fitted == [3, 2]
    computed = [json.loads(f.read_text())["features"]["computed"] for f in Path("runs").glob("2*/run.json")]
    assert sorted(computed) == [0, 0, 24]


def test_a_job_that_fails_is_a_row_and_the_others_go_on(capsys: Any) -> None:
    write(Path("photos"), PICTURES)
    assert main(["-m", "photos", "k=2,7,3", *SETTINGS]) == 2
    shown = capsys.readouterr()
    rows, jobs, page, _ = tables()
    reason = "k=7: there are only 6 files"
    assert [(row["k"], row["runs"]) for row in rows] == [("2", "1"), ("7", "0"), ("3", "1")]
    assert [row["failed"] for row in rows] == ["", reason, ""]
    assert [bool(each["run"]) for each in jobs] == [True, False, True]
    assert rows[1]["silhouette"] == rows[0]["silhouette_sd"] == ""
    assert f"2/3  k=7  failed: {reason}" in shown.out.splitlines()
    assert f"7  failed: {reason}" in shown.out.splitlines()
    assert f">failed: {reason}</td>" in page
    assert shown.err.endswith(f"\nimgret: {reason}\ntype a k from 1 to 6\n")


def test_what_fails_many_jobs_is_said_once(capsys: Any) -> None:
    assert main(["-m", "images=nowhere", "k=2,7", "source.folders=labels,groups", *SETTINGS]) == 2
    shown = capsys.readouterr()
    first, *others = shown.out.splitlines()
    assert first == "1/4  k=2 source.folders=labels  failed: images=nowhere: does not exist"
    assert [line.partition("  failed ")[2] for line in others] == ["as 1 did"] * 3
    assert shown.err == "imgret: images=nowhere: does not exist\ngive a folder that has images in it\n"


def test_a_sweep_without_a_run_has_no_table(capsys: Any) -> None:
    write(Path("photos"), PICTURES)
    assert main(["-m", "photos", "k=7,8", *SETTINGS]) == 2
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert list(Path("runs").iterdir()) == []


def test_a_sweep_of_one_job_is_a_run(capsys: Any) -> None:
    write(Path("photos"), PICTURES)
    assert main(["-m", "photos", "k=2", *SETTINGS]) == 0
    assert capsys.readouterr().out.startswith("images    6 files = 6 ok")
    assert list(Path("runs").glob("*-sweep")) == []


def test_a_sweep_that_is_stopped_keeps_its_table(monkeypatch: Any, capsys: Any) -> None:
    from imgret import pipeline

    write(Path("photos"), PICTURES)
    real = pipeline.run

    def run(settings: dict[str, Any]) -> Any:
        if settings["k"] == 4:
            raise KeyboardInterrupt
        return real(settings)

    monkeypatch.setattr("imgret.pipeline.run", run)
    assert main(["-m", "photos", "k=2,3,4,5", *SETTINGS]) == 130
    shown = capsys.readouterr()
    assert [row["k"] for row in tables()[0]] == ["2", "3"]
    assert shown.out.splitlines()[-1].startswith("sweep     runs/")
    assert "\nimgret: stopped; " in shown.err


def test_a_table_that_cannot_be_written_is_said(monkeypatch: Any, capsys: Any) -> None:
    write(Path("photos"), PICTURES)

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("imgret.evaluation.sweep.write_csv", full)
    assert main(["-m", "photos", "k=2,3", *QUICK]) == DiskFull.exit_code
    assert capsys.readouterr().err.startswith("imgret: runs cannot be written to: No space left on device\n")
    assert not list(Path("runs").glob("*sweep*"))


def test_nobody_reads_and_the_tables_are_there(monkeypatch: Any) -> None:
    write(Path("photos"), PICTURES)

    def say(self: Sweep, asked: Asked, *more: str) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(Sweep, "_say", say)
    monkeypatch.setattr("imgret.__main__.unread", lambda: True)
    assert main(["-m", "photos", "k=2,3", *QUICK]) == 0
    assert [row["k"] for row in tables()[0]] == ["2"]


def test_images_below_which_a_sweep_lies(capsys: Any) -> None:
    write(Path("cats"), PICTURES)
    assert main(["-m", ".", "k=2,3", *QUICK]) == 0
    assert main([".", "k=2", *QUICK]) == 0
    run = imgret.load()
    assert run.info.outcomes == {"ok": 6}
    assert run.info.skipped == {"of imgret's runs": 4}  # two, `latest` and the sweep
    assert run.truth_names == []  # the folder `runs` makes no label of the folder `cats`


def test_lines_of_the_log_are_said_once(caplog: Any) -> None:
    log = logging.getLogger("imgret")
    with said_once(), caplog.at_level(logging.INFO, "imgret"):
        for number in (1, 1, 2):
            log.info("job %s", number)
    with caplog.at_level(logging.INFO, "imgret"):
        log.info("job %s", 1)
    assert [record.getMessage() for record in caplog.records] == ["job 1", "job 2", "job 1"]
