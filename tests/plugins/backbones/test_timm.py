"""The backbone timm: timm's own features, preprocessing, weights and licences, and what to type."""

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file

from imgret import UsageError
from imgret.features.weights import WeightsUnavailable, seeded
from tests.plugins.backbones.conftest import make

TINY = "test_resnet.r160_in1k"  # timm's own model for tests: 0.5 M parameters, 160 px


@pytest.mark.parametrize("classes", [1000, 7, 0])
def test_timm_loads_a_file_whole_and_cuts_off_its_classifier(classes: int, tmp_path: Path) -> None:
    network = seeded(lambda: timm.create_model(TINY, num_classes=classes), seed=3).eval()
    save_file(network.state_dict(), tmp_path / "w.safetensors")
    backbone = make("timm", model=TINY, weights=str(tmp_path / "w.safetensors"))
    images = torch.randn(2, 3, 160, 160, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        reference = network.forward_head(network.forward_features(images), pre_logits=True)
        assert torch.equal(backbone.module.eval()(images), reference)
    assert reference.ndim == 2
    assert (backbone.licence, backbone.facts["model"]) == ("that of the file", f"timm {TINY}")


def test_timms_preprocessing_is_timms() -> None:
    entry = timm.get_pretrained_cfg(TINY)
    preprocess = make("timm", model=TINY, weights="random").preprocess
    assert (preprocess.size, preprocess.filter, preprocess.fit) == ((160, 160), entry.interpolation, "squash")
    assert (preprocess.mean, preprocess.std) == (entry.mean, entry.std)
    cropped = make("timm", model=TINY, weights="random", fit="crop").preprocess
    transform = timm.data.create_transform(**timm.data.resolve_data_config(pretrained_cfg=entry.to_dict()))
    assert cropped.resize == transform.transforms[0].size
    assert make("timm", model=TINY, weights="random", size="96x64").preprocess.size == (96, 64)


def test_timms_transformers_take_another_size_and_pooling(tmp_path: Path) -> None:
    network = seeded(lambda: timm.create_model("test_vit"), seed=3).eval()
    save_file(network.state_dict(), tmp_path / "w.safetensors")
    file = str(tmp_path / "w.safetensors")
    images = torch.randn(2, 3, 160, 160, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        tokens = network.forward_features(images)  # the class token first
        for pool, reference in (("", tokens[:, 0]), ("avg", tokens[:, 1:].mean(1)), ("max", tokens[:, 1:].amax(1))):
            backbone = make("timm", model="test_vit", weights=file, pool=pool)
            torch.testing.assert_close(backbone.module(images), reference)
        tall = make("timm", model="test_vit", weights=file, size="96x64")
        assert tall.module(torch.zeros(2, 3, 96, 64)).shape == (2, network.num_features)


@pytest.mark.parametrize("folder", ["hf", "torch"])
def test_timms_own_weights_are_found_in_either_cache(folder: str, cache: Path) -> None:
    network = seeded(lambda: timm.create_model(TINY), seed=3)
    file = cache.parent / "torch" / "hub" / "checkpoints" / f"timm--{TINY}--model.safetensors"
    if folder == "hf":
        repository = cache / f"models--timm--{TINY}"
        file = repository / "snapshots" / "0123" / "model.safetensors"
        (repository / "refs").mkdir(parents=True)
        (repository / "refs" / "main").write_text("0123")
    file.parent.mkdir(parents=True)
    save_file(network.state_dict(), file)
    backbone = make("timm", model=TINY, offline=True)
    for name, tensor in backbone.module.state_dict().items():
        assert torch.equal(tensor, network.state_dict()[name])
    assert backbone.licence == timm.get_pretrained_cfg(TINY).license
    assert dict(backbone.facts) == {"model": f"timm {TINY}", "weights": "default", "weights_file": str(file)}


def test_timms_own_weights_are_announced_where_they_must_be_fetched(cache: Path, caplog: Any) -> None:
    with pytest.raises(WeightsUnavailable, match="on this machine, and offline=true"):
        make("timm", model=TINY, offline=True)
    assert caplog.messages == []
    url = f"https://huggingface.co/timm/{TINY}/resolve/main/model.safetensors"
    with pytest.raises(WeightsUnavailable, match=f"could not be fetched: nobody may ask for {url}\n"):
        make("timm", model=TINY)
    (line,) = caplog.messages
    assert line.startswith(f"fetching the weights of timm's {TINY}, about 2 MB, from {url} to ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"model": "resnt18"}, r"timm has no model 'resnt18', did you mean resnet18, .*\ntype backbone.model=NAME"),
        ({"model": "resnet18.mine"}, "timm has no model 'resnet18.mine', did you mean resnet18"),
        ({"model": "zzz"}, "timm has no model 'zzz'\n"),
        ({"model": "beit3_giant_patch14_224"}, r"timm has no weights for beit3.*\ntype backbone.weights=FILE"),
        ({"model": TINY, "weights": "gone.pth"}, r"no such file\nchoose from: default, random"),
        ({"model": TINY, "weights": "random", "pool": "token"}, r"cannot make .* so: .*token.*\nleave"),
        ({"model": "test_vit", "weights": "random", "size": 100}, r"cannot make test_vit so: .*\nleave"),
        ({}, r"backbone=timm needs a value for 'model'\ntype backbone.model"),
    ],
)
def test_timm_says_what_to_type(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make("timm", **arguments)


def test_timm_refuses_another_models_file(tmp_path: Path) -> None:
    """Also in a family (dla) of which timm itself loads a part without a word."""
    for model, cut in [(TINY, -8), ("dla46_c", -8), ("dla46_c", None)]:
        whole = timm.create_model(model if cut else TINY).state_dict()
        file = tmp_path / "w.pth"
        torch.save({key: whole[key] for key in list(whole)[:cut]}, file)
        with pytest.raises(UsageError, match=r"does not fit this model: .* is missing in the file, .*\n"):
            make("timm", model=model, weights=str(file))
    torch.save(timm.create_model("dla46_c").state_dict(), file)
    make("timm", model="dla46_c", weights=str(file))
