"""The format coco: a box around each whole image."""

import json
from pathlib import Path

from PIL import Image

from imgret import Run
from imgret.__main__ import main


def test_coco(run: Run) -> None:
    assert main(["export", "coco", "out"]) == 0
    found = json.loads(Path("out/labels.json").read_text())
    images = {image["id"]: image for image in found["images"]}
    assert len(images) == len(found["annotations"]) == 13
    assert [c["id"] for c in found["categories"]] == [1, 2]
    for each in found["annotations"]:
        image = images[each["image_id"]]
        assert (each["bbox"], each["area"], each["iscrowd"]) == ([0, 0, 24, 16], 384, 0)
        assert run.labels[run.row_of[image["path"]]] == each["category_id"] - 1
        with Image.open(Path("out/data") / image["file_name"]) as opened:
            assert opened.size == (image["width"], image["height"])
