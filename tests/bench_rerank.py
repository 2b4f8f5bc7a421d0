"""What each re-ranker is worth, and what it costs: mAP, P@10 and rank-1 against the labels of a folder, how often an
altered copy of an image finds that image first, and the time of a query.

python -m tests.bench_rerank [FOLDER]          without a folder: the drawn demo
"""

import io
import sys
import tempfile
import time
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

import imgret
from imgret import ops
from imgret.evaluation.measure import measure
from imgret.features.extract import embed
from imgret.findings.rerank import rerank
from imgret.registry import on_device, options
from imgret.settings.options import nodes

COPIES = 300  # images that are altered and searched with
QUICK: dict[str, Any] = {"backbone": "efficientnet_lite0", "view": "pca", "attributes": [], "metrics": [],
                         "reports": [], "log": "quiet"}  # fmt: skip
LINE = "{:<20}{:>8.3f}{:>8.3f}{:>8.3f}{:>11.3f}{:>12.1f}"
HEAD = ("", "mAP", "P@10", "rank-1", "of copies", "ms a query")


def altered(data: bytes, seed: int) -> bytes:
    """An image as somebody else has it: 50 to 80 % of the area, 60 to 140 % as bright, a JPEG of quality 20 to 60."""
    rng = np.random.default_rng(seed)
    with Image.open(io.BytesIO(data)) as opened:
        image = opened.convert("RGB")
    share = rng.uniform(0.5, 0.8) ** 0.5
    width, height = (max(1, round(side * share)) for side in image.size)
    x, y = rng.integers(0, image.width - width + 1), rng.integers(0, image.height - height + 1)
    image = image.crop((int(x), int(y), int(x) + width, int(y) + height))
    image = ImageEnhance.Brightness(image).enhance(rng.uniform(0.6, 1.4))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=int(rng.integers(20, 61)))
    return stream.getvalue()


def copies(run: imgret.Run) -> tuple[Any, Any]:
    """Rows (q,) of a seeded sample of the images, and the vectors (q, d) of an altered copy of each."""
    rows = np.sort(np.random.default_rng(0).choice(len(run.ids), min(COPIES, len(run.ids)), replace=False))
    images = [(run.paths[row], altered(run.open(row), int(row))) for row in rows]
    features = embed(images, run.backbone, run.engine)
    return rows, ops.normalise(features, run.settings["normalize"], run.mean)[0]


def figures(run: imgret.Run, name: str, rows: Any, Q: Any, **typed: Any) -> list[float]:
    """A row of the table, for the re-ranker `name`, or none, around the run's retriever."""
    node = on_device(nodes()["rerank"][name], run.device) | typed if name else None
    settings = run.settings | {"metrics": ["retrieval"], "rerank": node, "device": run.device}
    reranker = rerank(run.X, run.labels, settings, run.knn)
    found = measure(run.X, run.labels, run.collection, settings, run.knn, None, reranker)
    asked = reranker or run.retriever
    first, seconds = [], []
    for query in Q:
        started = time.perf_counter()
        hits = asked.kneighbors(query[None], run.settings["top"])[1][0]
        seconds.append(time.perf_counter() - started)
        first.append(hits[0])
    return [*(found[key] for key in ("map", "p_at_10", "rank_1")), float(np.mean(first == rows)),
            1000 * float(np.median(seconds))]  # fmt: skip


def main(words: list[str]) -> None:
    with tempfile.TemporaryDirectory() as out:
        run = imgret.run(*words[:1] or [None], **QUICK, out=out)
        rows, Q = copies(run)
        print(f"{run.title}: {len(run.ids):,} images, {len(Q)} altered copies")
        print("{:<20}{:>8}{:>8}{:>8}{:>11}{:>12}".format(*HEAD))
        shown = [("", {}), *((name, typed) for name in options("reranker") for typed in ({}, {"keep": 0}))]
        for name, typed in shown:
            title = " ".join([name or "without", *(f"{key}={value}" for key, value in typed.items())])
            print(LINE.format(title, *figures(run, name, rows, Q, **typed)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
