"""`imgret sweep-k`, from a run to its table, its picture and its words."""

import json
from pathlib import Path

import pytest

import imgret
from imgret.__main__ import main
from imgret.care.runcheck import RunCheck
from imgret.store.store import home

QUICK = {"backbone": "pixels", "view": "pca", "reports": [], "attributes": [], "metrics": []}


@pytest.fixture
def run(colours: Path) -> imgret.Run:
    return imgret.run(colours, k=2, **QUICK)


def test_a_table_for_people(run: imgret.Run, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run.folder / "run.json").read_bytes()
    assert main(["sweep-k"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["k", "support", "silhouette", "Davies-Bouldin", "Calinski-Harabasz", "stability"]
    assert [line.split()[0] for line in lines[1:4]] == ["2", "3", "4"]
    assert lines[2].split()[1].endswith("*")
    assert lines[4].startswith("k         3")
    assert lines[4].endswith(", by kmeans")
    assert lines[5].startswith("          silhouette says 3")
    assert lines[-2].startswith("cost      3 numbers from 2 to 4, 33 clusterings of halves of 24 images, ")
    assert lines[-1] == f"picture   runs/{run.folder.name}/sweep_k/kmeans_2-4.png"
    assert (run.folder / "sweep_k" / "kmeans_2-4.png").is_file()
    assert (run.folder / "run.json").read_bytes() == before
    assert list(RunCheck(run.folder, home(), dry=True).faults()) == []


def test_json_another_clusterer_and_a_range(run: imgret.Run, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep-k", "--run", str(run.folder), "--from", "3", "--to", "4", "--clusterer", "agglomerative", "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["clusterer"] == "agglomerative"
    assert [row["k"] for row in found["table"]] == [3, 4]
    assert set(found) == {"run", "clusterer", "vote", "votes", "weak", "table", "points", "clusterings", "picture"}
    assert Path(found["picture"]).is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--to", "5"], "--from 2 --to 5: among 24 images it is looked at from 2 to 4 clusters"),
        (["--from", "1"], "--from 1 --to 4: among 24 images"),
        (["--clusterer", "hdbscan"], "k has no effect on clusterer=hdbscan"),
        (["--clusterer", "kmean"], "no clusterer 'kmean', did you mean kmeans?"),
    ],
)
def test_wrong_use(run: imgret.Run, words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep-k", *words]) == 2
    assert says in capsys.readouterr().err
