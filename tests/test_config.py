"""Words as Hydra reads them, values as Python has them, and what was typed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser

import imgret
from imgret import registry
from imgret.config import as_hydra_reads
from imgret.errors import UsageError
from imgret.settings.commandline import as_typed
from tests.conftest import png, write


def _read(word: str, sweep: bool = False) -> Any:
    override = OverridesParser.create().parse_override(as_hydra_reads(word, sweep))
    if override.is_sweep_override():
        return [getattr(value, "text", value) for value in override.sweep_iterator()]
    return override.value()


@pytest.mark.parametrize(
    "value", ["we,i ghts/r.pth", "d${k}/r.pth", "[r].pt", "it's.safetensors", "a\\b/r,s", "plain.pth", "dir/2,3"]
)
def test_weights_are_a_path_as_typed(value: str) -> None:
    assert _read(f"backbone.weights={value}").replace("\\${", "${") == value


@pytest.mark.parametrize("name", ["a,b", "[1,2]", "{x}", "sp ace", "${k}"])
def test_what_exists_is_a_path_as_typed(name: str) -> None:
    Path(name).touch()
    assert _read(f"source.manifest={name}").replace("\\${", "${") == name


def test_a_file_called_like_a_number_is_none() -> None:
    for name in ("3", "true", "null"):
        Path(name).touch()
    assert [_read(f"k={name}") for name in ("3", "true", "null")] == [3, True, None]


def test_commas_of_a_sweep() -> None:
    assert _read("k=2,3", sweep=True) == [2, 3]
    assert _read("backbone.weights=a.pth,b.pth", sweep=True) == ["a.pth", "b.pth"]
    assert _read("images=a,b", sweep=True) == ["a", "b"]
    assert _read("images=a,b") == "a,b"
    Path("a,b").mkdir()
    assert _read("images=a,b", sweep=True) == "a,b"
    assert _read("images=a,b,c", sweep=True) == ["a,b", "c"]
    assert _read(r"source.label_regex=(?P<label>\d{1,2})", sweep=True) == r"(?P<label>\d{1,2})"


@pytest.mark.parametrize(
    ("value", "typed"),
    [(np.int64(3), "3"), (np.float64(0.5), "0.5"), (np.bool_(True), "true"), (np.array([1, 2]), "[1,2]"),
     (np.float32(0.25), "0.25"), (3, "3"), (None, "null"), (["a", 1], "['a',1]")],
)  # fmt: skip
def test_numbers_of_numpy_are_numbers(value: object, typed: str) -> None:
    assert as_typed(value) == typed


@pytest.mark.parametrize(
    ("typed", "falls_back"),
    [({}, True), ({"k": 3}, True), ({"backbone": "resnet50"}, False), ({"backbone__weights": "IMAGENET1K_V1"}, False),
     ({"backbone": {"size": "128x64"}}, False)],
)  # fmt: skip
def test_whoever_names_a_backbone_gets_no_other(
    typed: dict[str, Any], falls_back: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr("imgret.pipeline.run", seen.append)
    write(Path("photos"), {"1.png": png((9, 9, 9))})
    imgret.run("photos", **typed)
    assert (seen[0]["otherwise"] is not None) == falls_back


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"view": None}, "^no view 'null'"),
        ({"retriever__device": "cuda"}, "^retriever.device"),
        (
            {"clusterer_n_init": 5},
            "^no setting 'clusterer_n_init', did you mean clusterer__n_init\\?\n.* two underscores$",
        ),
        ({"images": ["a", "b"]}, "^images is a list\ngive one path, of a folder, a manifest or a tar$"),
        ({"images": b"photos"}, "^images is a bytes\n"),
    ],
)
def test_faults_from_python_too(typed: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        imgret.run(**{"images": "photos", **typed})


def test_a_dot_is_two_underscores_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """As README has it."""
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr("imgret.pipeline.run", seen.append)
    write(Path("photos"), {"1.png": png((9, 9, 9))})
    imgret.run("photos", clusterer="dbscan", clusterer__min_samples=4)
    assert seen[0]["clusterer"]["min_samples"] == 4


def test_options_are_those_of_what_is_registered_now(monkeypatch: pytest.MonkeyPatch) -> None:
    def first(k: int, width: int = 1) -> None: ...
    def second(k: int, depth: int = 2) -> None: ...

    seen: list[dict[str, Any]] = []
    monkeypatch.setattr("imgret.pipeline.run", seen.append)
    write(Path("photos"), {"1.png": png((9, 9, 9))})
    with pytest.raises(UsageError, match="no clusterer 'fresh'"):
        imgret.run("photos", clusterer="fresh")
    for component, own in ((first, {"width": 1}), (second, {"depth": 2}), (first, {"width": 1})):  # of one name
        monkeypatch.setitem(registry._found, ("clusterer", "fresh"), component)
        imgret.run("photos", clusterer="fresh", k=3)
        assert seen[-1]["clusterer"] == {"name": "fresh", "k": 3, **own}
    monkeypatch.delitem(registry._found, ("clusterer", "fresh"))
    with pytest.raises(UsageError, match="no clusterer 'fresh'"):
        imgret.run("photos", clusterer="fresh")


def test_another_application_of_hydra_in_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr("imgret.pipeline.run", seen.append)
    write(Path("photos"), {"1.png": png((9, 9, 9))})
    for _ in range(2):
        imgret.run("photos", k=3)
        ConfigStore.instance().store(name="config", node={"theirs": 1})
        ConfigStore.instance().store(group="clusterer", name="theirs", node={"name": "theirs"})
    assert seen[0] == seen[1]
    with pytest.raises(UsageError, match="no clusterer 'theirs'"):
        imgret.run("photos", clusterer="theirs")


def _process(*words: str, **variables: str) -> "subprocess.CompletedProcess[bytes]":
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])} | variables
    return subprocess.run([sys.executable, "-m", "imgret", *words], capture_output=True, env=env, check=False)


def test_a_terminal_with_no_letters_but_ascii() -> None:
    write(Path("写真"), {f"ü{i}.png": png((40 * i, 20, 99), noise=i) for i in range(1, 5)})
    done = _process("写真", "k=2", "backbone=pixels", "view=pca", "reports=[]", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert b"\\xfc" in done.stdout
