from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgret import UsageError, register
from imgret.plugin import (
    Backbone,
    Fit,
    Preprocess,
    Remote,
    TextTower,
    fetch_weights,
    fill_weights,
    local_weights,
    parse_size,
    read_weights,
    seeded,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor, nn

HINT = "backbone=efficientnet_lite0, whose weights are installed, but not for texts"


@register("backbone")
def open_clip(
    model: str = "ViT-B-32",
    weights: str = "laion2b_s34b_b79k",
    fit: Fit = "squash",
    size: int | str | None = None,
    offline: bool = False,
) -> Backbone:
    """A model of open_clip by its name there, with its text tower, so that a run can be searched with texts.

    A. Radford et al., Learning transferable visual models from natural language supervision, 2021; the default is
    LAION's, of MIT licence. Takes `pip install "imgret[text]"`. `weights` is a name that open_clip has for the model
    (safetensors, from Hugging Face's cache or, announced, its hub), a .safetensors file, or random. `size` is in
    pixels, 224 or 256x128 (height x width); left out, it is the model's own. Texts end after its 77 tokens or so.
    """
    config = _config(model)
    own = config["vision_cfg"].get("image_size", 224)
    own = own if isinstance(own, int) else "x".join(map(str, own))
    height, width = parse_size(own if size is None else size)
    config["vision_cfg"]["image_size"] = height if height == width else (height, width)
    network = _create(model, config, (height, width))

    trained = _trainings(model)
    how = trained.get(weights) or next(iter(trained.values()), {})
    facts, licence = {"model": f"open_clip {model}", "weights": Path(weights).name}, "random weights"
    if weights != "random":
        file = _file(model, weights, network, offline) if weights in trained else _local(weights, trained)
        fill_weights(network, _fitted(read_weights(file), network), file)
        facts["weights_file"] = str(file)
        licence = _licence(trained[weights]) if weights in trained else "that of the file"

    visual, network.visual = network.visual, None  # each tower's weights by themselves
    network.forward = network.encode_text
    return Backbone(visual, _preprocess(how, (height, width), fit), licence, facts, text=_tower(network, config))


def _package() -> Any:
    try:
        import open_clip
    except ImportError as error:
        raise UsageError('backbone=open_clip takes open_clip_torch\ntype pip install "imgret[text]"') from error
    return open_clip


def _config(model: str) -> dict[str, Any]:
    """How open_clip builds a model. Raises UsageError where it knows none, or one that needs more than its files."""
    package = _package()

    def whole(name: str) -> bool:
        """Whether its tokenizer comes with the package; those of others are fetched by other packages."""
        text = package.get_model_config(name)["text_cfg"]
        fetched = text.get("hf_model_name") or text.get("hf_tokenizer_name") or "siglip" in name.lower()
        return not fetched and "multimodal_cfg" not in package.get_model_config(name)

    names = [name for name in package.list_models() if whole(name)]
    if model not in names:
        known = model in package.list_models()
        close = get_close_matches(model, names, 3) or [name for name in names if model.lower() in name.lower()][:3]
        what = f"open_clip's {model} needs further packages" if known else f"open_clip has no model {model!r}"
        raise UsageError(
            f"{what}{', try ' if known else ', did you mean '}{', '.join(close or names[-3:])}\n"
            "type backbone.model=NAME; open_clip.list_models() in Python lists them"
        )
    config: dict[str, Any] = package.get_model_config(model)
    return config


def _create(model: str, config: Mapping[str, Any], size: tuple[int, int]) -> Any:
    """The network with seeded random weights; tried on a black image."""
    import torch
    from open_clip.model import CLIP, CustomTextCLIP

    parts = {key: value for key, value in config.items() if key != "custom_text"}
    parts["vision_cfg"] = {**parts["vision_cfg"], "timm_model_pretrained": False}
    try:
        network = seeded(lambda: (CustomTextCLIP if config.get("custom_text") else CLIP)(**parts)).eval()
        with torch.inference_mode():
            network.encode_image(torch.zeros(1, 3, *size))  # type: ignore[operator]
    except Exception as error:  # each family of models has its own way to refuse
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UsageError(f"open_clip cannot make {model} so: {reason}\nleave backbone.size out") from error
    return network


def _trainings(model: str) -> dict[str, Mapping[str, Any]]:
    """What open_clip knows of the weights of a model that lie on Hugging Face's hub, by name."""
    from open_clip.pretrained import get_pretrained_cfg, list_pretrained_tags_by_model

    known = {name: get_pretrained_cfg(model, name) for name in list_pretrained_tags_by_model(model)}
    return {name: how for name, how in known.items() if how.get("hf_hub")}


def _local(weights: str, names: Mapping[str, Any]) -> Path:
    file = local_weights(weights, names)
    if file.suffix != ".safetensors":
        raise UsageError(
            f"backbone.weights={weights}: open_clip's weights are read from safetensors only\n"
            f"choose from: {', '.join(sorted(names))}, random, or a file ending in .safetensors"
        )
    return file


def _file(model: str, weights: str, network: nn.Module, offline: bool) -> Path:
    """The weights of this name, in Hugging Face's cache, or fetched into torch's."""
    import huggingface_hub

    how = _trainings(model)[weights]
    if bool(how.get("quick_gelu")) != model.endswith("-quickgelu"):
        other = f"{model}-quickgelu" if how.get("quick_gelu") else model.removesuffix("-quickgelu")
        raise UsageError(
            f"weights={weights} were trained with another activation than {model} has\ntype backbone.model={other}"
        )
    repository, name = os.path.split(how["hf_hub"])
    name = f"{Path(name).stem}.safetensors" if name else "open_clip_model.safetensors"
    cached = huggingface_hub.try_to_load_from_cache(repository, name)
    if isinstance(cached, str):  # else None, or the mark of a file that the repository is known not to have
        return Path(cached)
    megabytes = sum(tensor.numel() for tensor in network.parameters()) * 4 / 1e6
    remote = Remote(
        huggingface_hub.hf_hub_url(repository, name), megabytes, name=f"{repository}/{name}".replace("/", "--")
    )
    offline = offline or huggingface_hub.constants.HF_HUB_OFFLINE
    return fetch_weights(remote, f"{weights} of open_clip's {model}", offline, HINT)


def _licence(how: Mapping[str, Any]) -> str:
    repository = how["hf_hub"].rpartition("/")[0]
    return "MIT" if repository.startswith("laion/") else f"that of huggingface.co/{repository}"


def _fitted(state: dict[str, Tensor], network: Any) -> dict[str, Tensor]:
    """The tensors with the names of the text tower that this class has, and the positions of this image size."""
    from open_clip.model import convert_to_custom_text_state_dict, resize_pos_embed

    if hasattr(network, "text"):
        state = convert_to_custom_text_state_dict(state)
    with _silent():
        resize_pos_embed(state, network)
    return state


@contextmanager
def _silent() -> Iterator[None]:
    """Let open_clip speak to a root logger that has a handler: where there is none, it would get one for good."""
    handler = logging.NullHandler()
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


def _preprocess(how: Mapping[str, Any], size: tuple[int, int], fit: str) -> Preprocess:
    """As weights were trained, or, of a file, as the first ones that open_clip names for the model were."""
    from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD

    from imgret.plugin import FILTERS

    filter = how.get("interpolation", "bicubic")
    mean, std = how.get("mean", OPENAI_DATASET_MEAN), how.get("std", OPENAI_DATASET_STD)
    return Preprocess(size, fit, 0, filter if filter in FILTERS else "bicubic", mean=tuple(mean), std=tuple(std))


def _tower(network: Any, config: Mapping[str, Any]) -> TextTower:
    from open_clip.tokenizer import DEFAULT_CONTEXT_LENGTH, SimpleTokenizer

    text = config["text_cfg"]
    length = text.get("context_length", DEFAULT_CONTEXT_LENGTH)
    return TextTower(network, SimpleTokenizer(context_length=length, **text.get("tokenizer_kwargs", {})))
