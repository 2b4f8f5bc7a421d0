from __future__ import annotations

import math
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgret import UsageError, register
from imgret.plugin import (
    Backbone,
    Fit,
    Preprocess,
    Remote,
    WeightsUnavailable,
    fetch_weights,
    fill_weights,
    local_weights,
    parse_size,
    read_weights,
    seeded,
)

if TYPE_CHECKING:
    from torch import nn

HINT = "backbone=efficientnet_lite0, whose weights are installed"


@register("backbone")
def timm(
    model: str,
    weights: str = "default",
    pool: str = "",
    fit: Fit = "squash",
    size: int | str | None = None,
    offline: bool = False,
) -> Backbone:
    """Any model of timm by its name there, such as resnet18 or vit_small_patch14_dinov2.lvd142m; classifier cut off.

    `weights` is default (timm's, from Hugging Face's cache or, announced, its hub), a file, or random. `pool` is one
    that the model knows (avg, token, max, ...), `size` in pixels, 224 or 256x128 (height x width); left out, they are
    the model's own, as its mean, deviation and filter always are. `fit=crop` leaves the margin that timm leaves.
    """
    from imgret.plugin import FILTERS

    entry = _entry(model)
    own = entry.input_size[1:]
    height, width = own if size is None else parse_size(size)
    options: dict[str, Any] = {"img_size": (height, width)} if entry.fixed_input_size else {}

    facts, licence = {"model": f"timm {model}", "weights": Path(weights).name}, "random weights"
    if weights == "random":
        module = seeded(lambda: _create(model, num_classes=0, **options))
    else:
        file = _default_file(model, entry, offline) if weights == "default" else local_weights(weights, ("default",))
        module = _load(model, entry, file, weights == "default", options)
        facts["weights_file"] = str(file)
        licence = (entry.license or "unknown licence") if weights == "default" else "that of the file"
    module = _cut(module, model, pool, height, width)

    resize = math.floor(height / entry.crop_pct) if fit == "crop" and height == width else 0
    filter = entry.interpolation if entry.interpolation in FILTERS else "bicubic"
    preprocess = Preprocess((height, width), fit, resize, filter, mean=tuple(entry.mean), std=tuple(entry.std))
    return Backbone(module, preprocess, licence, facts)


def _entry(model: str) -> Any:
    """What timm knows about a model and its weights. Raises UsageError with the names most like an unknown one."""
    import timm

    names = [*timm.list_models(), *timm.list_models(pretrained=True)]  # with and without the tag of their weights
    if model not in names:
        close = get_close_matches(model, names, 3) or [name for name in names if model in name][:3]
        raise UsageError(
            f"timm has no model {model!r}{', did you mean ' if close else ''}{', '.join(close)}\n"
            "type backbone.model=NAME; timm.list_models() in Python lists them"
        )
    return timm.get_pretrained_cfg(model)


def _create(model: str, **options: Any) -> nn.Module:
    import timm

    try:
        module: nn.Module = timm.create_model(model, **options)
    except (TypeError, ValueError, AssertionError) as error:
        raise _refused(model, error) from error
    return module


def _cut(module: nn.Module, model: str, pool: str, height: int, width: int) -> nn.Module:
    """The module without classifier and with another pooling, if one is asked for; tried on a black image.

    The pooling comes after the weights: made with another, a transformer of timm has a layer without weights.
    """
    import torch

    try:
        module.eval().reset_classifier(0, *[pool] * bool(pool))  # type: ignore[operator]
        with torch.inference_mode():
            module(torch.zeros(1, 3, height, width))
    except Exception as error:  # each family of models has its own way to refuse
        raise _refused(model, error) from error
    return module


def _refused(model: str, error: Exception) -> UsageError:
    reason = (str(error) or type(error).__name__).splitlines()[0]
    return UsageError(
        f"timm cannot make {model} so: {reason}\nleave backbone.pool and backbone.size out, or try other values"
    )


def _default_file(model: str, entry: Any, offline: bool) -> Path:
    """The weights that timm names, in Hugging Face's cache, or fetched into torch's, safetensors first."""
    import huggingface_hub
    import torch

    if not (entry.hf_hub_id or entry.url):
        raise WeightsUnavailable(f"timm has no weights for {model}\ntype backbone.weights=FILE, or {HINT}")
    repository, _, revision = (entry.hf_hub_id or "").partition("@")
    for name in (entry.hf_hub_filename, "model.safetensors", "pytorch_model.bin"):
        if name and repository:
            cached = huggingface_hub.try_to_load_from_cache(repository, name, revision=revision or None)
            if isinstance(cached, str):  # else None, or the mark of a file that the repository is known not to have
                return Path(cached)
    with torch.device("meta"):
        megabytes = sum(p.numel() for p in _create(model).parameters()) * 4 / 1e6
    remote = Remote(entry.url or "", megabytes)
    if repository:
        name = entry.hf_hub_filename or "model.safetensors"
        url = huggingface_hub.hf_hub_url(repository, name, revision=revision or None)
        remote = Remote(url, megabytes, name=f"{repository}/{name}".replace("/", "--"))
    return fetch_weights(remote, f"of timm's {model}", offline or huggingface_hub.constants.HF_HUB_OFFLINE, HINT)


def _load(model: str, entry: Any, file: Path, trusted: bool, options: dict[str, Any]) -> nn.Module:
    """The model with the weights of `file`, in timm's layout or one that timm translates.

    The classifier is made as large as the file's: timm loads in full only what has the right number of classes.
    A file that is not `trusted` to be the model's is held to that, since timm lets some families off.
    """
    state = read_weights(file)
    first = entry.classifier if isinstance(entry.classifier, str) else next(iter(entry.classifier or ()), "")
    head = state.get(f"{first}.weight")
    for classes in (entry.num_classes, 0) if head is None else (head.shape[0],):
        overlay = {"file": str(file), "num_classes": classes, "label_offset": 0}
        try:
            module = _create(model, pretrained=True, pretrained_cfg_overlay=overlay, num_classes=classes, **options)
            left = "" if trusted else _left_random(module, _create(model, num_classes=classes, **options))
        except UsageError:
            raise
        except Exception as error:  # whatever the translation of a foreign layout stumbles over
            reason = " ".join(str(error).split())[:200]
        else:
            if not left:
                return module
            reason = f"it has nothing for {left}"
    fill_weights(_create(model, num_classes=0, **options), state, file)
    raise UsageError(f"{file} does not fit timm's {model}: {reason}\ntype backbone.weights=FILE, of this very model")


def _left_random(module: nn.Module, fresh: nn.Module) -> str:
    """The first key of a module that was loaded from a file which still has the random numbers it was made with.

    PyTorch counts how often a tensor is written; loading writes it once more than making it does.
    """
    before = fresh.state_dict()
    for key, tensor in module.state_dict().items():
        loaded = tensor._version > before[key]._version
        if not loaded and (tensor != tensor.flatten()[0]).any():  # a layer of ones or zeros is not random
            return key
    return ""
