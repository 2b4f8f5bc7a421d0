"""What has become of a collection: clusters found again by hand and against the dense assignment, runs that count."""

import json
import re
import shutil
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import imgret
from imgret import Run
from imgret.__main__ import main
from imgret.findings.info import Now
from imgret.runs.previous import age, compare, match, otherwise, previous
from tests.conftest import png, write

QUICK: dict[str, Any] = {"backbone": "pixels", "view": "pca", "reports": [], "metrics": ["sizes"], "k": 3}


def _compare(now: dict[str, int], then: dict[str, int]) -> Any:
    return compare("before", list(now), np.array(list(now.values())), list(then), np.array(list(then.values())))


def test_clusters_and_images_by_hand() -> None:
    then = {"a": 0, "b": 0, "c": 0, "d": 0, "e": 1, "f": 1, "g": 2, "h": -1, "i": -1}
    now = {"e": 0, "f": 0, "x": 0, "y": 0, "a": 1, "b": 1, "c": 1, "z": 2, "d": 3, "h": -1, "i": 3}
    # 0 was 1 (e f, with x and y new), 1 was 0 (a b c, without d), 2 is new, 3 has d of 0 and i of the noise
    found = _compare(now, then)
    assert found.clusters == [Now(1, 2, 2, 0), Now(0, 3, 0, 1), Now(None, 0, 1, 0), Now(None, 0, 2, 0)]
    assert found.noise == Now(-1, 1, 0, 1)  # h stayed, i left
    assert (found.run, found.new, found.gone) == ("before", 3, 1)  # x y z; g
    assert found.moved == 2  # d and i
    assert found.kept == 1  # 0: what was 1 has all of its images, and new ones


def test_of_a_cluster_that_fell_apart_the_larger_part_is_it_and_of_equal_ones_the_first() -> None:
    then = dict.fromkeys("abcde", 0)
    assert [c.was for c in _compare(dict(zip("abcde", [0, 0, 1, 1, 1], strict=True)), then).clusters] == [None, 0]
    assert [c.was for c in _compare(dict(zip("abcd", [0, 0, 1, 1], strict=True)), then).clusters] == [0, None]
    grown = _compare(dict.fromkeys("abcd", 0), dict(zip("abcd", [0, 0, 1, 1], strict=True)))
    assert grown.clusters == [Now(0, 2, 2, 0)]
    assert (grown.kept, grown.moved) == (0, 2)


def test_nothing_in_common_and_nothing_changed() -> None:
    other = _compare({"a": 0, "b": 1}, {"c": 0, "d": -1})
    assert other.clusters == [Now(None, 0, 1, 0)] * 2
    assert (other.new, other.gone, other.kept, other.moved, other.noise) == (2, 2, 0, 0, None)
    same = _compare({"a": 1, "b": 0, "c": -1}, {"a": 1, "b": 0, "c": -1})
    assert same.clusters == [Now(0, 1, 0, 0), Now(1, 1, 0, 0)]
    assert (same.new, same.gone, same.kept, same.moved, same.noise) == (0, 0, 2, 0, Now(-1, 1, 0, 0))
    noise = _compare({"a": -1}, {"a": 0})
    assert (noise.clusters, noise.noise, noise.moved) == ([], Now(None, 0, 1, 0), 1)


LABELS = st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 5)), min_size=1, max_size=30)


@settings(deadline=None)
@given(LABELS)
def test_as_many_images_stay_as_in_the_best_of_all_matchings(pairs: list[tuple[int, int]]) -> None:
    now, then = np.array(pairs, np.int64).T
    table = np.zeros((5, 6), np.int64)
    for new, old in pairs:
        if new >= 0 and old >= 0:
            table[new, old] += 1
    was = match(now, then, 5, 6)
    mine = [(new, int(old)) for new, old in enumerate(was) if old >= 0]
    assert len({old for _, old in mine}) == len(mine)
    assert all(table[pair] > 0 for pair in mine)

    def worth(matching: list[tuple[int, int]]) -> tuple[int, int]:
        shared = [(new, old) for new, old in matching if table[new, old]]
        return sum(int(table[pair]) for pair in shared), sum((5 - new) * (6 - old) for new, old in shared)

    assert worth(mine) == max(worth(list(enumerate(order))) for order in permutations(range(6), 5))


def test_many_clusters_against_the_dense_assignment() -> None:
    from scipy.optimize import linear_sum_assignment

    random = np.random.default_rng(0)
    then = random.integers(0, 150, 4000)
    now = np.where(random.random(4000) < 0.4, random.integers(0, 130, 4000), then % 130)
    table = np.zeros((130, 150), np.int64)
    np.add.at(table, (now, then), 1)
    was = match(now, then, 130, 150)
    mine = table[np.flatnonzero(was >= 0), was[was >= 0]]
    assert mine.sum() == table[linear_sum_assignment(table, maximize=True)].sum()
    assert mine.all()


def _images(folder: Path, *numbers: int) -> Path:
    return write(folder, {f"{i}.png": png((40 + 20 * i, 60, 200 - 20 * i), noise=i + 1) for i in numbers})


def test_the_newest_whole_run_of_the_same_collection_counts(tmp_path: Path) -> None:
    mine, other = _images(tmp_path / "mine", *range(6)), _images(tmp_path / "other", *range(6))
    assert imgret.run(mine, **QUICK).info.since is None
    second = imgret.run(mine, **QUICK)
    third = imgret.run(mine, **QUICK)
    imgret.run(mine, out="elsewhere", **QUICK)
    theirs = imgret.run(other, **QUICK)
    assert theirs.info.since is None
    assert third.info.since.run == second.folder.name
    out = third.folder.parent

    def found() -> Run | None:
        return previous(third.info, out)

    newest = found()
    assert newest is not None
    assert newest.folder.resolve() == third.folder.resolve()
    labels = (third.folder / "labels.npy").read_bytes()
    (third.folder / "labels.npy").write_bytes(labels[:-1] + b"\7")
    (out / ".2999-01-01_000000-abcdef.tmp").mkdir()
    for number, text in enumerate(["", "[]", "{}", '{"fitted": [], "root": 1}', "[" * 100_000]):
        write(out, {f"2999-01-01_00000{number}-abcdef/run.json": text.encode()})
    newest = found()
    assert newest is not None
    assert newest.folder.resolve() == second.folder.resolve()
    shutil.rmtree(out)
    assert found() is None


def test_two_tables_of_one_folder_are_two_collections(tmp_path: Path) -> None:
    _images(tmp_path, *range(6))
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("path\n" + "".join(f"{i}.png\n" for i in range(6)))
    runs = [imgret.run(tmp_path / f"{name}.csv", **QUICK) for name in "aba"]
    assert [run.info.since and run.info.since.run for run in runs] == [None, None, runs[0].folder.name]


def test_a_relative_path_is_the_same_collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _images(tmp_path / "mine", *range(6))
    first = imgret.run(tmp_path / "mine", out=str(tmp_path / "runs"), **QUICK)
    monkeypatch.chdir(tmp_path)
    assert imgret.run("mine", **QUICK).info.since.run == first.folder.name


def test_the_line_and_the_table(tmp_path: Path, capsys: Any) -> None:
    colours = {"red": (250, 20, 20), "green": (20, 250, 20), "blue": (20, 20, 250)}
    files = {f"{name}{i}.png": png(rgb, noise=i + 1) for name, rgb in colours.items() for i in range(4)}
    folder = write(tmp_path / "in", files)
    words = [str(folder), "backbone=pixels", "view=pca", "reports=[clusters]", "k=3"]
    assert main(words) == 0
    assert "\nsince " not in capsys.readouterr().out
    first = sorted(Path("runs").glob("2*"))[0].name
    rows = (Path("runs") / first / "clusters.csv").read_text().splitlines()
    assert rows[0].endswith(",labelled,was,stayed,came,left,name,boundary,odd")
    assert all(re.search(r",0,,,,,[^,]+,[^,]*,[^,]*$", row) for row in rows[1:])
    (folder / "red0.png").unlink()
    write(folder, {f"blue{i}.png": png(colours["blue"], noise=i + 1) for i in (4, 5)})
    assert main(words) == 0
    line = f"since     {first}: 2 images new, 1 gone; 3 of 3 clusters as they were, 0 images moved"
    assert line in capsys.readouterr().out.splitlines()
    folder_now = Path("runs/latest").resolve()
    table = [row.split(",") for row in (folder_now / "clusters.csv").read_text().splitlines()[1:]]
    ends = {row[2][:3]: row[8:11] for row in table}
    assert (ends["blu"], ends["gre"], ends["red"]) == (["4", "2", "0"], ["4", "0", "0"], ["3", "0", "1"])
    assert sorted(row[7] for row in table) == ["0", "1", "2"]
    assert json.loads((folder_now / "run.json").read_text())["since"]["moved"] == 0


def test_what_the_run_before_had_otherwise() -> None:
    def settings(**changes: Any) -> dict[str, Any]:
        node = {"name": "kmeans", "k": 3, "n_init": 3, "seed": changes.get("seed", 0)}
        plain = {"backbone": {"name": "pixels"}, "reducer": {"name": "none"}, "clusterer": node}
        return {**plain, "k": 3, "seed": 0, "normalize": "centre", "view": {"name": "pca"}, **changes}

    assert otherwise(settings(), settings()) == otherwise(settings(view={"name": "tsne"}), settings()) == []
    assert otherwise(settings(k=5, seed=2), settings()) == ["k=5", "seed=2"]
    five = settings(k=5, clusterer={"name": "kmeans", "k": 5, "n_init": 3, "seed": 0})
    assert otherwise(five, settings()) == ["k=5"]  # once, as the run's
    assert otherwise(settings(), settings(clusterer={"name": "dbscan", "eps": 1})) == ["clusterer=kmeans", "k=3"]
    more = settings(clusterer={"name": "kmeans", "k": 3, "n_init": 9, "seed": 4})
    assert otherwise(more, settings()) == ["clusterer.n_init=9", "clusterer.seed=4"]
    assert otherwise(settings(rerank=None, reports=[]), settings(rerank={"name": "dba"}, reports=["x"])) == []
    assert otherwise(settings(limit=5), settings(limit=None)) == ["limit=5"]
    assert otherwise(settings(limit=None), settings(limit=5)) == ["limit=null"]
    assert otherwise(settings(limit=5), settings(limit=None), images=False) == []


def test_a_run_that_was_renamed_is_as_old_as_its_files(tmp_path: Path) -> None:
    import os

    for name, second in (("baseline", 10**9), ("2001-09-10_000000-abcdef", 2 * 10**9), ("2020-01-01_000000-abcdef", 0)):
        file = write(tmp_path / "out" / name, {"run.json": b"{}"}) / "run.json"
        os.utime(file, (second, second))
    names = [folder.name for folder in sorted((tmp_path / "out").iterdir(), key=age)]
    assert names == ["baseline", "2001-09-10_000000-abcdef", "2020-01-01_000000-abcdef"]  # 10^9 s: 9 September 2001
