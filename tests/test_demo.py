"""The demo, as README's first command runs it: what it says, how much of it, and that its figures are no toy's."""

import os
import subprocess
import sys

import pytest

import imgret

pytestmark = pytest.mark.slow


def test_the_demo() -> None:
    command = [sys.executable, "-m", "imgret", "clusterer=kmeans", "k=100"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONWARNINGS": ""})
    assert done.returncode == 0, done.stderr
    lines = [*done.stderr.splitlines(), *done.stdout.splitlines()]
    slow = (" s left", "under way for")  # a slow machine tells how far it is
    assert len([line for line in lines if not any(said in line for said in slow)]) <= 25
    assert not [line for line in lines if "warn" in line.lower() or "Traceback" in line]
    run = imgret.load()
    assert len(run.collection.items) == 2291
    assert sum(run.info.outcomes.values()) == 2291
    assert run.info.outcomes["duplicate"] >= 10
    assert run.metrics["n_clusters"] == 100
    assert 0.75 < run.metrics["nmi"] < 0.95
    assert 0.45 < run.metrics["ari"] < 0.75
    assert 0.60 < run.metrics["p_at_10"] < 0.85
    assert 0.80 < run.metrics["rank_1"] < 0.98
    assert run.info.baseline["ari"] < 0.25
    assert run.info.baseline["p_at_10"] < 0.25
    assert run.metrics["ami_group"] < 0.05 < run.metrics["ami"]
    assert abs(run.metrics["recall_at_top"] - 0.99) <= 0.01
    assert {"map.png", "map_pca.png", "clusters.jpg"} <= {file.name for file in run.folder.iterdir()}
    assert len(list((run.folder / "clusters").glob("*.jpg"))) == 100
    assert done.stdout.splitlines()[-1].startswith("next      python -m imgret query ")
