"""The backbones that are other names for a model of timm: dinov2_s, dinov2_b, siglip2_b, clip_b16, convnext_t."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file

from imgret.contracts import Backbone
from imgret.features.weights import seeded
from imgret.registry import build
from imgret.settings.options import CONFIGS, nodes

NAMED = {  # name: features, and another pooling with what it is of the tokens (b, t, d) or the map (b, d, h, w)
    "dinov2_s": (384, "avg", lambda x: x[:, 1:].mean(1)),
    "dinov2_b": (768, "max", lambda x: x[:, 1:].amax(1)),
    "siglip2_b": (768, "avg", lambda x: x.mean(1)),
    "clip_b16": (768, "avg", lambda x: x[:, 1:].mean(1)),
    "convnext_t": (768, "max", None),
}


def node(name: str) -> dict[str, Any]:
    return {**nodes()["backbone"][name], "offline": True}


def test_these_are_all_of_them() -> None:
    assert {file.stem for file in (CONFIGS / "backbone").glob("*.yaml")} == set(NAMED)


@pytest.mark.parametrize("name", NAMED)
def test_what_timm_says_of_them(name: str) -> None:
    wanted = node(name)
    assert wanted["model"] in timm.list_models(pretrained=True)
    entry = timm.get_pretrained_cfg(wanted["model"])
    assert entry.license == "apache-2.0"
    assert "Licence Apache-2.0" in (CONFIGS / "backbone" / f"{name}.yaml").read_text(encoding="utf-8")
    assert (wanted["size"], wanted["weights"]) == (224, "default")
    with torch.device("meta"):
        module = timm.create_model(wanted["model"], num_classes=0)
    assert module.num_features == NAMED[name][0]
    assert wanted["pool"] == getattr(module, "global_pool", "avg")  # as its authors pool


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMED)
def test_a_file_in_timms_layout_gives_timms_features(name: str, tmp_path: Path) -> None:
    width, pool, pooled = NAMED[name]
    wanted = node(name)
    network = seeded(lambda: timm.create_model(wanted["model"]), seed=3).eval()
    file = tmp_path / "w.safetensors"
    save_file(network.state_dict(), file)

    def made(**more: Any) -> Backbone:
        backbone: Backbone = build("backbone", wanted | {"weights": str(file)} | more)
        assert backbone.licence == "that of the file"
        return backbone

    side = timm.get_pretrained_cfg(wanted["model"]).input_size[1]  # what the file's positions are for
    images = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        whole = network.forward_features(images)
        reference = network.forward_head(whole, pre_logits=True)
        torch.testing.assert_close(made(size=side).module(images), reference)
        other = pooled(whole) if pooled else network.head.norm(whole.amax((2, 3), keepdim=True)).flatten(1)
        torch.testing.assert_close(made(size=side, pool=pool).module(images), other)
        small = made()
        assert small.preprocess.size == (224, 224)
        assert small.module(images[:, :, :224, :224]).shape == (1, width)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMED)
def test_random_weights_are_the_same_each_time(name: str) -> None:
    first, second = (build("backbone", node(name) | {"weights": "random"}) for _ in range(2))
    state = second.module.state_dict()
    assert all(torch.equal(tensor, state[key]) for key, tensor in first.module.state_dict().items())
    with torch.no_grad():
        features = first.module(torch.zeros(1, 3, 224, 224))
    assert features.shape == (1, NAMED[name][0])
    assert first.licence == "random weights"


@pytest.mark.slow
def test_dinov2_at_another_size_has_its_positions_resampled(tmp_path: Path) -> None:
    wanted = node("dinov2_s")
    network = seeded(lambda: timm.create_model(wanted["model"]), seed=3)
    save_file(network.state_dict(), tmp_path / "w.safetensors")
    module: Any = build("backbone", wanted | {"weights": str(tmp_path / "w.safetensors")}).module
    resampled = timm.layers.resample_abs_pos_embed(
        network.pos_embed, (16, 16), num_prefix_tokens=0 if network.no_embed_class else 1
    )
    torch.testing.assert_close(module.pos_embed, resampled)


@pytest.mark.parametrize("name", ["convnext_t", "dinov2_s"])
def test_timms_licence_is_the_backbones(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    wanted = node(name)
    network = seeded(lambda: timm.create_model(wanted["model"]))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    file = tmp_path / "torch" / "hub" / "checkpoints" / f"timm--{wanted['model']}--model.safetensors"
    file.parent.mkdir(parents=True)
    save_file(network.state_dict(), file)
    backbone = build("backbone", wanted)
    assert (backbone.licence, backbone.facts["weights"]) == ("apache-2.0", "default")
