"""Images and annotations in the format of COCO, which has no classes of whole images: each gets a box around all of it.

    OUT/data/cluster_007/1.jpg ...
    OUT/labels.json                images, categories (one a cluster), annotations; noise has no annotation

Keys as https://cocodataset.org/#format-data has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from imgret.exporters.folders import farewell, place
from imgret.runs.run import Run
from imgret.store.files import write_json
from imgret.words import counted


def write(run: Run, out: Path, copy: bool, places: Sequence[int]) -> list[str]:
    (out / "data").mkdir(parents=True)
    placed, gone = place(run, out / "data", copy, places)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for id, (at, name) in enumerate(placed.items(), 1):
        item, record, row = run.collection.items[at], run.collection.records[at], int(run.collection.rows[at])
        width, height = record.width, record.height
        size = {"width": width, "height": height}
        more = {"path": item.path, "sha256": record.id, "label": item.label, "group": item.group}
        images.append({"id": id, "file_name": name, **size, "license": 0, **more})
        if run.labels[row] >= 0:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": id,
                    "category_id": int(run.labels[row]) + 1,
                    "bbox": [0, 0, width, height],
                    "area": width * height,
                    "segmentation": [[0, 0, width, 0, width, height, 0, height]],
                    "iscrowd": 0,
                }
            )
    n_clusters = len(run.medoids)
    wide = max(3, len(str(n_clusters - 1)))
    categories = [
        {"id": cluster + 1, "name": f"cluster_{cluster:0{wide}}", "supercategory": "cluster"}
        for cluster in range(n_clusters)
    ]
    made = run.info.made
    year = int(made[:4]) if made[:4].isdecimal() else 0
    labels = {
        "info": {"description": run.title, "version": "1.0", "year": year, "date_created": made},
        "licenses": [{"id": 0, "name": "not known", "url": ""}],
        "images": images,
        "categories": categories,
        "annotations": annotations,
    }
    write_json(out / "labels.json", labels)
    return [
        f"{counted(len(images), 'image')} of {counted(len(categories), 'cluster')} in data, labels.json",
        *farewell(gone),
    ]
