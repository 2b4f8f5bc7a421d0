"""README's pictures: the demo's own, at a size for a page. `python -m tests.readme_pictures` writes them to docs/."""

import sys
from pathlib import Path

from PIL import Image

from imgret.__main__ import main

DOCS = Path(__file__).parents[1] / "docs"

if __name__ == "__main__":
    if main(["clusterer=kmeans", "k=100"]) != 0:
        sys.exit(1)
    for name in ("clusters.jpg", "map.png"):
        with Image.open(Path("runs/latest") / name) as picture:
            picture.convert("RGB").reduce(2).save(DOCS / Path(name).with_suffix(".jpg"), quality=85, optimize=True)
