"""A run's folder that was damaged, or made to do harm, is one or two lines for the user and nothing else."""

import hashlib
import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pytest

import imgret
from imgret import Run, UsageError
from imgret.runs.run import find


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of 12 images in 3 clusters."""
    from tests.conftest import png, write

    home = tmp_path_factory.mktemp("made")
    tints = {"r": (250, 9, 9), "g": (9, 250, 9), "b": (9, 9, 250)}
    write(home / "in", {f"{c}/{i}.png": png(tints[c], noise=i + 5 * ord(c)) for c in tints for i in range(4)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMGRET_HOME", str(home / "store"))
        run = imgret.run(home / "in", backbone="pixels", view="pca", reports=[], k=3, out=str(home / "runs"))
    return run.folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def seal(folder: Path) -> None:
    """Record the digests anew: what is then found wrong is found by looking."""
    info = json.loads((folder / "run.json").read_text())
    info["digests"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in info["digests"]}
    (folder / "run.json").write_text(json.dumps(info))


def refused(folder: Path) -> str:
    with pytest.raises(UsageError) as caught:
        Run.load(folder)
    said = str(caught.value)
    assert len(said.splitlines()) <= 2
    assert len(said) < 1000
    assert "is not a whole run" in said
    return said


def giant(file: Path, dtype: str, shape: tuple[int, ...]) -> None:
    """A file of nothing but a header that claims `shape`."""
    with file.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})


ARRAYS: list[tuple[str, Any]] = [
    ("labels", b""),
    ("labels", b"\x93NUMPY\x01\x00"),
    ("labels", np.zeros(12, np.float32)),
    ("labels", np.zeros((12, 1), np.int64)),
    ("labels", np.zeros(11, np.int64)),
    ("labels", np.zeros(12, ">i8")),
    ("labels", np.full(12, 2**62)),
    ("labels", np.full(12, -2)),
    ("labels", np.array([0] * 11 + [2])),
    ("labels", np.array([-(2**63)] + [2**63 - 1] * 11)),
    ("labels", (2**40,)),
    ("mean", np.zeros(3, np.float32)),
    ("mean", np.full(3072, np.nan, np.float32)),
    ("mean", np.zeros(3072)),
    ("view", np.zeros((12, 3), np.float32)),
    ("view", np.zeros(12, np.float32)),
    ("view", b""),
    ("features", b""),
    ("features", np.zeros((12, 0), np.float32)),
    (
        "features",
        np.zeros((12, 5)),
    ),
    ("features", np.zeros(12, np.float32)),
    ("features", (12, 2**40)),
]


@pytest.mark.parametrize(("name", "content"), ARRAYS)
def test_arrays_that_are_not_what_they_must_be(copy: Path, name: str, content: Any) -> None:
    file = copy / f"{name}.npy"
    file.unlink()  # features.npy is a link to the store's own
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif isinstance(content, tuple):
        giant(file, "<i8" if name == "labels" else "<f4", content)
    else:
        np.save(file, content)
    seal(copy)
    refused(copy)


def edited(change: Callable[[dict[str, Any]], Any]) -> Callable[[str], str]:
    def edit(text: str) -> str:
        info = json.loads(text)
        change(info)
        return json.dumps(info)

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        *(edited(lambda i, k=key: i.pop(k)) for key in ("config", "fitted", "title", "root", "schema", "space")),
        *(edited(lambda i, k=key: i["config"].pop(k)) for key in ("source", "backbone", "view", "seed", "top")),
        edited(lambda i: i.pop("digests")),
        edited(lambda i: i["digests"].pop("labels.npy")),
        edited(lambda i: i.update(title=None)),
        edited(lambda i: i.update(config=[])),
        edited(lambda i: i.update(root=7)),
        edited(lambda i: i.update(schema="2")),
        edited(lambda i: i["fitted"].update(retriever="x")),
        *(edited(lambda i, s=source: i["fitted"].update(source=s)) for source in ("files", None, {"name": 3})),
        lambda text: "[" * 100_000,
        lambda text: "[]",
        lambda text: "null",
        lambda text: "",
        lambda text: "\udcff",
        lambda text: '{"schema": ' + "9" * 5000 + "}",
    ],
)
def test_settings_that_are_not_what_they_must_be(copy: Path, edit: Callable[[str], str]) -> None:
    text = edit((copy / "run.json").read_text())
    (copy / "run.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    refused(copy)


@pytest.mark.parametrize("content", ["", "[]", "null", '{"nmi": null}', '{"nmi": "high"}', '{"nmi": NaN}', "[" * 99999])
def test_figures_that_are_none(copy: Path, content: str) -> None:
    (copy / "metrics.json").write_text(content)
    seal(copy)
    refused(copy)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text.splitlines()[0],
        lambda text: text.replace("r/0.png", "x" * 200_000),
        lambda text: text.replace("r/0.png", "\0"),
        lambda text: text + "short,ok\n",
        lambda text: text + "a" + ",b" * 30 + "\n",
        lambda text: text.replace("24,16", "wide,16", 1),
        lambda text: text.replace("path,", "name,", 1),
    ],
)
def test_tables_that_are_none(copy: Path, change: Callable[[str], str]) -> None:
    table = copy / "items.csv"
    table.write_text(change(table.read_text()))
    seal(copy)
    refused(copy)


@pytest.mark.parametrize("name", ["items.csv", "metrics.json", "mean.npy", "labels.npy", "view.npy", "features.npy"])
def test_what_is_not_as_it_was_made_is_seen(copy: Path, name: str) -> None:
    file = copy / name
    if file.suffix == ".npy":
        array = np.load(file)[::-1]  # as good an array, of other images
        file.unlink()
        np.save(file, array)
    else:
        file.write_bytes(file.read_bytes().replace(b"1", b"2"))
    assert name in refused(copy)


@pytest.mark.skipif(os.name == "nt", reason="no pipes on Windows")
@pytest.mark.parametrize("name", ["items.csv", "metrics.json", "labels.npy", "features.npy"])
def test_a_pipe_is_not_waited_for(copy: Path, name: str) -> None:
    (copy / name).unlink()
    os.mkfifo(copy / name)
    refused(copy)


def test_features_that_are_not_finite(copy: Path) -> None:
    features = np.load(copy / "features.npy")
    features[3, 7] = np.nan
    (copy / "features.npy").unlink()
    np.save(copy / "features.npy", features)
    seal(copy)
    with pytest.raises(UsageError, match=r"features.npy holds non-finite values"):
        Run.load(copy).search("r/0.png")


def test_only_regular_files_are_opened(copy: Path) -> None:
    info = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps(info | {"root": os.path.dirname(os.devnull)}))
    table = copy / "items.csv"
    table.write_text(table.read_text().replace("r/0.png", os.path.basename(os.devnull)))
    seal(copy)
    run = Run.load(copy)
    with pytest.raises(OSError, match="not a file"):
        run.open(run.row_of[os.path.basename(os.devnull)])
    with pytest.raises(FileNotFoundError):
        run.open(run.row_of["r/1.png"])


def test_folders_as_typed(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, "~run")
    assert Run.load("~run").ids == Run.load(made).ids
    for name in ("~nouser/x", "a" * 300, "a\0b"):
        with pytest.raises(UsageError, match="does not exist"):
            Run.load(name)
    (tmp_path / "latest").write_bytes(b"\xff" * 400)
    with pytest.raises(UsageError, match="does not exist"):
        find(tmp_path / "latest")


def test_a_run_goes_through_a_pickle_as_the_path_of_its_folder(
    copy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(copy.parent)
    run = Run.load(copy)
    run.folder = Path(copy.name)  # as a fresh one has it, with an engine that goes through no pickle
    run.engine = Lock()
    data = pickle.dumps(run)
    assert len(data) < 1000
    monkeypatch.chdir(tmp_path.parent)
    again = pickle.loads(data)
    assert again.folder == copy.resolve()
    assert np.array_equal(again.features, run.features)
    shutil.rmtree(copy)
    with pytest.raises(UsageError, match="does not exist"):
        pickle.loads(data)
