"""What clusters are called, by hand: what stands out, labels, columns, words; and what is beside them."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from imgret.contracts import Backbone, Preprocess, TextTower
from imgret.findings.names import log_odds, names, stands_out
from imgret.settings.vocabulary import words
from tests.findings.clustered import clustered


def test_log_odds_by_hand() -> None:
    """The prior is 10 times the shares of all, which are 28 and 52 of 80: 3.5 and 6.5."""
    counts = np.array([[18, 2], [10, 50]])
    difference, z = log_odds(counts)
    expected = math.log(21.5 / 8.5) - math.log(13.5 / 56.5)  # 2.359
    assert difference == pytest.approx(np.array([[expected, -expected], [-expected, expected]]))
    assert z[0, 0] == pytest.approx(expected / math.sqrt(1 / 21.5 + 1 / 8.5 + 1 / 13.5 + 1 / 56.5))  # 4.66
    assert stands_out(counts).tolist() == [[True, False], [False, True]]
    assert not stands_out(np.array([[8, 2], [10, 30]])).any()  # 1.307, which is 2.36 deviations
    assert not stands_out(np.array([[6000, 4000], [5000, 5000]])).any()  # sure, but not twice as likely
    assert not stands_out(np.array([[5, 5], [5, 5]])).any()


def test_what_no_image_has_stands_out_nowhere() -> None:
    difference, z = log_odds(np.array([[18, 2, 0], [10, 50, 0]]))
    assert np.abs(z[:, 2]).max() < 1e-3
    assert difference[:, :2] == pytest.approx(log_odds(np.array([[18, 2], [10, 50]]))[0], abs=1e-6)


@given(st.lists(st.lists(st.integers(0, 50), min_size=3, max_size=3), min_size=2, max_size=5))
def test_log_odds_are_finite_and_shrink(counts: list[list[int]]) -> None:
    """With the prior, no difference is larger than that of the counts alone."""
    found = np.array(counts)
    found[0] += 1
    difference, z = log_odds(found)
    assert np.isfinite(difference).all()
    assert (np.sign(z) == np.sign(difference)).all()
    rest = found.sum(axis=0) - found
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = np.log(found / (found.sum(1, keepdims=True) - found)) - np.log(
            rest / (rest.sum(1, keepdims=True) - rest)
        )
    sure = np.isfinite(plain)
    assert (np.abs(difference[sure]) <= np.abs(plain[sure]) + 1e-9).all()


def test_names_by_label() -> None:
    labels = [0] * 20 + [1] * 20 + [2] * 10
    truth = ["hat"] * 16 + ["shoe"] * 4 + ["bag"] * 8 + ["shoe", "hat"] * 6 + ["", "sock"] * 5
    assert names(clustered(labels, label=truth)) == ["mostly hat (80 %)", "like 020.jpg", "mostly sock (100 %)"]
    alike = ["hat", "shoe"] * 25
    nothing = ["like 000.jpg", "like 020.jpg", "like 040.jpg"]
    assert names(clustered(labels, label=alike)) == nothing
    assert names(clustered(labels, label=["hat"] * 50)) == nothing
    close = ["hat"] * 57 + ["shoe"] * 43 + ["hat"] * 45 + ["shoe"] * 55  # 57 %, and not twice the odds
    assert names(clustered([0] * 100 + [1] * 100, label=close)) == ["like 000.jpg", "like 100.jpg"]
    half = ["hat"] * 10 + ["shoe"] * 10 + ["bag", "sock"] * 10  # as many as not are no name
    assert names(clustered([0] * 20 + [1] * 20, label=half)) == ["like 000.jpg", "like 020.jpg"]
    thirds = ["hat"] * 20 + ["shoe"] * 10 + ["bag"] * 30
    assert names(clustered([0] * 30 + [1] * 30, label=thirds)) == ["mostly hat (67 %)", "mostly bag (100 %)"]
    assert names(clustered([0] * 10 + [-1] * 30, label=["a\u202eb"] * 10 + ["c"] * 30)) == ["mostly a\\u202eb (100 %)"]


def test_names_by_columns() -> None:
    labels = [0] * 20 + [1] * 20 + [2] * 20
    run = clustered(
        labels,
        taken=[f"20{9 + 2 * (i >= 20):02}-01-0{1 + i % 9}T00:00:00" for i in range(60)],
        camera=["Canon"] * 19 + ["Kodak"] * 41,
        season=["summer", "winter"] * 30,
        gps_area=["north"] * 20 + ["south"] * 40,
        stock=["0"] * 40 + ["1"] * 20,
        size=["L"] * 40 + ["S"] * 16 + ["L"] * 4,
    )
    assert names(run) == [
        *["mostly stock 0 (100 %), size L (100 %)"] * 2,
        "mostly stock 1 (100 %), size S (80 %)",
    ]


def test_how_images_were_taken_and_look_comes_last() -> None:
    """By the camera where dates and folders say nothing, by what an attribute measured; never by a colour's number."""
    labels = [0] * 20 + [1] * 20 + [2] * 20
    run = clustered(
        labels,
        camera=["Canon"] * 19 + ["Kodak", "Sony"] * 20 + [""],
        hue=["red"] * 20 + ["blue"] * 16 + ["red"] * 24,
        hue_rgb=["#ff0000"] * 40 + ["#0000ff"] * 20,
    )
    assert names(run) == ["mostly Canon (95 %)", "mostly blue (80 %)", "like 040.jpg"]


def test_a_look_that_three_quarters_have_or_two_clusters_is_no_name() -> None:
    labels = [0] * 20 + [1] * 20 + [2] * 20 + [3] * 40
    hue = ["red"] * 20 + ["red"] * 20 + ["blue"] * 15 + ["green"] * 5 + ["grey"] * 32 + ["green"] * 8
    like = ["like 000.jpg", "like 020.jpg", "like 040.jpg"]
    assert names(clustered(labels, hue=hue)) == [*like[:3], "mostly grey (80 %)"]


def test_columns_that_repeat_the_path_are_told_as_places() -> None:
    path = [f"trips/{'Italy' if i < 20 else 'Home'}/{i:03}.jpg" for i in range(60)]
    run = clustered([0] * 20 + [1] * 40, path=path, folder=[p.split("/")[1] for p in path])
    assert names(run) == ["in trips/Italy", "like 020.jpg"]


def test_names_by_shape_group_and_numbers() -> None:
    labels = [0] * 20 + [1] * 20 + [2] * 20 + [3] * 20
    run = clustered(
        labels,
        sizes=["3 4"] * 20 + ["4 3"] * 60,
        group=["c1"] * 20 + ["c2"] * 20 + ["c1", "c3"] * 20,
        price=[str(i * 7 % 55 + 20) for i in range(60)] + [str(100 + i) for i in range(20)],
    )
    assert names(run) == [
        "mostly camera c1 (100 %)",
        "mostly camera c2 (100 %)",
        "like 040.jpg",
        "mostly high price (80 %)",
    ]


def test_names_by_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tower that puts `dog` and `cat` where the first cluster is, and nothing near the second."""
    known = words()
    place = {f"a photo of a {word}": row for row, word in enumerate(known)}
    rows = np.random.default_rng(0).normal(size=(len(known), 64)).astype(np.float32)
    rows[[known.index("dog"), known.index("cat")], 0] += [60, 40]

    class Tower(torch.nn.Module):
        def forward(self, tokens: torch.Tensor) -> torch.Tensor:
            return torch.from_numpy(rows)[tokens]

    run = clustered([0] * 4 + [1] * 4, np.eye(64)[[0] * 4 + [1] * 4])
    run.info.space = {"text": "0123"}
    tower = TextTower(Tower(), lambda texts: torch.tensor([place[text] for text in texts]))
    run.backbone = Backbone(torch.nn.Identity(), Preprocess((8, 8)), "none", text=tower)
    assert names(run) == ["looks like dog, cat", "like 004.jpg"]
    Path("few.txt").write_text("\n".join(known[:60]))  # dog is among them
    run.info.config["vocabulary"] = "few.txt"
    assert names(run)[0].startswith("looks like dog")
    Path("few.txt").unlink()
    assert names(run) == ["like 000.jpg", "like 004.jpg"]  # a run from elsewhere
