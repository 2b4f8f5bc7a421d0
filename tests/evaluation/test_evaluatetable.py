"""An evaluation in lines, and as JSON holds it: every word and column of it."""

from imgret.evaluation.evaluate import Clusters, Followed
from imgret.evaluation.evaluatetable import Evaluation, interval, text
from imgret.evaluation.probes import Cost, Probed
from imgret.ops.intervals import Interval

HALF = Interval(0.5, 0.25, 0.75)
CLUSTERS = Clusters(1200, 1000, 3, 40, 8, {"coverage": HALF, "nmi": Interval(1, 1, 1), "nmi_covered": HALF})
COST = Cost(
    [Probed("exact scan", None, Interval(1, 1, 1), Interval(1, 1, 1), 1234.5), Probed("lists", 2, HALF, None, 99)],
    2, 1, 20, "lists are slower",
)  # fmt: skip
FOLLOWS = [Followed("price", 9, 3, 0.5, -0.1, 0.1), Followed("a\nb", 9, 2, 0.1, -0.0001, 0.1)]
FOLLOWS += [Followed("group", 9, 6, 0.05, -0.1, 0.1)]


def evaluated(cost: Cost | None = COST, follows: list[Followed] = FOLLOWS) -> Evaluation:
    return Evaluation("runs/x", "kmeans", "python -m imgret evaluate", 7, CLUSTERS, None, cost, follows)


def test_in_lines() -> None:
    assert text(evaluated(), "camera") == [
        "CLUSTERS   40 by kmeans, of 1,200 images, against 3 labels of 1,000 images",
        "coverage      0.500 [0.250, 0.750]  in clusters; 8 in none: noise",
        "              all, noise as one cluster those in clusters",
        "NMI           1.000 [1.000, 1.000]      0.500 [0.250, 0.750]",
        "",
        "RETRIEVAL  no query has anything to find among others: two labels are needed, two images of one",
        "",
        "SEARCH     lists beside an exact scan, 1 query in one batch, on this machine",
        "probes        recall@20               share scanned           queries/s",
        "exact scan    1.000 [1.000, 1.000]    1.000 [1.000, 1.000]        1,234",
        "2 *           0.500 [0.250, 0.750]    -                              99",
        "* the run's own; lists are slower",
        "",
        "FOLLOWS    AMI of the clusters with each column; in brackets where chance alone takes it",
        "price         0.500 [-0.100, 0.100]   above chance  3 groups",
        r"a\nb          0.100 [0.000, 0.100]    as by chance  2 groups",
        "camera        0.050 [-0.100, 0.100]   as by chance  6 groups",
        "",
        "in brackets: 95 % intervals, by seed 7",
        "repeat     python -m imgret evaluate",
    ]


def test_where_little_is_known() -> None:
    lines = text(evaluated(None, []))
    assert "FOLLOWS    nothing is known of the images that groups them" in lines
    assert not any(line.startswith("SEARCH") for line in lines)


def test_no_zero_has_a_sign() -> None:
    assert interval(Interval(-0.0004, -0.0006, 0.0)) == "0.000 [-0.001, 0.000]"
    assert interval(None) == "-"


def test_as_json_holds_it() -> None:
    plain = evaluated().plain()
    assert plain["clusters"]["figures"]["nmi"] == {"value": 1, "low": 1, "high": 1}
    assert plain["search"]["rows"][1]["scanned"] is None
    assert plain["follows"][0] == {
        "column": "price", "images": 9, "groups": 3, "ami": 0.5, "low": -0.1, "high": 0.1, "above": True,
    }  # fmt: skip
    assert (plain["retrieval"], plain["follows"][1]["above"]) == (None, False)
