"""Features that were computed elsewhere: by row, path or id, and what does not go together."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import Run, UsageError
from tests.conftest import png, write

PICTURES = {f"{i}.png": png((10 * i, 90, 40), noise=i + 1) for i in range(8)}
MATRIX = np.random.default_rng(3).normal(size=(8, 5)).astype(np.float32)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    np.save("v.npy", MATRIX)
    return write(tmp_path / "in", PICTURES)


def run(root: Path, **more: Any) -> Run:
    given = {"backbone": "precomputed", "backbone__vectors": "v.npy", "view": "pca", "reports": [], "k": 2, **more}
    return imgret.run(root, **given)


def vectors(run: Run) -> dict[str, list[float]]:
    return {path: row.tolist() for path, row in zip(run.paths, run.features, strict=True)}


def outcomes(run: Run) -> dict[str, str]:
    pairs = zip(run.collection.items, run.collection.records, strict=True)
    return {item.path: record.outcome for item, record in pairs}


WANTED = {f"{i}.png": MATRIX[i].tolist() for i in range(8)}


def test_by_row_and_a_second_run_takes_them_from_the_store(root: Path) -> None:
    done = run(root)
    assert vectors(done) == WANTED
    assert done.info.features.computed == 8
    again = run(root, k=3)
    assert again.info.features.computed == 0
    assert vectors(again) == WANTED


@pytest.mark.parametrize("dtype", ["<f2", "<f8", ">f4"])
def test_any_float(root: Path, dtype: str) -> None:
    np.save("v.npy", MATRIX.astype(dtype))
    wanted = MATRIX.astype(dtype).astype(np.float32)
    assert vectors(run(root)) == {f"{i}.png": wanted[i].tolist() for i in range(8)}


def test_limit_keeps_rows_with_their_items(root: Path) -> None:
    found = vectors(run(root, limit=4))
    assert len(found) == 4
    assert found.items() <= WANTED.items()


def test_by_path_and_by_id_in_any_order(root: Path) -> None:
    order = [5, 2, 7, 0, 1, 6, 4, 3]
    np.save("v.npy", MATRIX[order])
    names = [f"{i}.png" for i in order]
    Path("ids.txt").write_text("\n".join(names) + "\n")
    assert vectors(run(root, backbone__ids="ids.txt")) == WANTED
    Path("ids.txt").write_text("\n".join(hashlib.sha256(PICTURES[name]).hexdigest() for name in names))
    assert vectors(run(root, backbone__ids="ids.txt")) == WANTED


def test_files_renamed_take_the_vectors_of_their_new_names(root: Path) -> None:
    run(root)
    (root / "0.png").rename(root / "x")
    (root / "1.png").rename(root / "0.png")
    (root / "x").rename(root / "1.png")
    assert vectors(run(root)) == WANTED


def test_no_vector_and_one_that_is_not_finite(root: Path) -> None:
    matrix = MATRIX[:7].astype(np.float64)
    matrix[2, 1], matrix[3, 0] = np.nan, 1e300
    np.save("v.npy", matrix)
    Path("ids.txt").write_text("\n".join(f"{i}.png" for i in range(7)))
    done = run(root, backbone__ids="ids.txt")
    bad = {path: outcome for path, outcome in outcomes(done).items() if outcome != "ok"}
    assert bad == {"2.png": "bad_feature", "3.png": "bad_feature", "7.png": "no_vector"}
    assert len(done.ids) == 5


def test_of_the_same_bytes_twice_the_first_by_path_counts(root: Path) -> None:
    (root / "00.png").write_bytes(PICTURES["4.png"])
    listed = sorted(f.name for f in root.iterdir())
    matrix = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    np.save("v.npy", matrix)
    done = run(root)
    assert vectors(done)["00.png"] == matrix[listed.index("00.png")].tolist()
    assert outcomes(done)["4.png"] == "duplicate"


def test_search_with_the_runs_images_only_when_the_file_is_gone_too(root: Path) -> None:
    done = run(root)
    write(Path("new"), {"new.png": png((1, 2, 3), noise=99)})
    Path("v.npy").unlink()
    for each in (done, imgret.load(done.folder)):
        assert [hit.rank for hit in each.search("3.png", 3)] == [1, 2, 3]
        with pytest.raises(UsageError, match="vectors were computed elsewhere\nsearch with an image of the run"):
            each.search("new/new.png")


def test_what_does_not_go_together(root: Path) -> None:
    def refused(**more: Any) -> str:
        with pytest.raises(UsageError) as caught:
            run(root, **more)
        return str(caught.value)

    assert "does not exist" in refused(backbone__vectors="gone.npy")
    assert "no Parquet file" in refused(backbone__column="vector")
    Path("ids.txt").write_text("0.png\n1.png\n")
    assert refused(backbone__ids="ids.txt").startswith("2 ids for 8 vectors")
    Path("ids.txt").write_text("\n".join(["0.png"] * 8))
    assert refused(backbone__ids="ids.txt").startswith("0.png has two vectors")
    Path("ids.txt").write_text("\n".join("abcdefgh"))
    assert "as the vectors are: a\n" in refused(backbone__ids="ids.txt")
    np.save("v.npy", MATRIX[:5])
    assert refused().startswith("5 vectors for 8 items")
    for wrong in (MATRIX[0], MATRIX.astype(int), np.empty((8, 0))):
        np.save("v.npy", wrong)
        assert "give a matrix (m, d)" in refused()
    np.save("v.npy", np.array([{}] * 8), allow_pickle=True)
    assert "neither a .npy file of numbers nor Parquet" in refused()


def test_vectors_without_an_id_are_nobodys(root: Path) -> None:
    Path("ids.txt").write_text("\n".join(["", "1.png", "", *(f"{i}.png" for i in range(3, 8))]) + "\n")
    done = run(root, backbone__ids="ids.txt")
    assert vectors(done) == {path: row for path, row in WANTED.items() if path not in ("0.png", "2.png")}
    assert outcomes(done)["0.png"] == "no_vector"


@pytest.mark.parametrize("fixed", [True, False])
def test_parquet(root: Path, fixed: bool) -> None:
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    kind = pa.list_(pa.float64(), 5) if fixed else pa.list_(pa.float32())
    rows = MATRIX[::-1].tolist()
    rows[0] = None
    names = [None if i == 2 else f"{i}.png" for i in range(8)][::-1]
    table = pa.table({"name": names, "vector": pa.array(rows, kind)})
    pq.write_table(table, "v.parquet")
    done = run(root, backbone__vectors="v.parquet", backbone__ids="name")
    assert outcomes(done)["7.png"] == "bad_feature"
    assert vectors(done) == {path: row for path, row in WANTED.items() if path not in ("2.png", "7.png")}
    with pytest.raises(UsageError, match=r"columns of lists in v\.parquet: vector"):
        run(root, backbone__vectors="v.parquet", backbone__column="name")


def test_the_features_of_a_run_come_back_by_its_own_table(root: Path) -> None:
    """They lie in order of id, which the names of the files do not."""
    first = run(root)
    assert list(first.ids) != [hashlib.sha256(PICTURES[name]).hexdigest() for name in sorted(PICTURES)]
    back = run(root, backbone__vectors=str(first.folder / "features.npy"))
    assert vectors(back) == WANTED
    write(root, {"new.png": png((1, 2, 3), noise=99)})
    assert outcomes(run(root, backbone__vectors=str(first.folder / "features.npy")))["new.png"] == "no_vector"


def test_an_exported_parquet_needs_no_name_of_a_column(root: Path) -> None:
    pytest.importorskip("pyarrow")
    from imgret.__main__ import main

    first = run(root)
    assert main(["export", "parquet", "out.parquet", "--run", str(first.folder)]) == 0
    assert vectors(run(root, backbone__vectors="out.parquet")) == WANTED
