"""The forward pass: uint8 pixels to a backbone's features, by PyTorch or by OpenVINO."""

from __future__ import annotations

import logging
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.contracts import Backbone
from imgret.demands.arrays import features as rows

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from imgret.contracts import Floats

    Pixels = NDArray[np.uint8]
    Forward = Callable[[Pixels], Floats]

NO_MEMORY = re.compile(  # what PyTorch (CPU, CUDA, MPS), cuDNN, cuBLAS, oneDNN and OpenVINO say of it
    r"out of memory|not enough memory|allocate memory|failed to allocate|bad_alloc|alloc_failed", re.IGNORECASE
)


EXPORTING = threading.Lock()  # PyTorch exports one module at a time; what is silenced meanwhile is so for all threads


def out_of_memory(error: BaseException) -> bool:
    """Whether this is what an engine raises where memory, its device's or the machine's, is not enough."""
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(NO_MEMORY.search(str(error))))


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


def by_torch(backbone: Backbone, device: str, batch: int) -> Forward:
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
        found: Floats = rows(features, full)[: len(pixels)].float().cpu().numpy()
        return found

    return forward


def by_openvino(backbone: Backbone, batch: int) -> Forward:
    """OpenVINO, on one image a request and as many requests at once as it sees fit, usually one a core.

    That is as fast as any batch here, and no image can have an influence on another's features.
    """
    import torch

    height, width = backbone.preprocess.size
    example = torch.zeros(1, 3, height, width, dtype=torch.uint8)
    with EXPORTING, _without("openvino_telemetry"), _quiet(), torch.no_grad():
        import openvino

        model = openvino.convert_model(torch.export.export(_normalised(backbone), (example,)))
    how = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": False}
    compiled = openvino.Core().compile_model(model, "CPU", how)  # bfloat16 would be its choice where there is any
    fit = compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
    requests = openvino.AsyncInferQueue(compiled, min(fit, batch))

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
