"""Figures: what is said of one where its metric is registered is what every table shows."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret import register, registry
from imgret.__main__ import main
from imgret.figures import EVERYWHERE, Figure, Figures, above_chance, amis
from imgret.registry import declared, figures, load_plugins, options
from imgret.settings.options import root_node
from tests.test_main import QUICK

EVENNESS = """from imgret import register
from imgret.plugin import Figure

@register("metric", figures=[Figure("evenness", "even\\x1b[2J<ness>", "How equal\\x07 <b>sizes</b> are.", better=1)])
def evenness(labels):
    sizes = [int((labels == cluster).sum()) for cluster in range(labels.max() + 1)]
    return {"evenness": min(sizes) / max(sizes), "unsaid": 7.0}
"""
TITLE = r"even\x1b[2J<ness>"


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ({"better": 2}, "figure 'a': better is of 1, 0, -1, not [2]"),
        ({"role": "main"}, "figure 'a': role is of size, labels, alone, own, search, cost, not ['main']"),
        ({"where": ("page",)}, "figure 'a': where is of line, told, table, not ('page',)"),
        ({"where": None}, "figure 'a': where is of line, told, table, not None"),
        ({"format": "much"}, "Invalid format specifier"),
        ({"format": None}, "figure 'a': format is text or a function, not None"),
        ({"name": None}, "figure None: name, title and about are texts"),
        ({"title": None}, "figure 'a': name, title and about are texts"),
        ({"about": 1}, "figure 'a': name, title and about are texts"),
    ],
)
def test_what_could_not_be_shown_is_no_figure(what: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Figure(**({"name": "a", "title": "A", "about": "It is."} | what))


@pytest.mark.parametrize("cannot", [lambda value: {0.0: "x"}[value], lambda value: None, lambda value: ""])
def test_a_format_that_cannot_write_a_value_hides_no_run(cannot: Any) -> None:
    assert Figure("a", "A", "It is.", format=cannot).written(1.25) == "1.25"


def test_figures_are_written_by_their_format() -> None:
    share, known = Figure("a", "A", "It is.", format=".0%"), figures()
    assert (share.written(0.123), share.precise(0.123)) == ("12%", "0.123")
    assert [known["n_clusters"].written(value) for value in (1200.0, 2.5)] == ["1,200", "2.5"]
    assert [known["fit_seconds"].written(value) for value in (1.234, 1234.5)] == ["1.23", "1,234.5"]
    assert known["peak_bytes"].written(2.5e9) == "2,500"
    assert known["nmi"].precise(0.12345) == "0.123"


def test_families_and_variants_follow_one_rule() -> None:
    known = figures()
    assert known["ami"].title == "AMI"
    assert known["ami_covered"].title == "AMI, clustered"
    assert known["ami_covered"].about.endswith("1 the same. Without the images that are in no cluster.")
    assert known["map_without"].title == "mAP without"
    assert (known["ami_day"].name, known["ami_day"].title) == ("ami_day", "AMI with day")
    assert known["chance_ami"].title == "AMI with label, by chance"
    assert known["chance_ami_day"].title == "AMI with day, by chance"
    assert not any(known[name].where for name in ("ami_covered", "map_without", "ami_day"))


@pytest.mark.parametrize("name", ["of_a_plug_in_that_is_gone", "", "*", "a*b*", "gone_covered", "ami_"])
def test_a_figure_of_which_nothing_is_known_goes_by_its_name(name: str) -> None:
    assert figures()[name] == Figure(name, name, "", where=())
    assert name not in figures()
    assert figures().among([name], where="told") == []


def test_a_place_shows_what_is_meant_for_it_in_order() -> None:
    known = Figures(
        [
            Figure("b", "B", "It is.", role="labels"),
            Figure("c_*", "C *", "It is.", role="own", where=("told",)),
            Figure("a", "A", "It is.", role="alone", where=("table",)),
        ]
    )
    names = ["c_2", "fit_seconds", "a", "c_1", "b", "n_clusters", "b_covered"]

    def among(*roles: Any, where: Any) -> list[str]:
        return [each.name for each in known.among(names, *roles, where=where)]

    assert among(where="told") == ["n_clusters", "b", "c_2", "c_1"]
    assert among("own", "labels", where="told") == ["c_2", "c_1", "b"]
    assert among("alone", "cost", where="table") == ["a", "fit_seconds"]
    assert among(where="line") == ["n_clusters", "b"]


def test_a_figure_has_one_metric() -> None:
    for name in ("nmi", "images"):
        with pytest.raises(ValueError, match=f"figure '{name}' is that of (metric agreement|every run); "):
            register("metric", figures=[Figure(name, "A", "It is.")])(lambda labels: {})
    for name in ("", "*"):
        with pytest.raises(ValueError, match="a name says something"):
            register("metric", figures=[Figure(name, "A", "It is.")])(lambda labels: {})
    with pytest.raises(ValueError, match="has two figures 'a'"):
        register("metric", figures=[Figure("a", "A", "It is."), Figure("a", "B", "It is.")])(lambda labels: {})
    with pytest.raises(ValueError, match="has figures, and is no metric"):
        register("report", figures=[Figure("a", "A", "It is.")])(lambda run, folder: [])


@pytest.mark.parametrize("metric", options("metric"))
def test_built_in_metrics_say_all_of_their_figures(metric: str, colours: Path) -> None:
    given = imgret.run(colours, backbone="pixels", view="pca", reports=[], metrics=[metric], k=3, log="quiet").metrics
    known = Figures(declared(metric))
    assert all(known[name].title and known[name].about for name in given)
    assert all(each.about.endswith(".") and set(each.where) <= set(EVERYWHERE) for each in declared(metric))


@pytest.fixture
def even(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plug-in of one file, whose names are hostile."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "evenness.py").write_text(EVENNESS, encoding="utf-8")
    monkeypatch.setattr("imgret.dropped.__path__", [str(tmp_path / "mine")])
    load_plugins()


METRICS = "metrics=[sizes,agreement,geometry,evenness]"


@pytest.mark.usefixtures("even")
def test_a_plug_in_s_figure_is_shown_everywhere(colours: Path, capsys: Any) -> None:
    words = [word for word in QUICK if not word.startswith(("reports", "log"))]
    assert main([str(colours), "k=3", METRICS, *words, "reports=[page]"]) == 0
    assert f"quality   {TITLE} 1.000" in capsys.readouterr().out.splitlines()
    text = (imgret.load().folder / "report.html").read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.S)
    page = json.loads(data)
    assert page["figures"]["evenness"] == ["even\x1b[2J<ness>", "How equal\x07 <b>sizes</b> are.", "1.000", "–"]
    assert page["figures"]["unsaid"] == ["Unsaid", "", "7.000", "–"]
    assert page["figures"]["nmi"][0] == "NMI"
    assert page["head"] == ["nmi", "ari", "purity", "silhouette", "evenness"]

    assert main(["-m", str(colours), "k=3,2", METRICS, *words, "reports=[]"]) == 0
    head, first, second = capsys.readouterr().out.splitlines()[3:6]
    assert head.split()[:6] == ["k", "runs", "clusters", "noise", "NMI", "ARI"]
    assert TITLE in head
    assert "1.000°" in first  # of one seed: no claim
    assert "0.500 " in second
    (folder,) = Path("runs").glob("*-sweep")
    rows = list(csv.DictReader((folder / "table.csv").open(newline="")))
    assert [(row["evenness"], row["unsaid"]) for row in rows] == [("1.0", "7.0"), ("0.5", "7.0")]
    assert r"<button>even\x1b[2J&lt;ness&gt;</button>" in (folder / "table.html").read_text(encoding="utf-8")

    assert main(["compare"]) == 0
    assert TITLE in capsys.readouterr().out.splitlines()[0]
    assert main(["runs"]) == 0
    assert capsys.readouterr().out.count(f"  {TITLE} ") == 3
    assert main(["plugins", "metric"]) == 0
    assert r"    evenness             How equal\x07 <b>sizes</b> are." in capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("even")
def test_a_run_outlives_the_plug_in_of_its_figures(colours: Path, monkeypatch: Any, capsys: Any) -> None:
    for k in (2, 3):
        assert main([str(colours), f"k={k}", METRICS, *QUICK]) == 0
    del registry._found["metric", "evenness"]
    monkeypatch.setattr("imgret.dropped.__path__", [])
    capsys.readouterr()
    assert main(["compare"]) == 0
    assert main(["runs"]) == 0
    assert "even" not in capsys.readouterr().out
    assert imgret.load().metrics["evenness"] == 1.0


def test_built_in_metrics_and_reports_are_in_every_run_unless_they_say_why_not() -> None:
    asked_for = {"metric": set(), "report": {"albums", "dates"}}  # by preset=archive
    for kind, apart in asked_for.items():
        ours = {name for name, each in options(kind).items() if each.__module__.startswith("imgret.plugins.")}
        assert set(root_node()[f"{kind}s"]) == ours - apart


def test_what_the_clusters_follow_above_chance() -> None:
    metrics = {"ami": 0.5, "ami_day": 0.2, "chance_ami_day": 0.2, "ami_size": 0.3, "chance_ami_size": 0.1,
               "ami_covered": 0.9, "chance_ami": 0.01, "amity": 0.8}  # fmt: skip
    assert amis(metrics) == {"ami": 0.5, "ami_day": 0.2, "ami_size": 0.3}
    assert above_chance(metrics) == {"ami": 0.5, "ami_size": 0.3}
