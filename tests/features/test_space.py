"""What is known of a run's features before anything is built is compared before anything is."""

from pathlib import Path
from typing import Any

import pytest

import imgret
from imgret import UsageError
from imgret.features import space
from tests.conftest import png, write

GIANT = {"name": "timm", "model": "vit_giant_patch14_dinov2", "weights": "random"}


@pytest.mark.parametrize(
    ("node", "made_in"),
    [
        (GIANT, {}),
        (GIANT, {"backbone": "timm", "arguments": {"model": "resnet18"}}),
        ({"name": "pixels", "size": 10**6}, {}),
        (None, {"decode": -1}),
        (None, {"code": "0" * 64}),
    ],
)
def test_nothing_is_built_that_its_name_tells_apart(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, node: Any, made_in: dict[str, Any]
) -> None:
    run = imgret.run(colours, backbone="pixels", view="pca", reports=[], metrics=[], attributes=[], k=2)
    new = write(tmp_path / "new", {"new.png": png((9, 9, 9), noise=500)}) / "new.png"
    loaded = imgret.load(run.folder)
    loaded.settings["backbone"] = node or loaded.settings["backbone"]
    loaded.info.space.update(made_in)
    built: list[str] = []
    real = space.build
    monkeypatch.setattr(space, "build", lambda kind, node, *more: built.append(node["name"]) or real(kind, node, *more))
    for ask in (loaded.search, loaded.assign):
        with pytest.raises(UsageError, match="not made with the weights or preprocessing"):
            ask(new)
    assert built == []
    assert imgret.load(run.folder).search(new, 1)
    assert built == ["pixels"]
