"""What can be searched with, and what is said of anything else."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import Run, UsageError
from imgret.contracts import Item
from imgret.search.search import combined, read
from tests.search.test_where import fake


@pytest.fixture
def run(colours: Path) -> Run:
    return imgret.run(colours, backbone="pixels", view="pca", reports=[], k=3)


def test_nothing_to_search_with(run: Run) -> None:
    with pytest.raises(UsageError, match="no image to search with"):
        run.search([])


@pytest.mark.parametrize("name", ["~a.jpg", "~nouser/x.jpg", "a" * 300, "a\0b", "nowhere/x.jpg"])
def test_names_of_nothing(run: Run, name: str) -> None:
    for ask in (run.search, lambda n: read(run, n)):
        with pytest.raises(UsageError, match="neither a file nor an image of this run, by path, id, file name or key"):
            ask(name)


def test_a_file_whose_name_begins_with_a_tilde(run: Run, colours: Path) -> None:
    shutil.copy(colours / "red" / "a" / "0.png", "~a.jpg")
    assert run.search("~a.jpg", 3) == run.search("red/a/0.png", 3)
    assert read(run, "~a.jpg") == read(run, "red/a/0.png") == (colours / "red" / "a" / "0.png").read_bytes()


# Six unit vectors of a plane by their angles, so that a score is the cosine of a difference.
ANGLES = {"a": 0, "b": 40, "c": 100, "d": 200, "e": 250, "f": 340}


def plane() -> Run:
    rad = np.radians(list(ANGLES.values()))
    return fake(np.stack([np.cos(rad), np.sin(rad)], axis=1), [Item(f"{name}.jpg", label=name) for name in ANGLES])


def _at(angle: float) -> list[tuple[str, float]]:
    """What a query in this direction finds, best first."""
    scores = {name: np.cos(np.radians(other - angle)) for name, other in ANGLES.items()}
    return sorted(scores.items(), key=lambda pair: -pair[1])


def _found_as(hits: Any, angle: float, without: str) -> None:
    right = [(name, score) for name, score in _at(angle) if name not in without]
    assert [hit.label for hit in hits] == [name for name, _ in right]
    assert [hit.score for hit in hits] == pytest.approx([score for _, score in right], abs=1e-6)


def test_one_image_and_the_mean_of_several_by_hand() -> None:
    _found_as(plane().search("a.jpg"), 0, "a")
    _found_as(plane().search(["a.jpg", "b.jpg"]), 20, "ab")


def test_weights_by_hand() -> None:
    # 3 (1, 0) + 1 (cos 100, sin 100) = (2.826, 0.985): 19.21 degrees
    angle = np.degrees(np.arctan2(np.sin(np.radians(100)), 3 + np.cos(np.radians(100))))
    assert angle == pytest.approx(19.21, abs=0.01)
    _found_as(plane().search(["a.jpg", "c.jpg"], weights=[3, 1]), angle, "ac")
    assert plane().search(["a.jpg", "c.jpg"], weights=[3e307, 1e307]) == plane().search(
        ["a.jpg", "c.jpg"], weights=[3, 1]
    )
    assert plane().search(["a.jpg", "c.jpg"], weights=[2, 2]) == plane().search(["a.jpg", "c.jpg"])


def test_unlike_an_image_by_hand() -> None:
    # (1, 0) - 0.2 (cos 40, sin 40) = (0.847, -0.129): 8.63 degrees below a, where f gains on b
    angle = np.degrees(np.arctan2(-0.2 * np.sin(np.radians(40)), 1 - 0.2 * np.cos(np.radians(40))))
    assert angle == pytest.approx(-8.63, abs=0.01)
    _found_as(plane().search("a.jpg", unlike="b.jpg"), angle, "ab")
    # those of 100 and 200 degrees have a mean at 150, as long as you like
    angle = np.degrees(np.arctan2(-0.2 * np.sin(np.radians(150)), 1 - 0.2 * np.cos(np.radians(150))))
    _found_as(plane().search("a.jpg", unlike=["c.jpg", "d.jpg"]), angle, "acd")
    assert [hit.label for hit in plane().search("a.jpg", unlike="b.jpg", where="label>=e")] == ["f", "e"]


def test_a_query_has_unit_length_and_never_vanishes() -> None:
    same = np.float32([[0.6, 0.8]])
    np.testing.assert_allclose(combined(same, same), same, atol=1e-6)
    np.testing.assert_allclose(combined(same, np.float32([[0, 0]])), same, atol=1e-6)


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        ({"images": [], "unlike": ["a.jpg"]}, "no image to search with: to be unlike an image is not enough"),
        ({"images": ["a.jpg"], "weights": [1, 2]}, "2 weights for 1 image"),
        ({"images": ["a.jpg"], "weights": [0]}, "weight 0: it is a number above 0"),
        ({"images": ["a.jpg"], "weights": [float("nan")]}, "weight nan"),
        ({"images": ["a.jpg"], "weights": [float("inf")]}, "weight inf"),
        ({"images": ["a.jpg"], "weights": ["1"]}, "weight 1: it is a number above 0"),
        ({"images": ["a.jpg"], "top": 0}, "^top=0: the number of hits is a whole number, at least 1, such as 20$"),
        ({"images": ["a.jpg"], "top": "x"}, "^top=x: the number of hits is a whole number"),
        ({"images": ["a.jpg"], "top": 2.5}, "^top=2.5: the number of hits is a whole number"),
        ({"images": ["a.jpg"], "top": True}, "^top=True: the number of hits is a whole number"),
        ({"images": ["a.jpg"], "where": 3}, "^3: a text is wanted here, or a list of texts$"),
        ({"images": None}, "^picture 1 is of the type NoneType\ngive a path, the bytes"),
        ({"images": 3}, "^picture 1 is of the type int\ngive a path, the bytes"),
        ({"images": ["a.jpg"], "unlike": ["nowhere"]}, "nowhere: neither a file nor"),
        ({"images": ["00000000"]}, "00000000: the ids of several images begin so"),
        ({"images": ["1234567"]}, "1234567: neither a file nor"),
    ],
)
def test_what_cannot_be_asked(ask: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        plane().search(**ask)
    assert len(str(caught.value).splitlines()) <= 2


def test_the_beginning_of_an_id(run: Run) -> None:
    assert run.search(run.ids[3][:8], 4) == run.search(run.ids[3], 4)
    assert run.search(run.ids[-1][:20], 4) == run.search(run.ids[-1], 4)
