"""Points in groups, for tests of clusterers."""

from __future__ import annotations

import numpy as np


def blobs(*sizes: int, spread: float = 0.4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points around corners that are 10 apart, and the blob of each."""
    truth = np.repeat(np.arange(len(sizes)), sizes)
    noise = np.random.default_rng(seed).normal(scale=spread, size=(len(truth), len(sizes)))
    return (7.1 * np.eye(len(sizes))[truth] + noise).astype(np.float32), truth
