"""The report clusters: its table, and its cards."""

import csv
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

from imgret.findings.info import Now, Since
from imgret.findings.profiles import Profile
from imgret.plugins.reports.clusters import clusters
from tests.plugins.reports.conftest import fake_run, shade


def test_the_table_has_the_name_and_ids(tmp_path: Path) -> None:
    profiles = [Profile("mostly red, low", [1, 0], []), Profile("", [], [2])]
    run = fake_run([0, 0, 1, -1], ids=list("abcd"), profiles=profiles)
    with clusters(run, tmp_path)[1].open(newline="") as stream:
        rows = [row[-3:] for row in csv.reader(stream)]
    assert rows == [["name", "boundary", "odd"], ["mostly red, low", "b a", ""], ["", "", "c"], ["", "", ""]]


def test_the_table_of_clusters(tmp_path: Path) -> None:
    names = ["a,b", "shoe\udcff"]
    run = fake_run(
        [0, 0, 0, 1, -1],
        paths=["x/1.png", 'say "hi".png', "x/3.png", "caf\udce9.png", "x/5.png"],
        medoids=np.array([1, 3]),
        distances=np.array([0.5, 0.25, 0.25, 1 / 3, 2], np.float32),
        truth=np.array([1, 0, 1, -1, 0]),
        truth_names=names,
    )
    table = clusters(run, tmp_path)[1]
    assert table.name == "clusters.csv"
    assert table.read_bytes() == (
        b"cluster,size,representative,mean_distance,label,label_share,labelled,was,stayed,came,left,name,boundary,odd\n"
        b'0,3,"say ""hi"".png",0.333333,shoe\xff,0.666667,3,,,,,,,\n'
        b"1,1,caf\xe9.png,0.333333,,,0,,,,,,,\n"
        b'-1,1,,2.0,"a,b",1.0,1,,,,,,,\n'
    )


def test_the_table_of_clusters_beside_an_earlier_run(tmp_path: Path) -> None:
    since = Since("earlier", 1, 1, 0, 3, [Now(1, 2, 1, 4), Now(None, 0, 1, 0)], Now(-1, 1, 0, 3))
    run = fake_run([0, 0, 0, 1, -1], info=SimpleNamespace(since=since))
    rows = clusters(run, tmp_path)[1].read_text().splitlines()
    assert [row.split(",")[7:11] for row in rows[1:]] == [
        ["1", "2", "1", "4"],
        ["", "0", "1", "0"],
        ["-1", "1", "0", "3"],
    ]


def test_cards_show_the_representative_and_an_even_spread(tmp_path: Path) -> None:
    run = fake_run([0] * 9 + [1, 1], medoids=np.array([4, 9]))
    others = [0, 1, 2, 3, 5, 6, 7, 8]
    picture = clusters(run, tmp_path)[0]
    assert picture.name == "clusters.jpg"
    assert sorted(run.opened) == sorted([4, *(others[i] for i in (1, 3, 5, 7)), 9, 10])
    with Image.open(picture) as page:
        left, top = 72, 72 + 62 + 38 + 48
        second = left + 4 * 116 + 3 * 6 + 48
        expected = {
            (left + 119, top + 119): 4,
            (left + 2 * 122 + 58, top + 58): 1,
            (left + 3 * 122 + 58, top + 58): 3,
            (left + 2 * 122 + 58, top + 122 + 58): 6,
            (left + 3 * 122 + 58, top + 122 + 58): 8,
            (second + 119, top + 119): 9,
            (second + 2 * 122 + 58, top + 58): 10,
        }
        for spot, row in expected.items():
            assert np.allclose(page.getpixel(spot), shade(row), atol=4), row


def test_the_picture_is_of_the_largest_clusters_and_the_table_of_all(tmp_path: Path) -> None:
    run = fake_run(list(range(40)))
    table = clusters(run, tmp_path)[1].read_text().splitlines()
    assert sorted(run.opened) == list(range(24))
    assert [int(line.split(",")[0]) for line in table[1:]] == list(range(40))
