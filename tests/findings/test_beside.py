"""What lies beside a cluster, by hand: its dates, its folder, its representative."""

import pytest

from imgret.findings.beside import beside, likeness
from tests.findings.clustered import clustered

LATE = ["2020-01-01T00:00:00"]  # a third cluster of one image: the whole run takes ten years


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        (["2010-01-01T12:00:00"] * 10, "1 January 2010"),
        ([f"2010-01-{day:02}T12:00:00" for day in range(1, 11)], "January 2010"),
        (["2010-01-30"] * 5 + ["2010-03-01"] * 5, "January to March 2010"),
        (["2010-12-31T12:00:00"] * 5 + ["2011-01-01T12:00:00"] * 5, "2010 to 2011"),
        (["2010-01-01"] * 9 + ["2019-01-01"], "1 January 2010"),  # one of ten
        (["2010-01-01"] * 5 + ["2019-01-01"] * 5, ""),  # nine of ten years
        (["2010-01-01"] * 5 + [""] * 5, ""),  # half of them have none
        (["2010-01-01"] * 6 + ["nonsense"] * 4, "1 January 2010"),
        ([""] * 10, ""),
    ],
)
def test_dates(taken: list[str], said: str) -> None:
    run = clustered([0] * 10 + [1], taken=taken + LATE)
    assert beside(run)[0] == said


def test_dates_of_one_day_set_nothing_apart() -> None:
    assert beside(clustered([0] * 5 + [1] * 5, taken=["2010-01-01T12:00:00"] * 10)) == ["", ""]


def test_folders() -> None:
    """a/x holds 8 of 20, 6 of them in cluster 0; a holds all of it; b/y/z 4 of cluster 1, of 10."""
    path = [*["a/x"] * 6, *["a/w"] * 4, *["a/x"] * 2, *["b/y/z"] * 4, *["b/y"] * 2, "b", "c"]
    run = clustered([0] * 10 + [1] * 10, path=[f"{folder}/{i:03}.jpg" for i, folder in enumerate(path)])
    assert beside(run) == ["", "in b/y"]  # a/x: .6 is not twice .4; a holds 12 of 20
    path[6:12] = ["a/x", "a/x", *["a/w"] * 4]
    run = clustered([0] * 10 + [1] * 10, path=[f"{folder}/{i:03}.jpg" for i, folder in enumerate(path)])
    assert beside(run) == ["in a/x", "in b/y"]


def test_long_names_keep_their_end() -> None:
    deep, flat = "holidays in the south/" + "with uncle " * 3 + "Joe", "x" * 50 + ".jpg"
    run = clustered([0] * 4 + [1] * 4, path=[f"{deep}/{i}.jpg" for i in range(4)] + [f"{i}{flat}" for i in range(4)])
    assert beside(run) == [f"in {deep.split('/')[1]}", ""]
    assert likeness(run) == ["like 0.jpg", f"like ...{'x' * 33}.jpg"]
