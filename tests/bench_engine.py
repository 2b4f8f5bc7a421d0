"""Images/s of the engine beside a plain PyTorch loop, in turns in one run, and how far their features are apart.

python tests/bench_engine.py [--backbone resnet50|efficientnet_lite0] [--rounds 5]
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from imgret.features.engine import Engine
from imgret.registry import build, load_plugins

BATCH = 32  # of the plain loop, and the images of a round


def seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--backbone", default="resnet50", choices=("resnet50", "efficientnet_lite0"))
    words.add_argument("--rounds", default=5, type=int)
    asked = words.parse_args()
    load_plugins()
    backbone = build("backbone", {"name": asked.backbone, "weights": "random"})
    plain = build("backbone", {"name": asked.backbone, "weights": "random"}).module.eval()
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (backbone.preprocess.mean, backbone.preprocess.std))
    pixels = np.random.default_rng(0).integers(0, 256, (BATCH, 3, *backbone.preprocess.size), np.uint8)
    engine = Engine(backbone, "cpu")

    def loop() -> Any:
        with torch.inference_mode():
            return plain((torch.from_numpy(pixels).float() / 255 - mean) / std).numpy()

    def ours() -> Any:
        return np.concatenate([engine(pixels[i : i + engine.batch]) for i in range(0, BATCH, engine.batch)])

    print(f"{asked.backbone}, {engine.name} ready in {seconds(engine.prepare):.1f} s, title {engine.title}")
    reference, features = loop(), ours()
    times = [(seconds(loop), seconds(ours)) for _ in range(asked.rounds)]
    slow, fast = (BATCH / statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(first / second for first, second in times)
    lengths = np.linalg.norm(reference, axis=1) * np.linalg.norm(features, axis=1)
    cosine = ((reference * features).sum(axis=1) / lengths).min()
    print(f"plain loop, NCHW, batch {BATCH}: {slow:.1f} images/s; engine: {fast:.1f} images/s")
    print(f"ratio {ratio:.2f} (median of {asked.rounds} rounds); least cosine {cosine:.7f}")


if __name__ == "__main__":
    main()
