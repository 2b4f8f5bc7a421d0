from __future__ import annotations

from imgret import register
from imgret.plugin import Backbone, Fit, Preprocess, Remote, load_weights, parse_size, seeded


@register("backbone")
def resnet50(
    weights: str = "IMAGENET1K_V2",
    fit: Fit = "squash",
    size: int | str = 224,
    offline: bool = False,
) -> Backbone:
    """ResNet-50 of torchvision, trained on ImageNet: 2048 features, pooled over the image.

    He et al., Deep Residual Learning for Image Recognition, CVPR 2016. `weights` is IMAGENET1K_V2, IMAGENET1K_V1, a
    file, or random. `size` is in pixels, 224 or 256x128 (height x width). `fit=crop` scales and cuts as torchvision's
    own transforms for these weights do.
    """
    import torch
    import torchvision

    known = {entry.name: entry for entry in torchvision.models.ResNet50_Weights}
    recipe = known.get(weights, torchvision.models.ResNet50_Weights.IMAGENET1K_V2).transforms()
    height, width = parse_size(size)
    # For a square, the margin that torchvision leaves around its 224 pixels; else the image's shorter side just fits.
    resize = round(height * recipe.resize_size[0] / recipe.crop_size[0]) if fit == "crop" and height == width else 0

    module = seeded(torchvision.models.resnet50)
    module.fc = torch.nn.Identity()
    facts = load_weights(
        module,
        weights,
        {name: Remote(entry.url, entry.meta["_file_size"]) for name, entry in known.items()},
        offline,
        hint="backbone=efficientnet_lite0, whose weights are installed",
    )
    preprocess = Preprocess((height, width), fit, resize, mean=tuple(recipe.mean), std=tuple(recipe.std))
    licence = "BSD-3-Clause" if weights in known else "random weights" if weights == "random" else "that of the file"
    return Backbone(module, preprocess, licence, {"model": "torchvision resnet50", **facts})
