"""The forward pass: pixels normalised by hand, by either engine, and which errors are of memory."""

import logging
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from imgret import UsageError
from imgret.contracts import Backbone, Preprocess
from imgret.features.forward import by_openvino, by_torch, out_of_memory

PIXELS = np.array(
    [[[[0, 255]], [[51, 102]], [[255, 0]]], [[[51, 51]], [[51, 51]], [[51, 51]]]], np.uint8
)  # (2, 3, 1, 2)


def weighted() -> nn.Module:
    """Red + 2 green + 3 blue at each of the two pixels."""
    module = nn.Conv2d(3, 1, 1, bias=False)
    module.weight.data = torch.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)
    return nn.Sequential(module, nn.Flatten())


def backbone(module: nn.Module) -> Backbone:
    return Backbone(module, Preprocess((1, 2), mean=(0.0, 0.2, 0.5), std=(1.0, 0.2, 0.5)), "none")


# First image: red 0, 1; green (0.2 - 0.2) / 0.2 = 0, (0.4 - 0.2) / 0.2 = 1; blue (1 - 0.5) / 0.5 = 1, -1.
# Second: red 0.2, green 0, blue (0.2 - 0.5) / 0.5 = -0.6.
BY_HAND = [[0 + 0 + 3, 1 + 2 - 3], [0.2 - 1.8, 0.2 - 1.8]]


@pytest.mark.parametrize("rows", [1, 2])
def test_either_engine_gives_what_is_worked_out_by_hand(rows: int) -> None:
    for forward in (by_torch(backbone(weighted()), "cpu", 4), by_openvino(backbone(weighted()), 4)):
        features = forward(PIXELS[:rows])
        assert features.dtype == np.float32
        np.testing.assert_allclose(features, BY_HAND[:rows], atol=1e-6)


def test_pytorch_s_batches_are_always_full() -> None:
    seen: list[Any] = []

    class Sees(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(x[:, 0, 0, 1].tolist())
            return x.flatten(1)

    assert by_torch(backbone(Sees()), "cpu", 5)(PIXELS).shape == (2, 6)
    assert seen == [pytest.approx([1, 0.2, 1, 0.2, 1])]  # filled up by repeating them


def test_what_is_no_row_an_image_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^images \(b, 3, 1, 2\) became \(b, 3, 1, 2\), not \(b, d\): one row"):
        by_torch(backbone(nn.Identity()), "cpu", 2)(PIXELS)


def test_openvino_is_had_without_its_telemetry() -> None:
    by_openvino(backbone(weighted()), 1)
    assert "openvino_telemetry" not in sys.modules


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (MemoryError(), True),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (RuntimeError("CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"), True),
        (RuntimeError("could not create a primitive: std::bad_alloc"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),  # no engine raises that
    ],
)
def test_which_errors_are_of_memory(error: Exception, is_one: bool) -> None:
    assert out_of_memory(error) == is_one


def test_in_threads_at_once_each_has_its_engine_and_nothing_is_left_silent() -> None:
    before, silent = list(warnings.filters), logging.root.manager.disable
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda _: by_openvino(backbone(weighted()), 1)(PIXELS), range(3)))
    for features in found:
        np.testing.assert_allclose(features, BY_HAND, atol=1e-6)
    assert (list(warnings.filters), logging.root.manager.disable) == (before, silent)
