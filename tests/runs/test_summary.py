"""The summary of a run: counts, scores, and noise in words."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from imgret.figures import Figure
from imgret.findings.info import Choice, Fitted, Info, Now, Since, Stage
from imgret.registry import register
from imgret.runs.summary import _query, summary
from imgret.search.search import Hit


def _run(folder: Path, **changes: Any) -> Any:
    items, junk = [SimpleNamespace(file="photos/a.jpg")], np.zeros(2, bool)
    info = Info(
        title="in", config={}, fitted=Fitted(retriever={"name": "exact", "probes": 1}), space={}, root="", files=1,
        backbone=Choice("pixels", "pixels"), stages={"list": Stage(2.0)},
    )  # fmt: skip
    run: dict[str, Any] = {
        "info": info, "metrics": {"recall_at_top": 1.0, "nmi": 0.5}, "labels": np.array([-1, 0]),
        "collection": SimpleNamespace(items=items, outcomes={"ok": 1}, first=[0], records=[], junk=junk,
                                      disagreeing={}),
        "settings": {"clusterer": {"name": "kmeans"}, "retriever": {"name": "exact"}, "rerank": None, "top": 5,
                     "formats": [], "attributes": ["dark_hue"]},
        "features": np.zeros((2, 3)),
        "truth_names": ["a"], "group_names": ["x", "y"], "group_word": "group", "truth": np.array([0, 0]),
        "ids": ["i", "j"], "paths": ["a.jpg", "b.jpg"], "medoids": [0], "folder": folder,
        "search": lambda row, top: [Hit(1, 0.5, -1, "b.jpg", "j", ""), Hit(2, 0.25, 0, "c.jpg", "k", "")],
    }  # fmt: skip
    return SimpleNamespace(**(run | changes))


def test_one_is_one_and_noise_is_noise(tmp_path: Path) -> None:
    lines = summary(_run(tmp_path))
    assert lines[0] == "images    1 file = 1 ok"
    assert any(line.startswith("against   1 label, 2 groups") for line in lines)
    assert "search    exact: recall@5 1.000, 1 cluster probed" in lines
    assert "  1. 0.500  b.jpg  (noise)" in lines
    assert "  2. 0.250  c.jpg  (cluster 0)" in lines


@pytest.mark.parametrize(
    ("own", "exact", "said"),
    [
        (100.0, 250.0, "search    exact: recall@5 1.000, 1 cluster probed; an exact scan is 2.5 times as fast here"),
        (100.0, 110.0, "search    exact: recall@5 1.000, 1 cluster probed"),
        (None, None, "search    exact: recall@5 1.000, 1 cluster probed"),
    ],
)
def test_a_scan_of_everything_that_is_clearly_quicker_is_told_of(
    tmp_path: Path, own: float | None, exact: float | None, said: str
) -> None:
    run = _run(tmp_path)
    run.info.fitted.queries_per_second, run.info.fitted.exact_queries_per_second = own, exact
    assert said in summary(run)


def test_figures_stand_under_their_titles_however_long(tmp_path: Path) -> None:
    said = "It is.", 1, ".1f"
    shown = [
        Figure("far", "as far as it goes", *said, role="labels"),
        Figure("own", "own", *said),
        Figure("a", "A", *said),
    ]
    register("metric", "three", shown)(lambda labels, truth: {})
    lines = summary(_run(tmp_path, metrics={"nmi": 0.5, "own": 1.0, "far": 22.25, "a": 2.0, "silhouette": 0.25}))
    at = lines.index("against   1 label, 2 groups     NMI  as far as it goes")
    assert lines[at + 1 : at + 3] == [
        "          pixels              0.500               22.2",
        "quality   own 1.0, A 2.0",
    ]


def test_without_two_labels_the_clusters_speak_for_themselves(tmp_path: Path) -> None:
    lines = summary(_run(tmp_path, metrics={"silhouette": 0.25, "davies_bouldin": 1.0}))
    assert "quality   silhouette 0.250 (one label: nothing to check against)" in lines


def test_what_the_previous_run_had_otherwise(tmp_path: Path) -> None:
    since = Since("earlier", 0, 1, 1, 2, [Now(0, 2, 0, 1), Now(1, 1, 2, 0)], None)
    run = _run(tmp_path)
    run.info.since = since._replace(then=["k=3", "seed=1"])
    said = "since     earlier: 0 images new, 1 gone; 1 of 2 clusters as they were, 2 images moved"
    assert f"{said}; made with k=3 seed=1 then" in summary(run)
    run.info.since = since  # as in runs of 0.1.0
    assert said in summary(run)


def test_a_column_s_name_is_printed_as_text(tmp_path: Path) -> None:
    lines = summary(_run(tmp_path, metrics={"ami_a\x1b[2J\udcff": 0.5}))
    assert r"follows   AMI of the clusters with a\x1b[2J\udcff 0.50" in lines


def test_what_is_no_more_than_chance_is_not_told_of_columns_and_said_of_labels(tmp_path: Path) -> None:
    metrics = {"ami": 0.5, "ami_group": 0.01, "ami_hue": 0.3, "ami_day": 0.2, "ami_shop": 0.1, "ami_covered": 0.5}
    chance = {"chance_ami": 0.1, "chance_ami_group": 0.02, "chance_ami_hue": 0.4, "chance_ami_day": 0.1}
    lines = summary(_run(tmp_path, metrics=metrics | chance))
    assert "follows   AMI of the clusters with label 0.50, group 0.01 (as by chance), day 0.20, shop 0.10" in lines


@pytest.mark.parametrize(
    ("amis", "word", "said"),
    [
        ({"ami": 0.4, "ami_group": 0.31}, "group", "group about as much as"),
        ({"ami": 0.4, "ami_group": 0.41}, "camera", "camera more than"),
        ({"ami": 0.4, "ami_group": 0.29}, "camera", ""),
        ({"ami": 0.4, "ami_group": 0.31, "chance_ami_group": 0.35}, "camera", ""),
        ({"ami": 0.02, "ami_group": 0.04}, "camera", ""),  # hardly either
        ({"ami_group": 0.9}, "camera", ""),  # nothing is known of what they should follow
        ({"ami": 0.4, "ami_shop": 0.9}, "camera", ""),  # what an image shows may go with the shop
        ({"ami": 0.4, "ami_group": 0.31, "ami_size": 0.35}, "camera", "size about as much as"),
        ({"ami": 0.4, "ami_group": 0.31, "ami_dark_hue": 0.5}, "camera", "dark hue more than"),  # an attribute
        ({"ami": 0.4, "ami_group": 0.31, "ami_camera": 0.1}, "group", "group about as much as"),  # two cameras
    ],
)  # fmt: skip
def test_clusters_that_follow_how_images_were_taken(
    tmp_path: Path, amis: dict[str, float], word: str, said: str
) -> None:
    lines = summary(_run(tmp_path, metrics=amis, group_word=word))
    notes = [line for line in lines if line.startswith("note ")]
    assert notes == [f"note      the clusters follow the {said} the label: read them with care"] * bool(said)


def test_cameras_distractors_and_junk_are_told(tmp_path: Path) -> None:
    run = _run(tmp_path, group_word="camera", metrics={"nmi": 0.5, "ami": 0.5, "ami_group": 0.1})
    run.truth, run.collection.junk = np.array([0, 0, -1, -1, -1]), np.array([False, True, True, False, False])
    lines = summary(run)
    at = lines.index("against   1 label, 2 cameras     NMI")
    assert lines[at + 2] == "          2 distractors ranked; 2 junk not ranked"
    assert "follows   AMI of the clusters with label 0.50, camera 0.10" in lines


def test_the_image_that_it_searches_with_is_no_junk(tmp_path: Path) -> None:
    run = _run(tmp_path, medoids=[0, 1])
    run.collection.junk[0] = True
    assert "query     b.jpg" in summary(run)


@pytest.mark.parametrize(
    ("folder", "path", "typed"),
    [
        ("runs/1", "a b.jpg", "'a b.jpg'"),
        ("mine/1", "a.jpg", "a.jpg --run mine/1"),
        ("mine/1", "-1_c1.jpg", "--run mine/1 -- -1_c1.jpg"),
    ],
)
def test_what_to_type_next_names_the_run_where_it_is_not_looked_for_there(folder: str, path: str, typed: str) -> None:
    collection = SimpleNamespace(items=[SimpleNamespace(file="")], first=[0])
    run: Any = SimpleNamespace(folder=Path(folder), collection=collection, paths=[path])
    assert _query(run) == typed
