"""The engine: the features are PyTorch's, each image's its own, the same bytes every time, and nothing leaks."""

import hashlib
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from imgret.contracts import Backbone, Preprocess
from imgret.errors import Fault, UsageError
from imgret.features import engine
from imgret.features.engine import Engine, choose_device
from imgret.features.forward import by_torch
from imgret.features.weights import seeded
from imgret.registry import build

SIZE = (12, 8)  # height, width


def small() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def backbone(module: nn.Module) -> Backbone:
    return Backbone(module, Preprocess(SIZE, mean=(0.1, 0.2, 0.3), std=(0.5, 0.6, 0.7)), "none")


def images(count: int, size: tuple[int, int] = SIZE) -> Any:
    return np.random.default_rng(7).integers(0, 256, (count, 3, *size), np.uint8)


def by_hand(module: nn.Module, pixels: Any) -> Any:
    """The features in float64, straight from the definition."""
    mean, std = (np.reshape(v, (1, 3, 1, 1)) for v in ([0.1, 0.2, 0.3], [0.5, 0.6, 0.7]))
    with torch.no_grad():
        return module.double().eval()(torch.from_numpy((pixels / 255 - mean) / std)).numpy()


@pytest.mark.parametrize("name", ["openvino", "torch"])
def test_features_are_the_modules_own_for_any_number_of_rows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "torch":
        monkeypatch.setattr(engine.importlib.util, "find_spec", lambda _: None)  # type: ignore[attr-defined]
    ours = Engine(backbone(seeded(small)), "cpu", batch=6)
    assert (ours.name, ours.precision, ours.device, ours.batch) == (name, "float32", "cpu", 6)
    pixels = images(6)
    whole = ours(pixels)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole, by_hand(seeded(small), pixels), rtol=1e-5, atol=1e-6)
    for rows in (1, 4):
        assert ours(pixels[:rows]).tobytes() == whole[:rows].tobytes()
    assert name in ours.title.lower().replace("pytorch", "torch")


def test_a_module_is_put_into_eval_mode_and_owns_no_gradient() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.Dropout(0.5), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    ours = Engine(backbone(module.train()), "cpu", batch=2)
    assert ours(images(2)).tobytes() == ours(images(2)).tobytes()
    assert not module.training
    assert all(parameter.grad is None for parameter in module.parameters())


def test_without_weights_there_is_nothing_to_compile() -> None:
    ours = Engine(backbone(nn.Flatten()), "cpu", batch=2)
    assert ours.name == "torch"
    np.testing.assert_allclose(ours(images(2)), by_hand(nn.Flatten(), images(2)), rtol=1e-6)


class Mistaken(nn.Module):
    """A module that another engine gets wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = seeded(small)

    def forward(self, x: Any) -> Any:
        return self.trunk(x) * (1.002 if torch.compiler.is_exporting() else 1)


class Unexportable(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.trunk = seeded(small)

    def forward(self, x: Any) -> Any:
        return self.trunk(x) * (2.0 if float(x.sum()) > 1e9 else 1.0)


@pytest.mark.parametrize(("module", "reason"), [(Mistaken, "differ from PyTorch's by"), (Unexportable, "")])
def test_an_engine_that_cannot_be_trusted_gives_way_to_pytorch(module: Any, reason: str, caplog: Any) -> None:
    caplog.set_level(logging.WARNING)
    ours = Engine(backbone(module()), "cpu", batch=2)
    ours.prepare()
    assert ours.title.startswith("PyTorch 2")
    (line,) = caplog.messages
    assert line.startswith("OpenVINO is not used for this backbone, PyTorch is, which is slower: ")
    assert reason in line
    np.testing.assert_allclose(ours(images(2)), by_hand(seeded(small), images(2)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "module", [nn.Conv2d(3, 5, 3), nn.Sequential(nn.Conv2d(3, 5, 3), nn.Flatten(0)), nn.LSTM(8, 3)]
)
def test_a_module_that_does_not_pool_is_named_for_it(module: nn.Module) -> None:
    if isinstance(module, nn.LSTM):
        module.forward = lambda x: (x, x)  # type: ignore[method-assign]
    with pytest.raises(UsageError, match=r"^backbone: images \(b, 3, 12, 8\) became .*: one row"):
        Engine(backbone(module), "cpu", batch=2)(images(1))


@pytest.mark.parametrize("pixels", [images(0), images(1, (8, 12)), images(2).astype(np.float32)])
def test_pixels_of_another_kind_are_a_mistake(pixels: Any) -> None:
    with pytest.raises(ValueError, match=r"allowed are at least one of uint8 \(3, 12, 8\)"):
        Engine(backbone(seeded(small)), "cpu", batch=2)(pixels)


class Greedy(nn.Module):
    """Has the memory for `most` images at once."""

    def __init__(self, most: int, error: Exception) -> None:
        super().__init__()
        self.most, self.error = most, error
        self.sizes: list[int] = []

    def forward(self, x: Any) -> Any:
        self.sizes.append(len(x))
        if len(x) > self.most:
            raise self.error
        return x.mean((2, 3))


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried to"),
        RuntimeError("MPS backend out of memory (MPS allocated: 18.08 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"),
        RuntimeError("Exception from src/inference: could not create a primitive: std::bad_alloc"),
    ],
)
def test_a_batch_that_is_too_much_for_the_memory_is_halved_and_no_image_is_lost(error: Exception, caplog: Any) -> None:
    module, pixels = Greedy(3, error), images(16)
    ours = Engine(backbone(module), "cpu", batch=16)
    np.testing.assert_allclose(ours(pixels), by_hand(Greedy(16, error), pixels), rtol=1e-5)
    assert module.sizes == [16, 8, 4, *[2] * 8]
    assert (ours.batch, ours.halved) == (2, 3)
    assert {key: ours.facts[key] for key in ("device", "batch", "halved")} == {"device": "cpu", "batch": 2, "halved": 3}
    assert len(caplog.messages) == 3
    assert caplog.messages[0].startswith("out of memory with 16 images at once, going on with 8: ")
    ours(pixels[:3])
    assert module.sizes[-2:] == [2, 2]  # it is not tried again with more


def test_one_image_that_is_too_much_is_said_with_what_to_type() -> None:
    ours = Engine(backbone(Greedy(0, MemoryError("no room"))), "cpu", batch=4)
    with pytest.raises(UsageError) as raised:
        ours(images(4))
    assert str(raised.value) == (
        "one image of 12 x 8 pixels is too much for the memory: no room\ntype a smaller backbone.size"
    )


def test_an_error_that_is_not_of_memory_is_the_backbones() -> None:
    with pytest.raises(Fault, match=r"^backbone: RuntimeError: mat1 and mat2 shapes cannot be multiplied$"):
        Engine(backbone(Greedy(0, RuntimeError("mat1 and mat2 shapes cannot be multiplied"))), "cpu")(images(4))


def test_half_a_batch_stays_with_the_engine_whose_features_are_in_the_set(monkeypatch: pytest.MonkeyPatch) -> None:
    real, calls = engine.by_openvino, []

    def tight(found: Backbone, batch: int) -> Any:
        forward = real(found, batch)

        def run(pixels: Any) -> Any:
            calls.append(len(pixels))
            if len(pixels) > 2:
                raise RuntimeError("Exception from src/core: failed to allocate 4096 bytes")
            return forward(pixels)

        return run

    pixels = images(6)
    reference = Engine(backbone(seeded(small)), "cpu", batch=6)(pixels)
    monkeypatch.setattr(engine, "by_openvino", tight)
    ours = Engine(backbone(seeded(small)), "cpu", batch=6)
    assert ours(pixels).tobytes() == reference.tobytes()  # a request has one image, whatever the batch
    assert (ours.name, ours.batch, ours.halved) == ("openvino", 1, 2)
    assert calls == [2, 6, 3, *[1] * 6]  # the first compares with PyTorch


def test_a_backbone_that_is_too_much_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_much(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(engine, "by_torch", too_much)
    with pytest.raises(UsageError, match=r"too much for the memory of device=mps: CUDA out of memory\.\nchoose a smal"):
        Engine(backbone(nn.Flatten()), "mps").prepare()


def test_the_global_state_is_as_it_was() -> None:
    before = torch.get_num_threads(), torch.backends.cudnn.deterministic, sys.modules.get("openvino_telemetry")
    Engine(backbone(seeded(small)), "cpu").prepare()
    assert (
        torch.get_num_threads(),
        torch.backends.cudnn.deterministic,
        sys.modules.get("openvino_telemetry"),
    ) == before


@pytest.mark.parametrize(
    ("cuda", "mps", "found"), [(2, False, "cuda"), (0, True, "mps"), (0, False, "cpu"), (1, True, "cuda")]
)
def test_devices(cuda: int, mps: bool, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert choose_device("auto") == found
    there = ["cpu", *["mps"] * mps, *["cuda"] * (cuda > 0), *(f"cuda:{i}" for i in range(cuda))]
    for asked in ["cpu", "mps", "cuda", "cuda:0", "cuda:1", "cuda:2", "tpu", "CPU", "", "cuda:-1"]:
        if asked in there:
            assert choose_device(asked) == asked
        else:
            with pytest.raises(UsageError) as raised:
                choose_device(asked)
            first, second = str(raised.value).splitlines()
            assert first.startswith(f"device={asked}: this machine has ")
            assert all(device in first for device in there)
            assert second == f"type device={found} or device=auto"


IN_A_PROCESS_OF_ITS_OWN = """
import hashlib, os, socket, sys

def refuse(*_):
    raise AssertionError("a socket is connected")

socket.socket.connect = socket.socket.connect_ex = refuse
written = []

def watch(event, args):
    if event == "open" and args[2] is not None and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        written.append(str(args[0]))

sys.addaudithook(watch)
import numpy as np
from imgret.features.engine import Engine
from imgret.registry import build, load_plugins

load_plugins()
pixels = np.random.default_rng(7).integers(0, 256, (3, 3, 224, 224), np.uint8)
engine = Engine(build("backbone", {"name": "efficientnet_lite0"}), "cpu")
features = engine(pixels)
assert engine.title.startswith("OpenVINO"), engine.title
assert "openvino_telemetry" not in sys.modules
its_own = ("/dev/", "/proc/", os.environ["TMPDIR"])  # tempfile tries out its folder
outside = [file for file in written if "__pycache__" not in file and not file.startswith(its_own)]
print(hashlib.sha256(features.tobytes()).hexdigest(), outside)
"""


@pytest.mark.slow
def test_no_socket_no_file_and_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IN_A_PROCESS_OF_ITS_OWN],
        env={**os.environ, "HOME": str(home), "TMPDIR": str(temporary), "XDG_CACHE_HOME": str(home / ".cache")},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [*home.rglob("*"), *temporary.rglob("*")] == []
    features = Engine(build("backbone", {"name": "efficientnet_lite0"}), "cpu")(images(3, (224, 224)))
    assert done.stdout.split() == [hashlib.sha256(features.tobytes()).hexdigest(), "[]"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["efficientnet_lite0", "resnet50"])
def test_an_images_features_do_not_depend_on_its_neighbours_or_its_place(name: str) -> None:
    ours = Engine(build("backbone", {"name": name, "weights": "random"}), "cpu", batch=8)
    pixels = images(16, (224, 224))
    first = np.concatenate([ours(pixels[:8]), ours(pixels[8:])])
    order = np.random.default_rng(1).permutation(16)
    again = np.concatenate([ours(pixels[order[:8]]), ours(pixels[order[8:]])])
    assert again.tobytes() == first[order].tobytes()
    assert ours(pixels[5:6]).tobytes() == first[5:6].tobytes()
    forward = by_torch(ours.backbone, "cpu", 8)  # what a module gets that cannot be compiled
    eager = np.concatenate([forward(pixels[:8]), forward(pixels[8:])])
    again = np.concatenate([forward(pixels[order[:8]]), forward(pixels[order[8:]])])
    assert again.tobytes() == eager[order].tobytes()
    assert forward(pixels[5:6]).tobytes() == eager[5:6].tobytes()
