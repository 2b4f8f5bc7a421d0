"""The door: registration, conflicts, configs from signatures, and building by name."""

import logging
from pathlib import Path
from typing import Any, Literal

import pytest

import imgret.dropped
import imgret.plugins
from imgret import registry
from imgret.__main__ import main
from imgret.blame import file_of
from imgret.errors import UsageError
from imgret.registry import arguments, build, check_node, learned, load_plugins, register


def _offer(kind: str = "clusterer") -> Any:
    @register(kind)
    class mine:
        fit_predict = len

        def __init__(self, k: int = 3, eps: float = 0.5, how: Literal["a", "b"] = "a", random_state: int = 0) -> None:
            self.k, self.eps, self.how, self.random_state = k, eps, how, random_state

    return mine


def test_the_signature_is_the_config() -> None:
    assert arguments(_offer()) == {"k": "${k}", "eps": 0.5, "how": "a", "random_state": "${seed}"}


def test_defaults_that_cannot_be_typed_are_left_to_the_component() -> None:
    def odd(owed: int, thing: object = object(), *rest: int, **more: int) -> None: ...

    assert arguments(odd) == {"owed": "???"}


def test_build_is_a_look_up_by_name() -> None:
    _offer()
    built = build("clusterer", {"name": "mine", "k": 7, "eps": 1})
    assert (built.k, built.eps, built.how) == (7, 1, "a")


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ({"name": "mien"}, "no clusterer 'mien', did you mean mine?\nchoose from: "),
        ({"name": "mine", "esp": 1.0}, "no argument of clusterer=mine 'esp', did you mean eps?"),
        ({"name": ["mine"]}, "no clusterer ['mine']"),
        ({"name": "mine", "eps": "wide"}, "clusterer.eps=wide: clusterer=mine takes a number here"),
        ({"name": "mine", "k": True}, "clusterer.k=True: clusterer=mine takes a whole number here"),
        ({"name": "mine", "how": "c"}, "clusterer.how=c: clusterer=mine takes a or b here"),
        ({"name": "mine", "k": "???"}, "clusterer=mine needs a value for 'k'\ntype clusterer.k=..."),
        ({"name": "mine", "_target_": "os.system"}, "no argument of clusterer=mine '_target_'"),
    ],
)
def test_what_does_not_fit_is_said_with_the_choices(node: dict[str, Any], says: str) -> None:
    _offer()
    for door in (build, check_node):
        with pytest.raises(UsageError) as caught:
            door("clusterer", node)
        assert str(caught.value).startswith(says)


def test_checking_calls_nothing() -> None:
    @register("clusterer", "loud")
    def loud(k: int) -> None:
        raise AssertionError

    assert check_node("clusterer", {"name": "loud", "k": 3}) is loud


def test_a_folder_of_plug_ins_that_is_none(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(imgret.dropped, "__path__", ["nowhere"])
    with caplog.at_level(logging.WARNING, "imgret"):
        load_plugins()
    assert [r.getMessage() for r in caplog.records] == ["IMGRET_PLUGINS names nowhere, which is no folder"]


def test_a_taken_name_shows_both_owners() -> None:
    _offer()

    def other() -> None: ...

    with pytest.raises(
        ValueError, match=r"'mine' is that of \S+test_registry.py already, so that of \S+ needs another"
    ):
        register("clusterer", "mine")(other)


def test_no_such_kind() -> None:
    with pytest.raises(ValueError, match="did you mean clusterer"):
        register("clusterers")(_offer)


def test_what_fitting_settled_takes_the_place_of_the_argument() -> None:
    class fitted:
        eps_ = 0.25

    assert learned(fitted(), {"name": "dbscan", "eps": "auto", "min_samples": 5}) == {
        "name": "dbscan",
        "eps": 0.25,
        "min_samples": 5,
    }


def test_files_in_a_named_folder_are_plug_ins_and_a_broken_one_is_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "good_one.py").write_text(
        "from imgret import register\n\n@register('clusterer')\ndef good_one(k: int):\n    '''Mine.'''\n"
    )
    (tmp_path / "broken_one.py").write_text("raise RuntimeError('on purpose')")
    (tmp_path / "_private.py").write_text("raise AssertionError('a private part is not loaded by itself')")

    monkeypatch.setattr(imgret.dropped, "__path__", [str(tmp_path)])
    with caplog.at_level(logging.WARNING, "imgret"):
        load_plugins()
    assert "good_one" in registry.options("clusterer")
    assert [r.getMessage() for r in caplog.records] == [
        f"plug-in {tmp_path / 'broken_one.py'} is off: RuntimeError: on purpose"
    ]


COIN = '''
import numpy as np
from imgret import register

@register("clusterer", "{name}")
class Coin:
    """A random cluster for each image."""
    def __init__(self, n_clusters: int = 2, random_state: int = 0, device: str = "cpu", bias: float = 0.5) -> None:
        self.n_clusters, self.random_state = n_clusters, random_state
    def fit_predict(self, X, y=None):
        return np.random.default_rng(self.random_state).integers(self.n_clusters, size=len(X))
'''


@pytest.mark.parametrize("way", ["plugins", "IMGRET_PLUGINS", "entry point"])
def test_the_door_in_all_three_ways(
    way: str, tmp_path: Path, colours: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file dropped in `plugins/KIND/`, in a folder of the user's, or a package: the same file, the same use."""
    name = f"coin_{way.split()[0].lower()}"
    folder = tmp_path / "mine"
    file = (folder / "coins" if way == "plugins" else folder) / f"{name}.py"
    file.parent.mkdir(parents=True)
    file.write_text(COIN.replace("{name}", name))
    if way == "plugins":
        monkeypatch.setattr("imgret.plugins.__path__", [*imgret.plugins.__path__, str(folder)])
    elif way == "IMGRET_PLUGINS":
        monkeypatch.setattr("imgret.dropped.__path__", [str(folder)])
    else:
        about = folder / "imgret_coin-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.4\nName: imgret-coin\nVersion: 1.0\nLicense: MIT\n")
        (about / "entry_points.txt").write_text(f"[imgret.plugins]\ncoin = {name}\n")
        monkeypatch.syspath_prepend(str(folder))
    words = ["k=3", "seed=5", "backbone=pixels", "view=pca", "reports=[]", "log=quiet"]
    assert main([str(colours), f"clusterer={name}", "clusterer.bias=0.25", *words]) == 0
    typed = {"name": name, "n_clusters": 3, "random_state": 5, "device": "cpu", "bias": 0.25}
    assert {**imgret.load().settings["clusterer"], "device": "cpu"} == typed
    capsys.readouterr()
    assert main(["plugins", "clusterer"]) == 0
    takes = "n_clusters=${k} random_state=${seed} device=${device} bias=0.5"
    assert f"clusterer={name}  {takes}" in capsys.readouterr().out


def test_two_plug_ins_of_one_name_are_both_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    text = "from imgret import register\n@register('clusterer')\ndef birch_one(k: int):\n    '''Mine.'''\n"
    files = [tmp_path / name for name in ("a/birch_one.py", "b/birch_one.py", "b/other_one.py")]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    monkeypatch.setattr(imgret.dropped, "__path__", [str(tmp_path / "a"), str(tmp_path / "b")])
    with caplog.at_level(logging.WARNING, "imgret"):
        load_plugins()
    assert file_of(registry.options("clusterer")["birch_one"]) == str(files[0])
    assert [record.getMessage() for record in caplog.records] == [
        f"plug-in {files[1]} is off: ValueError: {files[0]} has the same name, and came first; rename one of them",
        f"plug-in {files[2]} is off: ValueError: clusterer 'birch_one' is that of {files[0]} already, so that of "
        f'{files[2]} needs another name: @register("clusterer", "another")',
    ]


@pytest.mark.parametrize(
    ("component", "figures", "says"),
    [
        (3, (), "3 is no metric: a class or a function is wanted"),
        (dict, (), "the parameters of dict cannot be read: "),
        (len, "x", "metric wrong: figures is 'x'; a list of Figure(name, title, about) is wanted"),
        (len, ["x"], "metric wrong has a figure 'x'; Figure(name, title, about) is wanted"),
    ],
)
def test_what_cannot_be_a_component_is_told_where_it_is_registered(component: Any, figures: Any, says: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        register("metric", "wrong", figures=figures)(component)
    assert str(caught.value).startswith(says)
