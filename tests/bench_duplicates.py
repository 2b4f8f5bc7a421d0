"""How often images that were altered are told for what they are, and look-alikes are not: the tiers of near_duplicates
over altered photographs of a folder of folders, beside others of the same folders; and what telling them costs.

python -m tests.bench_duplicates FOLDER [PHOTOGRAPHS [OTHERS]]          250 photographs and 1,000 others unless typed
"""

import io
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

import imgret

QUICK: dict[str, Any] = {"backbone": "efficientnet_lite0", "view": "pca", "k": 10, "attributes": ["sharpness"],
                         "metrics": [], "reports": [], "log": "quiet"}  # fmt: skip
Altered = Callable[[Image.Image, np.random.Generator], bytes]


def saved(image: Image.Image, format: str = "JPEG", quality: int = 90) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, quality=quality)
    return stream.getvalue()


def cropped(image: Image.Image, rng: np.random.Generator, share: float = 0.8) -> bytes:
    width, height = (round(side * share**0.5) for side in image.size)
    x, y = int(rng.integers(0, image.width - width + 1)), int(rng.integers(0, image.height - height + 1))
    return saved(image.crop((x, y, x + width, y + height)))


def tilted(image: Image.Image, degrees: float) -> bytes:
    """Turned, and cut to the largest upright box of its shape that shows nothing but it."""
    w, h, angle = *image.size, abs(math.radians(degrees))
    cos, sin = math.cos(angle), math.sin(angle)
    share = min(w / (w * cos + h * sin), h / (w * sin + h * cos))
    width, height = int(w * share) - 1, int(h * share) - 1
    left, top = (w - width) // 2, (h - height) // 2
    turned = image.rotate(degrees, Image.Resampling.BICUBIC)
    return saved(turned.crop((left, top, left + width, top + height)))


def marked(image: Image.Image) -> bytes:
    image = image.copy()
    pen, font = ImageDraw.Draw(image, "RGBA"), ImageFont.load_default(image.width // 8)
    pen.text((image.width / 2, image.height / 2), "© SHOP 2026", (255, 255, 255, 130), font, anchor="mm")
    return saved(image)


def exposed(image: Image.Image, rng: np.random.Generator) -> bytes:
    bright = ImageEnhance.Brightness(image).enhance(0.7 if rng.random() < 0.5 else 1.3)
    return saved(ImageEnhance.Contrast(bright).enhance(1.15))


ALTERATIONS: dict[str, tuple[str, Altered]] = {  # the tier that is right, and how it is made
    "PNG": ("same pixels", lambda image, rng: saved(image, "PNG")),
    "JPEG 30": ("re-encoded", lambda image, rng: saved(image, quality=30)),
    "half size": ("re-encoded", lambda image, rng: saved(image.resize((image.width // 2, image.height // 2)))),
    "sharpened": ("re-encoded", lambda image, rng: saved(image.filter(ImageFilter.UnsharpMask(1, 60, 0)))),
    "crop 80 %": ("edited", cropped),
    "mirrored": ("edited", lambda image, rng: saved(ImageOps.mirror(image))),
    "turned 5°": ("edited", lambda image, rng: tilted(image, 5 if rng.random() < 0.5 else -5)),
    "turned 90°": ("edited", lambda image, rng: saved(image.transpose(Image.Transpose.ROTATE_90))),
    "exposure": ("edited", exposed),
    "watermark": ("edited", lambda image, rng: marked(image)),
    "grey": ("edited", lambda image, rng: saved(image.convert("L"))),
    "border": ("edited", lambda image, rng: saved(ImageOps.expand(image, image.width // 16, "white"))),
}


def write(folder: Path, source: Path, count: int, others: int) -> None:
    """NUMBER/original.jpg and its altered copies of `count` photographs; others/FOLDER/*, `others` of the same folders.

    Photographs of odd numbers were not looked at when thresholds were chosen.
    """
    rng = np.random.default_rng(0)
    kinds = sorted({file.parent for file in source.rglob("*.jpg")})
    number = 0
    for place, kind in enumerate(kinds):
        files = sorted(kind.glob("*.jpg"))
        order = [files[at] for at in rng.permutation(len(files))]
        here, beside = (n * (place + 1) // len(kinds) - n * place // len(kinds) for n in (count, others))
        for file in order[:here]:
            home = folder / f"{number:04}"
            home.mkdir(parents=True)
            (home / "original.jpg").write_bytes(file.read_bytes())
            with Image.open(file) as opened:
                image = opened.convert("RGB")
            for at, (name, (_, altered)) in enumerate(ALTERATIONS.items()):
                suffix = "png" if name == "PNG" else "jpg"
                (home / f"{name}.{suffix}").write_bytes(altered(image, np.random.default_rng([number, at])))
            number += 1
        (folder / "others" / kind.name).mkdir(parents=True)
        for file in order[here : here + beside]:
            (folder / "others" / kind.name / file.name).write_bytes(file.read_bytes())


def table(run: imgret.Run) -> list[str]:
    """Lines: of each alteration how many copies have which tier with their original; pairs of different photographs."""
    place = {path: row for row, path in enumerate(run.paths)}
    tiers = {(pair.one, pair.other): pair.tier for pair in run.pairs}
    names = ["same pixels", "re-encoded", "edited", "alike", ""]
    lines = [f"{'':<12}{'right tier':<14}" + "".join(f"{name or 'none':>13}" for name in names) + f"{'recall':>9}"]
    homes = sorted({path.split("/")[0] for path in run.paths} - {"others"})
    held = [home for home in homes if int(home) % 2]
    for name, (right, _) in ALTERATIONS.items():
        found: Counter[str] = Counter()
        for home in held:
            rows = sorted((place[f"{home}/original.jpg"], place[f"{home}/{name}.{'png' if name == 'PNG' else 'jpg'}"]))
            found[tiers.get((rows[0], rows[1]), "")] += 1
        counts = "".join(f"{found[each]:>13}" for each in names)
        lines.append(f"{name:<12}{right:<14}{counts}{found[right] / len(held):>9.3f}")
    wrong, pairs = Counter(), Counter()
    for (one, other), tier in tiers.items():
        homes_of = [run.paths[row].split("/")[0] for row in (one, other)]
        if homes_of[0] == homes_of[1] != "others":
            pairs[tier] += int(homes_of[0]) % 2
        elif all(home == "others" or int(home) % 2 for home in homes_of):
            pairs[tier] += 1
            wrong[tier] += 1
    lines.append("pairs of any two images, and how many are of different photographs:")
    for name in names[:-1]:
        lines.append(
            f"{name:<14}{pairs[name]:>8}{wrong[name]:>6}   precision {1 - wrong[name] / max(1, pairs[name]):.3f}"
        )
    return lines


def main(words: list[str]) -> None:
    count, others = (int(word) for word in (*words[1:3], *("250", "1000")[len(words[1:3]) :]))
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder) / "in", Path(words[0]), count, others)
        run = imgret.run(Path(folder) / "in", **QUICK, out=str(Path(folder) / "out"))
        rows, _ = run.neighbours
        began, worked = time.perf_counter(), time.process_time()
        pairs = len(run.pairs)
        took, worked = time.perf_counter() - began, time.process_time() - worked
        print("\n".join(table(run)))
        print(f"{len(rows):,} images, {pairs:,} pairs: {took:.0f} s, {worked:.0f} s of one core")


if __name__ == "__main__":
    main(sys.argv[1:])
