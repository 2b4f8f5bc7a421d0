"""Neighbours: found once, a part of them as ops.knn finds it, kept with a run, and what is no graph is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import imgret
from imgret import ops
from imgret.__main__ import main
from imgret.clusters.neighbours import WIDTH, Graph, Neighbours, by_product, is_unit, packed, unpacked
from imgret.errors import UsageError
from imgret.registry import build
from imgret.runs.run import Run
from imgret.store.store import Store, home
from tests.conftest import png, write

QUICK: dict[str, Any] = {"backbone": "pixels", "k": 2, "reports": [], "log": "quiet"}


def points(n: int, d: int = 3, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    """The shapes and widths that ops.knn is called with."""
    found, knn = [], ops.knn

    def counted(X: Any, k: int, device: str = "cpu") -> Any:
        found.append((*X.shape, k))
        return knn(X, k, device)

    monkeypatch.setattr(ops, "knn", counted)
    return found


@given(arrays(np.float32, st.tuples(st.integers(2, 12), st.just(2)), elements=st.sampled_from([0, 1, 2, 4])),
       st.integers(0, 14))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_part_of_more_neighbours_are_fewer(X: Any, k: int) -> None:
    """Bit for bit, also of points that are equally far."""
    distances, rows = Neighbours()(X, k)
    alone = ops.knn(X, k)
    assert distances.tobytes() == alone[0].tobytes()
    assert rows.tobytes() == alone[1].tobytes()


def test_they_are_found_once_for_an_array(calls: list[tuple[int, int, int]]) -> None:
    knn, X = Neighbours(), points(150)
    assert knn(X, 5)[1].shape == knn(X.copy(), 5)[1].shape == (150, 5)
    assert knn.graph(X).rows.shape == (150, WIDTH)
    assert calls == [(150, 3, WIDTH)]
    assert knn(X, 120)[1].shape == (150, 120)  # more than that: found anew
    assert calls[1:] == [(150, 3, 120)]
    knn(X, 101)
    knn(points(150, seed=1), 1)
    assert calls[2:] == [(150, 3, WIDTH)]


def test_what_was_kept_is_not_found_again(monkeypatch: pytest.MonkeyPatch, calls: list[tuple[int, int, int]]) -> None:
    monkeypatch.setattr("imgret.store.store.WORTH_KEEPING", -1.0)
    X = points(120)
    first = Neighbours(Store())(X, 7)
    assert len(list(home().glob("derived/*.npy"))) == 1
    again = Neighbours(Store())(X, 7)
    assert len(calls) == 1
    assert first[0].tobytes() == again[0].tobytes()
    assert first[1].tobytes() == again[1].tobytes()


def test_what_was_kept_is_not_taken_for_more_neighbours_or_for_those_of_others(
    monkeypatch: pytest.MonkeyPatch, calls: list[tuple[int, int, int]]
) -> None:
    monkeypatch.setattr("imgret.store.store.WORTH_KEEPING", -1.0)
    monkeypatch.setattr("imgret.clusters.neighbours.WIDTH", 3)
    X, other = points(9), points(9, seed=1)
    for P, k in ((X, 2), (X, 5), (other, 2)):
        assert Neighbours(Store())(P, k)[1].tolist() == ops.knn(P, k)[1].tolist()
    assert calls[::2] == [(9, 3, 3), (9, 3, 5), (9, 3, 3)]


def test_one_row_and_two() -> None:
    assert [found.shape for found in Neighbours()(points(1), 5)] == [(1, 0), (1, 0)]
    assert Neighbours()(points(2), 5)[1].tolist() == [[1], [0]]


def test_by_hand() -> None:
    X = np.array([[0, 0], [3, 0], [0, 4], [0, 4]], np.float32)
    graph = Neighbours().graph(X)
    assert graph.rows.tolist() == [[1, 2, 3], [0, 2, 3], [3, 0, 1], [2, 0, 1]]
    assert graph.distances.tolist() == [[3, 4, 4], [3, 5, 5], [0, 4, 5], [0, 4, 5]]
    kept = packed(graph)
    assert kept.shape == (4, 6)
    assert unpacked(kept).rows.tolist() == graph.rows.tolist()
    assert unpacked(kept).distances.tolist() == graph.distances.tolist()


@pytest.mark.parametrize(
    ("rows", "distances", "says"),
    [([[1], [2], [0]], [[1], [1], [np.nan]], "ascend"), ([[1, 2], [2, 0], [0, 1]], [[2, 1]] * 3, "ascend"),
     ([[1], [2], [3]], [[1]] * 3, "rows that there are not"), ([[1], [-1], [0]], [[1]] * 3, "rows that there are not"),
     ([[1], [1], [0]], [[1]] * 3, "own neighbour"), ([[1], [2], [0]], [[1], [1], [-1]], "ascend"),
     ([[1, 2, 0]] * 3, [[1, 2, 3]] * 3, "are no neighbours of 3 rows")],
)  # fmt: skip
def test_what_is_no_graph(rows: Any, distances: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        unpacked(packed(Graph(np.array(distances, np.float32), np.array(rows))))


def test_an_odd_number_of_columns_is_no_graph() -> None:
    with pytest.raises(ValueError, match="are no neighbours"):
        unpacked(np.zeros((3, 3), np.float32))


def test_by_product_is_the_order_of_top_k() -> None:
    X = ops.normalise(points(60, 5), "l2")[0]
    X[7] = X[3]
    assert is_unit(X)
    assert not is_unit(2 * X)
    rows, scores = by_product(X, Neighbours()(X, 20)[1])
    wanted = ops.top_k(X, X, 20, exclude=np.arange(60))
    assert rows.tolist() == wanted[1].tolist()
    assert scores.tobytes() == wanted[0].tobytes()


def test_knn_is_no_option() -> None:
    made = build("reducer", {"name": "umap", "n_components": 2}, knn=len, other=1)
    assert made.knn is len
    with pytest.raises(UsageError, match="no argument of reducer=umap 'knn'"):
        build("reducer", {"name": "umap", "knn": None})


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return write(tmp_path / "in", {f"{n:02}.png": png((9 * n, 90, 200), noise=n + 1) for n in range(24)})


@pytest.mark.slow  # UMAP: numba compiles first
def test_a_run_finds_and_keeps_them_once(photos: Path, calls: list[tuple[int, int, int]]) -> None:
    words = {
        **QUICK,
        "reports": ["page", "near_duplicates"],
        "view": "tsne",
        "reducer": "umap",
        "reducer.n_neighbors": 5,
    }
    run = imgret.run(photos, **words)
    assert calls == [(24, 3072, WIDTH)]  # for both reducers, and the reports
    assert run.graph is not None
    loaded = Run.load(run.folder)
    assert loaded.graph is not None
    assert loaded.graph.rows.tolist() == run.graph.rows.tolist()
    assert loaded.knn(loaded.X, 3)[1].tolist() == run.graph.rows[:, :3].tolist()
    assert len(calls) == 1
    again = imgret.run(photos, **words)
    assert (again.folder / "neighbours.npy").read_bytes() == (run.folder / "neighbours.npy").read_bytes()


def test_a_run_that_needs_none_has_none(photos: Path, calls: list[tuple[int, int, int]]) -> None:
    run = imgret.run(photos, view="pca", **QUICK)
    assert (run.graph, calls) == (None, [])
    assert not (run.folder / "neighbours.npy").exists()
    assert Run.load(run.folder).graph is None


def test_damaged_ones_are_told_and_made_again(photos: Path, capsys: Any) -> None:
    run = imgret.run(photos, view="tsne", **QUICK)
    file = run.folder / "neighbours.npy"
    whole = file.read_bytes()
    for damage in (whole[:-3], b"", whole[:-1] + bytes([whole[-1] ^ 1])):
        file.write_bytes(damage)
        assert main(["query", "0" * 64]) == 4
        assert main(["doctor"]) == 0
        assert "neighbours.npy: it is not as it was when the run was made; made again, the same bytes" in (
            capsys.readouterr().out
        )
        assert file.read_bytes() == whole
