"""A set of queries: read as the run was, put to the run, which stays as it is."""

from pathlib import Path

import numpy as np
import pytest

import imgret
from imgret import UsageError
from imgret.evaluation.evaluate import retrieval
from imgret.evaluation.queryset import _coded, read
from imgret.runs.run import Run
from imgret.store.files import sha256
from tests.conftest import png, write

SAME = {"backbone": "pixels", "view": "pca", "reports": [], "metrics": [], "attributes": []}
RED, BLUE = (250, 20, 20), (20, 20, 250)


@pytest.fixture
def market(tmp_path: Path) -> Run:
    """Persons 2 (red) and 7 (blue) on two cameras, a distractor, and junk."""
    crops = {
        "0002_c1s1_01.png": png(RED, noise=1),
        "0002_c2s1_01.png": png(RED, noise=2),
        "0002_c2s1_02.png": png((200, 60, 60), noise=3),
        "0007_c1s1_01.png": png(BLUE, noise=4),
        "0007_c2s1_01.png": png(BLUE, noise=5),
        "0000_c1s1_01.png": png((230, 30, 30), noise=6),
        "-1_c2s1_01.png": png(RED, noise=7),
    }
    folder = write(tmp_path / "market" / "bounding_box_test", crops)
    return imgret.run(folder, preset="market1501", k=2, **SAME)


def test_market_1501_s_folders_by_hand(market: Run, tmp_path: Path) -> None:
    queries = {
        "0002_c1s1_77.png": png(RED, noise=8),
        "0007_c2s1_77.png": png(BLUE, noise=9),
        "0000_c2s1_77.png": png(BLUE, noise=10),
        "-1_c2s1_77.png": png(BLUE, noise=11),
        "0009_c1s1_77.png": png(BLUE, noise=12),  # nobody of the run
        "broken.png": b"no image",
    }
    before = {file.name: sha256(file) for file in market.folder.iterdir() if file.is_file()}
    asked = read(imgret.load(market.folder), str(write(tmp_path / "market" / "query", queries)))
    assert asked.collection.outcomes == {"ok": 5, "unsupported": 1}
    found = retrieval(market, asked)
    assert found is not None
    assert (found.asked, found.queries, found.gallery, found.distractors, found.junk) == (5, 2, 6, 1, 1)
    assert found.left_out == {"junk": 1, "without a label": 1, "with nothing to find": 1, "unsupported": 1}
    assert found.groups
    # Each query is put to 5 images. The red one finds 0002_c2s1_01, the distractor, then 0002_c2s1_02, the blue one
    # the only one of its own first.
    names = {market.paths[row]: row for row in range(len(market.paths))}
    (place,) = [i for i, path in enumerate(asked.collection.paths) if path.startswith("0002")]
    order = sorted(names, key=lambda name: -float(asked.Q[place] @ market.X[names[name]]))
    kept = [name for name in order if not name.startswith(("-1", "0002_c1"))]
    assert kept[:3] == ["0002_c2s1_01.png", "0000_c1s1_01.png", "0002_c2s1_02.png"]
    assert found.figures["map"].value == pytest.approx(((1 + 2 / 3) / 2 + 1) / 2)
    assert found.figures["rank_1"].value == 1
    assert {file.name: sha256(file) for file in market.folder.iterdir() if file.is_file()} == before


def test_the_run_s_own_images_as_queries_give_what_the_run_gives(colours: Path) -> None:
    run = imgret.run(colours, k=3, **(SAME | {"metrics": ["retrieval"]}))
    asked = read(run, str(colours))
    np.testing.assert_allclose(asked.Q, run.X, atol=1e-6)
    assert asked.trial.own.tolist() == list(range(24))
    alone, apart = retrieval(run), retrieval(run, asked)
    assert alone is not None
    assert apart is not None
    assert {name: each.value for name, each in apart.figures.items()} == pytest.approx(
        {name: each.value for name, each in alone.figures.items()}
    )
    for name, ours in {"map": "map", "p_at_10": "p_at_10", "rank_1": "rank_1"}.items():
        assert alone.figures[ours].value == pytest.approx(run.metrics[name])
    assert (alone.queries, alone.apart, apart.apart) == (24, False, True)


def test_labels_are_coded_as_the_run_s() -> None:
    """Unknown stays unknown, and so is what the run does not know."""
    assert _coded(np.array([0, 1, -1, 1]), ["x", "b"], ["a", "b"]).tolist() == [-1, 1, -1, 1]
    assert _coded(np.array([-1]), [], ["a"]).tolist() == [-1]


def test_what_cannot_be_queries(colours: Path, tmp_path: Path) -> None:
    run = imgret.run(colours, k=3, **SAME)
    other = write(tmp_path / "other", {"grey/a/1.png": png((9, 9, 9)), "black/a/1.png": png((1, 1, 1))})
    with pytest.raises(UsageError, match=r"none of 2 images in .* has a label that an image of the run has \(2 labels"):
        read(run, str(other))
    with pytest.raises(UsageError, match="has no readable image in it: 1 unsupported"):
        read(run, str(write(tmp_path / "bad", {"red/a/1.png": b"no image"})))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="has no files in it"):
        read(run, str(tmp_path / "empty"))
    with pytest.raises(UsageError, match="nowhere: does not exist"):
        read(run, "nowhere")
    run.info.space["vectors"] = "0"
    with pytest.raises(UsageError, match="computed elsewhere"):
        read(run, str(colours))
    run.info.config["source"] = {"name": "digits"}
    with pytest.raises(UsageError, match="which reads no folder"):
        read(run, str(colours))
