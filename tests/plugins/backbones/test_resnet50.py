"""The backbone resnet50: its features are torchvision's, its preprocessing that of its weights."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file

from imgret import UsageError
from imgret.features.engine import Engine
from imgret.features.weights import WeightsUnavailable, seeded
from imgret.reading.decode import decode
from tests.plugins.backbones.conftest import difference, make


def photographs_of_noise() -> list[bytes]:
    """Smooth noise in three shapes, as PNG."""
    found = []
    for seed, (width, height) in enumerate([(300, 400), (500, 300), (256, 256)]):
        coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
        stream = io.BytesIO()
        Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).save(stream, "PNG")
        found.append(stream.getvalue())
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "fit", "named"), [("pth", "squash", ""), ("safetensors", "crop", ""), ("pth", "crop", "IMAGENET1K_V1")]
)
def test_resnet50_from_a_file_gives_what_torchvision_gives(
    suffix: str, fit: str, named: str, cache: Path, tmp_path: Path
) -> None:
    network = seeded(torchvision.models.resnet50, seed=3).eval()
    file = tmp_path / f"w.{suffix}"
    if named:
        file = tmp_path / "torch" / "hub" / "checkpoints" / "resnet50-0676ba61.pth"
        file.parent.mkdir(parents=True)
    if suffix == "pth":
        torch.save(network.state_dict(), file)
    else:
        save_file(network.state_dict(), file)
    network.fc = torch.nn.Identity()
    theirs = getattr(torchvision.models.ResNet50_Weights, named or "IMAGENET1K_V2").transforms()
    if fit == "squash":
        plain = torchvision.transforms
        theirs = plain.Compose(
            [plain.Resize((224, 224), antialias=True), plain.ToTensor(), plain.Normalize(theirs.mean, theirs.std)]
        )
    images = photographs_of_noise()
    with torch.no_grad():
        reference = network(torch.stack([theirs(Image.open(io.BytesIO(data))) for data in images])).numpy()

    backbone = make("resnet50", weights=named or str(file), fit=fit, offline=True)
    decoded = [decode(data, backbone.preprocess).pixels for data in images]
    features = Engine(backbone, "cpu")(np.stack([pixels for pixels in decoded if pixels is not None]))
    assert features.shape == (3, 2048)
    assert difference(features, reference) < 1e-4
    assert backbone.facts["weights_file"] == str(file)


def test_resnet50s_preprocessing_is_that_of_its_weights() -> None:
    plain = make("resnet50", weights="random")
    assert (plain.preprocess.size, plain.preprocess.fit, plain.preprocess.resize) == ((224, 224), "squash", 0)
    assert (plain.preprocess.mean, plain.preprocess.std) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    assert plain.preprocess.filter == "bilinear"
    assert (plain.licence, dict(plain.facts)) == (
        "random weights",
        {"model": "torchvision resnet50", "weights": "random"},
    )
    assert make("resnet50", weights="random", fit="crop").preprocess.resize == 232
    assert make("resnet50", weights="random", fit="crop", size=112).preprocess.resize == 116
    tall = make("resnet50", weights="random", fit="crop", size="256x128")
    assert (tall.preprocess.size, tall.preprocess.resize) == ((256, 128), 0)
    for name, tensor in tall.module.state_dict().items():
        assert torch.equal(tensor, plain.module.state_dict()[name])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"weights": "IMAGENET1K_V3"}, "choose from: IMAGENET1K_V1, IMAGENET1K_V2, random, or a file"),
        ({"weights": "random", "size": "224x"}, "type backbone.size=224"),
        ({"fit": "stretch"}, "takes squash or crop or pad here"),
    ],
)
def test_resnet50_names_the_choices(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make("resnet50", **arguments)


@pytest.mark.parametrize("offline", [True, False])
def test_resnet50_without_its_weights_says_what_to_type(offline: bool, cache: Path) -> None:
    with pytest.raises(WeightsUnavailable) as raised:
        make("resnet50", offline=offline)
    first, second = str(raised.value).splitlines()
    assert first.startswith("the weights IMAGENET1K_V2 ")
    assert ("offline=true" in first) == offline
    assert "https://download.pytorch.org/models/resnet50-11ad3fa6.pth" in second
    assert second.endswith("or backbone=efficientnet_lite0, whose weights are installed")
