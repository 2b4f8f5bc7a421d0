"""A run that is none, for reports to be drawn of, and names that are odd."""

import io
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image

from imgret.findings.profiles import Profile

ODD = "caf\udce9 $a_b^2$ \u202e\n,\"'"


def shade(row: int) -> tuple[int, int, int]:
    return 40 + 10 * row % 200, 200 - 7 * row % 200, 90


def fake_run(labels: list[int], **changes: Any) -> Any:
    """A run of solid squares. Rows of one cluster lie on a line: the later the row, the farther from the centroid."""
    n = len(labels)
    opened: list[int] = []

    def opens(row: int) -> bytes:
        opened.append(row)
        stream = io.BytesIO()
        Image.new("RGB", (32, 32), shade(row)).save(stream, "PNG")
        return stream.getvalue()

    codes = np.array(labels, np.int64)
    X = np.random.default_rng(0).standard_normal((n, 6)).astype(np.float32)
    facts: dict[str, Any] = {
        "ids": [f"{row:064x}" for row in range(n)],
        "paths": [f"folder/{row}.png" for row in range(n)],
        "X": X / np.linalg.norm(X, axis=1, keepdims=True),
        "labels": codes,
        "view": X[:, :2],
        "view_name": "tsne",
        "group_word": "group",
        "medoids": np.array([labels.index(c) for c in range(max(labels, default=-1) + 1)], np.int64),
        "distances": np.arange(n, dtype=np.float32) / 8,
        "truth": np.full(n, -1),
        "truth_names": [],
        "group": np.full(n, -1),
        "group_names": [],
        "open": opens,
        "opened": opened,
        "seed": 0,
        "settings": {"formats": [], "reports": []},
        "info": SimpleNamespace(since=None),
        "title": "title",
        "profiles": [Profile()] * (max(labels, default=-1) + 1),
    }
    return SimpleNamespace(**facts | changes | {"thumbnail": changes.get("open", opens)})
