"""How many clusters: what is typed, what gives way, and what is found."""

from pathlib import Path
from typing import Any

import pytest

from imgret.__main__ import main
from imgret.errors import UsageError
from imgret.settings.k import defer

SLOTS: dict[str, Any] = {slot: {"name": "any"} for slot in ("source", "backbone", "reducer", "view", "retriever")}
AUTO: dict[str, Any] = {**SLOTS, "clusterer": {"name": "kmeans", "k": "auto"}, "k": "auto", "typed": ["k"], "seed": 0}
QUICK = {"backbone": "pixels", "view": "pca", "reports": [], "attributes": [], "metrics": []}
WORDS = ["backbone=pixels", "view=pca", "reports=[]", "attributes=[]", "metrics=[]", "log=quiet"]


def test_auto_waits_as_a_whole_number() -> None:
    found = defer(AUTO)
    assert (found["k"], found["clusterer"]["k"], found["k_asked"]) == (2, 2, "auto")
    assert AUTO["k"] == "auto"
    other = AUTO | {"k": 5, "clusterer": {"name": "kmeans", "k": 5}}
    assert defer(other) == other
    own = defer(AUTO | {"k": 5})  # clusterer.k=auto
    assert (own["k"], own["clusterer"]["k"], own["k_asked"]) == (5, 2, "auto")
    idle = defer(AUTO | {"clusterer": {"name": "hdbscan"}})
    assert idle["k"] == 2
    assert "k_asked" not in idle
    with pytest.raises(UsageError, match=r"reducer.n_clusters=auto: only the clusterer's number is found"):
        defer(AUTO | {"reducer": {"name": "any", "n_clusters": "auto"}})


def test_words_of_the_command_line(colours: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(colours), "k=auto", "clusterer=hdbscan", *WORDS]) == 2
    assert "k has no effect on clusterer=hdbscan" in capsys.readouterr().err
    assert main([str(colours), "k=many", *WORDS]) == 2
    assert "type a whole number, such as k=100, or k=auto" in capsys.readouterr().err
    assert main(["-m", str(colours), "k=auto,2", *WORDS[:-1]]) == 0
    out = capsys.readouterr().out
    assert "1/2  k=auto" in out
    rows = [line.split() for line in out.splitlines() if line.startswith(("auto ", "2 "))]
    assert [(row[0], row[2]) for row in rows] == [("auto", "3"), ("2", "2")]
