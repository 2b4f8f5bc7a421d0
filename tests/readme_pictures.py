"""README's pictures: the demo's own, at a size for a page. `python -m tests.readme_pictures` writes them to docs/.

The report is photographed by Chromium: `pip install playwright`, and `CHROMIUM` names the browser where it is not
/usr/bin/chromium.
"""

import io
import os
import sys
from pathlib import Path

from PIL import Image

from imgret.__main__ import main

DOCS = Path(__file__).parents[1] / "docs"


def photograph(page: Path) -> Image.Image:
    """The report's first screen, in a window of 1280 x 860, at two pixels a point."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"))
        window = browser.new_page(viewport={"width": 1280, "height": 860}, device_scale_factor=2)
        window.goto(page.resolve().as_uri())
        window.wait_for_timeout(2000)
        seen = window.screenshot()
        browser.close()
    return Image.open(io.BytesIO(seen)).convert("RGB")


if __name__ == "__main__":
    if main(["clusterer=kmeans", "k=100"]) != 0:
        sys.exit(1)
    for name in ("clusters.jpg", "map.png"):
        with Image.open(Path("runs/latest") / name) as picture:
            picture.convert("RGB").reduce(2).save(DOCS / Path(name).with_suffix(".jpg"), quality=85, optimize=True)
    photograph(Path("runs/latest/report.html")).reduce(2).save(DOCS / "report.jpg", quality=85, optimize=True)
