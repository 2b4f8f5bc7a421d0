"""The engine: runs a backbone over decoded images, the fastest way that the device has, and the same way every time."""

from __future__ import annotations

import importlib.util
import logging
import os
import threading
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from imgret.blame import owned
from imgret.contracts import Backbone
from imgret.demands.arrays import finite
from imgret.errors import UsageError
from imgret.features.forward import by_openvino, by_torch, out_of_memory
from imgret.reading.decode import check

if TYPE_CHECKING:
    from imgret.contracts import Floats
    from imgret.features.forward import Forward, Pixels

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

    A batch that there is no memory for is halved, as often as it takes. `batch` is then the smaller one and `halved`
    says how often: from there on PyTorch's features may differ in the last digits from those of full batches.
    """

    def __init__(self, backbone: Backbone, device: str, batch: int = 0) -> None:
        with owned("backbone"):
            check(backbone.preprocess)
        self.backbone, self.device = backbone, device
        kind = device.partition(":")[0]
        self.batch = batch or (128 if kind == "cuda" else max(16, 4 * (os.cpu_count() or 1)))
        self.precision = "float16" if kind == "cuda" else "float32"
        trained = any(True for _ in backbone.module.parameters())  # compiling would cost more than the rest of it saves
        compiled = kind == "cpu" and trained and importlib.util.find_spec("openvino") is not None
        self.name = "openvino" if compiled else "torch"
        self.title = f"OpenVINO {version('openvino')}" if compiled else f"PyTorch {version('torch')}"
        self.halved = 0
        self._forward: Forward | None = None
        self._lock = threading.RLock()  # one call at a time has all the cores

    def __call__(self, pixels: Pixels) -> Floats:
        """Features (m, d) of images (m, 3, h, w), m >= 1, `batch` at a time.

        Raises UsageError where there is no memory for one image.
        """
        height, width = self.backbone.preprocess.size
        if pixels.dtype != np.uint8 or not len(pixels) or pixels.shape[1:] != (3, height, width):
            wanted = f"at least one of uint8 (3, {height}, {width})"
            raise ValueError(f"pixels are {pixels.dtype} {pixels.shape}, allowed are {wanted}")
        parts: list[Floats] = []
        done = 0
        with self._lock, owned("backbone"):
            while done < len(pixels):
                forward = self.prepare()
                try:
                    parts.append(forward(pixels[done : done + self.batch]))
                    done += len(parts[-1])
                    continue
                except Exception as error:
                    if not out_of_memory(error):
                        raise
                    reason = _reason(error)
                del forward
                self._halve(reason)  # out here, where no error holds what failed in memory any more
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def prepare(self) -> Forward:
        """Get ready, once: compile, and compare the first features with PyTorch's.

        Raises Fault for a module whose features are not one row an image, UsageError for one too large for the memory.
        """
        with self._lock, owned("backbone"):
            try:
                if self._forward is None and self.name == "openvino":
                    self._forward = by_openvino(self.backbone, self.batch) if self.halved else self._compiled()
                self._forward = self._forward or by_torch(self.backbone, self.device, self.batch)
            except Exception as error:
                if not out_of_memory(error):
                    raise
                raise UsageError(
                    f"the backbone is too much for the memory of device={self.device}: {_reason(error)}\n"
                    "choose a smaller backbone" + (", or type device=cpu" if self.device != "cpu" else "")
                ) from error
            return self._forward

    @property
    def facts(self) -> dict[str, Any]:
        """What run.json says of it; with other threads features differ in the sixth digit."""
        import torch

        made_with = {"title": self.title, "device": self.device, "precision": self.precision}
        return {**made_with, "batch": self.batch, "halved": self.halved, "threads": torch.get_num_threads()}

    def _halve(self, reason: str) -> None:
        """Go on with half the batch, on the same engine: another one's features are another set."""
        batch, (height, width) = self.batch, self.backbone.preprocess.size
        if batch == 1:
            smaller = "type a smaller backbone.size" + (", or device=cpu" if self.device != "cpu" else "")
            raise UsageError(f"one image of {height} x {width} pixels is too much for the memory: {reason}\n{smaller}")
        self.batch, self.halved, self._forward = batch // 2, self.halved + 1, None
        log.warning("out of memory with %s images at once, going on with %s: %s", batch, self.batch, reason)
        if self.device.startswith("cuda"):
            import torch

            torch.cuda.empty_cache()

    def _compiled(self) -> Forward | None:
        """OpenVINO for this module, if on noise it gives what PyTorch gives; else None, and one line that says why."""
        noise = np.random.default_rng(0).integers(0, 256, (2, 3, *self.backbone.preprocess.size), np.uint8)
        reference = by_torch(self.backbone, self.device, len(noise))(noise)
        try:
            forward = by_openvino(self.backbone, self.batch)
            _compare(forward(noise), reference)
        except Exception as error:  # whatever an engine cannot do, PyTorch can
            log.warning("OpenVINO is not used for this backbone, PyTorch is, which is slower: %s", _reason(error))
            self.name, self.title = "torch", f"PyTorch {version('torch')}"
            return None
        return forward


def some_finite(features: Floats, engine: Engine) -> Floats:
    """These features of blank images. Raises Fault for a backbone that makes none of them, nor any of noise."""
    if not np.isfinite(features).any():
        size = engine.backbone.preprocess.size
        noise = np.random.default_rng(0).integers(0, 256, (len(features), 3, *size), np.uint8)
        with owned("backbone"):
            made = engine(noise)
            if not np.isfinite(made).all(axis=1).any():  # a single image may have none: it is counted as such
                finite(made, size)
    return features


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _compare(features: Floats, reference: Floats) -> None:
    """Raises ValueError where a row is further from its reference than TOLERANCE of its length."""
    if features.shape != reference.shape:
        raise ValueError(f"its features have the shape {features.shape}, not {reference.shape}")
    error, length = (np.linalg.norm(rows, axis=1) for rows in (features - reference, reference))
    if not (error <= TOLERANCE * length).all():
        raise ValueError(f"its features differ from PyTorch's by {error.max():.2g}, of a length of {length.max():.2g}")
