"""The engine: runs a backbone over decoded images, the fastest way that the device has, and the same way every time."""

from __future__ import annotations

import importlib.util
import logging
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.contracts import Backbone
from imgret.registry import UsageError

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from imgret.contracts import Floats

    Pixels = NDArray[np.uint8]
    Forward = Callable[[Pixels], Floats]

TOLERANCE = 1e-3  # relative difference from PyTorch's features at which another engine is not used
log = logging.getLogger("imgret")


def choose_device(asked: str) -> str:
    """The device to use: `asked` if it is there; for `auto` CUDA, else MPS, else the CPU. Raises UsageError."""
    if asked == "cpu":
        return asked
    import torch

    there = ["cuda"] if torch.cuda.is_available() else []
    there += [f"cuda:{index}" for index in range(torch.cuda.device_count())] if there else []
    there += ["mps"] if torch.backends.mps.is_available() else []
    there += ["cpu"]
    if asked == "auto":
        return there[0]
    if asked not in there:
        raise UsageError(f"device={asked}: this machine has {', '.join(there)}\ntype device={there[0]} or device=auto")
    return asked


class Engine:
    """Runs a backbone's module over images of one size. `batch` is how many it takes at once; 0 = what suits.

    On the CPU that is OpenVINO, in float32, if it gives the features that PyTorch gives; else PyTorch itself, in
    float16 on CUDA and in float32 elsewhere. Every image's features are the same bytes whatever is computed beside
    it. `name`, `precision` and `device` stand for how features are made here; `title` says what really runs, which
    is settled by `prepare`, a matter of seconds. Global settings of torch are left alone, its threads too.
    """

    def __init__(self, backbone: Backbone, device: str, batch: int = 0) -> None:
        self.backbone, self.device = backbone, device
        kind = device.partition(":")[0]
        self.batch = batch or (128 if kind == "cuda" else max(16, 4 * (os.cpu_count() or 1)))
        self.precision = "float16" if kind == "cuda" else "float32"
        trained = any(True for _ in backbone.module.parameters())  # compiling would cost more than the rest of it saves
        compiled = kind == "cpu" and trained and importlib.util.find_spec("openvino") is not None
        self.name = "openvino" if compiled else "torch"
        self.title = f"OpenVINO {version('openvino')}" if compiled else f"PyTorch {version('torch')}"
        self._forward: Forward | None = None
        self._lock = threading.RLock()  # one call at a time has all the cores

    def __call__(self, pixels: Pixels) -> Floats:
        """Features (m, d) of images (m, 3, h, w), 1 <= m <= batch."""
        height, width = self.backbone.preprocess.size
        if pixels.dtype != np.uint8 or not 1 <= len(pixels) <= self.batch or pixels.shape[1:] != (3, height, width):
            wanted = f"1 to {self.batch} of uint8 (3, {height}, {width})"
            raise ValueError(f"pixels are {pixels.dtype} {pixels.shape}, allowed are {wanted}")
        with self._lock:
            return self.prepare()(pixels)

    def prepare(self) -> Forward:
        """Get ready, once: compile, and compare the first features with PyTorch's.

        Raises UsageError for a module whose features are not one row an image.
        """
        with self._lock:
            if self._forward is None:
                self._forward = self._compiled() if self.name == "openvino" else None
                self._forward = self._forward or _torch(self.backbone, self.device, self.batch)
            return self._forward

    def _compiled(self) -> Forward | None:
        """OpenVINO for this module, if on noise it gives what PyTorch gives; else None, and one line that says why."""
        noise = np.random.default_rng(0).integers(0, 256, (2, 3, *self.backbone.preprocess.size), np.uint8)
        reference = _torch(self.backbone, self.device, len(noise))(noise)
        try:
            forward = _openvino(self.backbone)
            _compare(forward(noise), reference)
        except Exception as error:  # whatever an engine cannot do, PyTorch can
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            log.warning("OpenVINO is not used for this backbone, PyTorch is, which is slower: %s", reason)
            self.name, self.title = "torch", f"PyTorch {version('torch')}"
            return None
        return forward


def _compare(features: Floats, reference: Floats) -> None:
    """Raises ValueError where a row is further from its reference than TOLERANCE of its length."""
    if features.shape != reference.shape:
        raise ValueError(f"its features have the shape {features.shape}, not {reference.shape}")
    error, length = (np.linalg.norm(rows, axis=1) for rows in (features - reference, reference))
    if not (error <= TOLERANCE * length).all():
        raise ValueError(f"its features differ from PyTorch's by {error.max():.2g}, of a length of {length.max():.2g}")


def _normalised(backbone: Backbone) -> torch.nn.Module:
    """The backbone from uint8 pixels: floats between 0 and 1, mean and deviation, then its own module."""
    import torch

    class Normalised(torch.nn.Module):
        mean: torch.Tensor
        std: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.module = backbone.module
            self.register_buffer("mean", torch.tensor(backbone.preprocess.mean).view(1, 3, 1, 1))
            self.register_buffer("std", torch.tensor(backbone.preprocess.std).view(1, 3, 1, 1))

        def forward(self, pixels: torch.Tensor) -> Any:
            return self.module((pixels.float() / 255 - self.mean) / self.std)

    return Normalised().eval()


def _torch(backbone: Backbone, device: str, batch: int) -> Forward:
    """PyTorch, in channels_last and in batches that are always full: features depend on a batch's size."""
    import torch

    module = _normalised(backbone).to(device).to(memory_format=torch.channels_last)
    cuda = device.startswith("cuda")

    def forward(pixels: Pixels) -> Floats:
        full = torch.from_numpy(np.resize(pixels, (batch, *pixels.shape[1:])))  # filled up by repeating them
        with (
            torch.inference_mode(),
            torch.autocast("cuda", torch.float16, enabled=cuda),
            torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
        ):
            on_device = (full.pin_memory() if cuda else full).to(device, non_blocking=cuda)
            features = module(on_device.contiguous(memory_format=torch.channels_last))
        if not isinstance(features, torch.Tensor) or features.ndim != 2 or len(features) != batch:
            gave = tuple(getattr(features, "shape", ())) or type(features).__name__
            raise UsageError(
                f"the backbone gives {gave} for {batch} images, where one row of features an image is wanted\n"
                "give its module a pooling and a flattening layer, or choose another backbone"
            )
        found: Floats = features[: len(pixels)].float().cpu().numpy()
        return found

    return forward


def _openvino(backbone: Backbone) -> Forward:
    """OpenVINO, on one image a request and as many requests at once as it sees fit, usually one a core.

    That is as fast as any batch here, and no image can have an influence on another's features.
    """
    import torch

    height, width = backbone.preprocess.size
    example = torch.zeros(1, 3, height, width, dtype=torch.uint8)
    with _without("openvino_telemetry"), _quiet(), torch.no_grad():
        import openvino

        model = openvino.convert_model(torch.export.export(_normalised(backbone), (example,)))
    how = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": False}
    compiled = openvino.Core().compile_model(model, "CPU", how)  # bfloat16 would be its choice where there is any
    requests = openvino.AsyncInferQueue(compiled)

    def keep(request: Any, place: tuple[list[Any], int]) -> None:
        rows, row = place
        rows[row] = request.get_output_tensor(0).data[0].astype(np.float32)  # a copy: the tensor is used again

    requests.set_callback(keep)

    def forward(pixels: Pixels) -> Floats:
        rows: list[Any] = [None] * len(pixels)
        for row in range(len(pixels)):
            requests.start_async({0: pixels[row : row + 1]}, (rows, row), share_inputs=True)
        requests.wait_all()
        return np.stack(rows)

    return forward


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's warnings about its own parts to itself: what goes wrong, it raises."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Let imports of `module` fail in here: OpenVINO's telemetry posts to a server unless it is not to be had."""
    before = {name: found for name, found in sys.modules.items() if name.partition(".")[0] == module}
    for name in before:
        del sys.modules[name]
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]
        sys.modules.update(before)
