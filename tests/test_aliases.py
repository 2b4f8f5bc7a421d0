"""An option under a name of its own: a run says that name everywhere, and shares features with the component's."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret.__main__ import main
from imgret.features.weights import WeightsUnavailable
from imgret.registry import called
from imgret.runs.summary import summary
from imgret.settings import options as settings
from imgret.settings.options import sentences
from imgret.store.files import read_json, write_json
from tests.conftest import png, write

TINY = """# Tiny, 8 x 8: 192 features, of no images (A. Nobody, 2020). They are cut off, as J. Doe
# says. Licence CC0-1.0, of no weights.
# The end
name: pixels
size: 8
"""
QUICK: dict[str, Any] = {"k": 2, "view": "pca", "attributes": [], "reports": []}
TYPED = [f"{key}={str(value).replace(' ', '')}" for key, value in QUICK.items()]
TINY_TYPED: dict[str, Any] = {"backbone": "tiny", "clusterer": "flat", "retriever": "all", "view": "plane"}


@pytest.fixture(autouse=True)
def _own_configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backbone `tiny`, and an alias without a comment for three other slots."""
    configs = tmp_path / "configs"
    shutil.copytree(settings.CONFIGS, configs)
    write(configs, {"backbone/tiny.yaml": TINY.encode(), "clusterer/flat.yaml": b"name: kmeans\nn_init: 2\n",
                    "retriever/all.yaml": b"name: exact\n",
                    "view/plane.yaml": b"name: pca\nn_components: 2\n"})  # fmt: skip
    for module in ("settings.options", "commands.plugins"):
        monkeypatch.setattr(f"imgret.{module}.CONFIGS", configs)
    monkeypatch.setattr(logging.getLogger("imgret"), "propagate", True)
    write(Path("photos"), {f"{'ab'[i % 2]}/{i}.png": png((40 * i, 20, 99), noise=i + 1) for i in range(6)})


def test_a_run_is_called_by_what_was_typed(capsys: Any) -> None:
    words = [f"{slot}={name}" for slot, name in TINY_TYPED.items()]
    assert main(["photos", "k=2", "source.folders=labels", "reports=[page]", "baseline=pixels", *words]) == 0
    said = capsys.readouterr().out
    assert "features  6 x 192 by tiny; 6 computed" in said
    assert "clusters  2 by flat: largest" in said
    assert "search    all: recall@20 1.000" in said
    assert [line.split()[0] for line in said.splitlines() if line.startswith(" " * 10)] == ["tiny", "pixels"]

    run = imgret.load()
    assert run.title == "photos · tiny · flat"
    assert (run.info.backbone.asked, run.info.backbone.used) == ("tiny", "tiny")
    assert run.settings["backbone"] == {"name": "pixels", "size": 8}  # as the component has it
    assert (run.called("clusterer"), run.called("reducer"), run.view_name) == ("flat", "pca", "plane")
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    for slot, name in TINY_TYPED.items():
        assert f'"slot":"{slot}","name":"{name}"' in page
    assert main(["runs"]) == 0
    assert "photos · tiny · flat · 6 images" in capsys.readouterr().out


def test_the_same_model_has_the_same_features_by_either_name(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "imgret"):
        alias = imgret.run("photos", **QUICK, backbone="tiny")
    assert "; backbone tiny, no weights\n" in caplog.text
    assert "features by tiny: 6 files to read" in caplog.text
    typed = imgret.run("photos", **QUICK, backbone="pixels", backbone__size=8)
    assert (alias.title, typed.title) == ("photos · tiny · kmeans", "photos · pixels · kmeans")
    assert (alias.info.features.computed, typed.info.features.computed) == (6, 0)
    assert alias.info.space == typed.info.space
    assert alias.settings["chosen"] == typed.settings["chosen"] | {"backbone": "tiny"}


def test_a_component_that_is_typed_over_the_choice_goes_by_its_own_name() -> None:
    run = imgret.run("photos", **QUICK, backbone="tiny", backbone__name="classical", backbone__size=32)
    assert run.title == "photos · classical · kmeans"


def test_a_sweep_tells_aliases_apart(capsys: Any) -> None:
    assert main(["-m", "photos", *TYPED, "backbone=tiny,pixels", "baseline=tiny,null"]) == 0
    titles = {(run.info.title, (run.info.baseline or {}).get("backbone")) for run in map(imgret.load, _runs())}
    assert titles == {(f"photos · {name} · kmeans", line) for name in ("tiny", "pixels") for line in ("tiny", None)}
    rows = next(Path("runs").glob("*-sweep/table.csv")).read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[:2] for row in rows] == [
        ["backbone", "baseline"], ["tiny", "tiny"], ["tiny", "null"], ["pixels", "tiny"], ["pixels", "null"],
    ]  # fmt: skip
    capsys.readouterr()
    assert main(["-m", "photos", *TYPED, "backbone=tiny,pixels", "backbone.size=8"]) == 0
    assert "2/2  backbone=pixels  the same as 1" in capsys.readouterr().out


def _runs() -> list[Path]:
    return [file.parent for file in Path("runs").glob("*/run.json") if not file.parent.is_symlink()]


def test_the_fallback_has_its_own_name(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    from imgret import registry
    from imgret.clusters import stages

    def build(kind: str, node: Any, slot: str = "", **handed: Any) -> Any:
        if node["name"] == "resnet50":
            raise WeightsUnavailable("its weights are not here")
        return registry.build(kind, node, slot, **handed)

    monkeypatch.setattr(stages, "build", build)
    run = imgret.run("photos", **QUICK, fallback="tiny")
    assert "backbone=resnet50: its weights are not here; this run uses backbone=tiny" in caplog.text
    assert not any("resnet50" in line for line in summary(run))  # nothing is said twice
    assert "tiny" in next(line for line in summary(run) if line.startswith("features"))
    assert run.title == "photos · tiny · kmeans"


def test_a_run_that_says_nothing_of_what_was_typed() -> None:
    """One of 0.1.0 loads, and goes by its components; one that says nonsense does not load."""
    file = imgret.run("photos", **QUICK, backbone="tiny").folder / "run.json"
    info = read_json(file)
    del info["config"]["chosen"]
    write_json(file, info)
    old = imgret.load(file.parent)
    assert (old.called("backbone"), old.called("view")) == ("pixels", "pca")
    assert [hit.rank for hit in old.search("photos/a/0.png", 2)] == [1, 2]
    for nonsense in (["tiny"], {"backbone": 5}, None):
        info["config"]["chosen"] = nonsense
        file.write_text(json.dumps(info), encoding="ascii")
        with pytest.raises(
            imgret.UsageError, match=r"is not a whole run: ValueError: config\.chosen(\.backbone)? in run"
        ):
            imgret.load(file.parent)


def test_the_name_of_an_option() -> None:
    node = {"backbone": {"name": "pixels"}, "view": {"name": "pca"}}
    assert called(node, "backbone") == "pixels"
    assert called(node | {"chosen": {"backbone": "tiny"}}, "backbone") == "tiny"
    assert called(node | {"chosen": {"backbone": "tiny"}}, "view") == "pca"


def test_help_and_the_list_say_what_an_alias_is(capsys: Any, tmp_path: Path) -> None:
    assert sentences("backbone", "tiny") == [
        "Tiny, 8 x 8: 192 features, of no images (A. Nobody, 2020)", "They are cut off, as J. Doe says",
        "Licence CC0-1.0, of no weights", "The end",
    ]  # fmt: skip
    assert sentences("clusterer", "flat") == sentences("clusterer", "kmeans") == []
    assert main(["help"]) == 0
    assert (
        "\n  tiny                 Tiny, 8 x 8: 192 features, of no images (A. Nobody, 2020).\n"
        in capsys.readouterr().out
    )
    assert main(["plugins", "backbone"]) == 0
    name, about, place = _entry("backbone=tiny  ", capsys.readouterr().out)
    assert name == "backbone=tiny  name=pixels size=8"
    assert about == "    Tiny, 8 x 8: 192 features, of no images (A. Nobody, 2020)."
    assert place.endswith("tiny.yaml  CC0-1.0, of no weights")
    assert main(["plugins", "reducer"]) == 0
    said = capsys.readouterr().out
    assert _entry("view=plane  ", said)[1:2] == _entry("reducer=pca  ", said)[1:2]  # no comment: its component's words
    assert _entry("view=plane  ", said)[2].endswith("plane.yaml  Apache-2.0")


def _entry(head: str, listing: str) -> list[str]:
    lines = listing.splitlines()
    at = next(row for row, line in enumerate(lines) if line.startswith(head))
    return lines[at : at + 3]
