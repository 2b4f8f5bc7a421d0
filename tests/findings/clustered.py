"""A run of images in clusters, made by hand."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from imgret import Run
from imgret.contracts import Item
from imgret.findings.info import Fitted, Info
from imgret.reading.items import collect
from imgret.reading.record import Record


def clustered(labels: list[int], places: Any = None, **columns: Sequence[str]) -> Run:
    """A run of images at places (n, d), or at two that are far apart; `label`, `taken`, `path` and the like by name."""
    n = len(labels)
    known = {name: columns.pop(name, [""] * n) for name in ("label", "group", "taken", "camera")}
    sizes = columns.pop("sizes", ["4 3"] * n)
    paths = columns.pop("path", [f"{i:03}.jpg" for i in range(n)])
    items, records = [], []
    for i in range(n):
        own = {name: values[i] for name, values in columns.items()}
        items.append(Item(paths[i], "", known["label"][i], known["group"][i], own))
        width, height = map(int, sizes[i].split())
        records.append(Record(f"{i:064x}", "ok", "", width, height, known["taken"][i], known["camera"][i]))
    X = np.asarray(np.eye(9)[labels] if places is None else places, np.float32)
    config = {
        "normalize": "none",
        "device": "cpu",
        "backbone": {"name": "fake"},
        "vocabulary": None,
        "attributes": ["hue"],
    }
    info = Info(title="fake", config=config, fitted=Fitted(retriever={}, source={"group": "Camera"}), space={}, root="")
    zeros = np.zeros(X.shape[1], np.float32)
    return Run(info, collect(items, records), X, zeros, np.array(labels, np.int64), X[:, :2], {})
