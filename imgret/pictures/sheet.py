"""Contact sheets: pictures in equal cells with captions, and the type, colours and paper that all our pictures share.

Lengths are pixels for a dense screen: shown at half size they are comfortable. Equal tiles give equal pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from imgret.errors import UsageError
from imgret.store.files import commit
from imgret.words import printable

if TYPE_CHECKING:
    from PIL import Image, ImageFont

    from imgret.contracts import RGB, Ints

PAPER, MAT, QUIET, INK, ACCENT = (255, 255, 255), (243, 243, 241), (122, 122, 128), (24, 24, 27), (226, 74, 40)
TITLE, LEAD, TEXT = 46, 28, 23  # sizes of type
MARGIN, GAP = 72, 24
WIDTH = 1560  # of a sheet, between its margins
COLUMNS = 6, 4, 8  # all of them divide 24
SIDE = 240  # of a square cell in six columns; others have about its area
MOST = 240  # tiles on a sheet: some 12 megapixels
FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}


@dataclass(frozen=True)
class Tile:
    """One picture of a sheet: an encoded image, or what reads one (raising OSError), or None where there is none.

    `caption` and `note` are arbitrary text, a line each; `mark` sets the tile off in colour; `first` begins a row.
    """

    image: bytes | Callable[[], bytes] | None
    caption: str = ""
    mark: bool = False
    note: str = ""
    first: bool = False


def contact_sheet(
    tiles: Sequence[Tile], title: str, subtitle: str = "", threads: int = 4, formats: Collection[str] = ()
) -> Image.Image:
    """Tiles in reading order, below a title; an RGB image of `WIDTH` and two margins.

    All cells have the median shape of the pictures, which are never cropped. What cannot be read becomes a grey
    tile that says why. Of more than `MOST` tiles the first are drawn, and the subtitle says so. `Tile.image` is
    called in `threads` threads, which hold one encoded image each.
    """
    from PIL import Image, ImageDraw

    shown = _fitting(tiles)
    if shown < len(tiles):
        subtitle = " · ".join(filter(None, [subtitle, f"the first {shown} of {len(tiles)}"]))
        tiles = tiles[:shown]
    pictures = load_pictures([t.image for t in tiles], 4 * SIDE // 3, threads, formats)
    shape = aspect(pictures)
    columns = min(COLUMNS, key=lambda c: abs(c - (WIDTH + GAP) / (SIDE * shape**0.5 + GAP)))
    cell = (WIDTH + GAP) // columns - GAP, round(((WIDTH + GAP) // columns - GAP) / shape)
    lines = 1 + any(t.note for t in tiles)
    step = cell[1] + GAP // 2 + lines * line_height(TEXT) + GAP
    top = MARGIN + line_height(TITLE) + bool(subtitle) * line_height(LEAD) + 3 * GAP // 2
    cells = _cells(tiles, columns)
    rows = cells[-1] // columns + 1 if cells else 0

    page = Image.new("RGB", (WIDTH + 2 * MARGIN, top + rows * step - GAP + MARGIN), PAPER)
    pen = Pen(page)
    pen.write((MARGIN, MARGIN), title, TITLE, INK, WIDTH)
    pen.write((MARGIN, MARGIN + line_height(TITLE)), subtitle, LEAD, QUIET, WIDTH)
    for i, tile, picture in zip(cells, tiles, pictures, strict=True):
        x, y = MARGIN + i % columns * (cell[0] + GAP), top + i // columns * step
        place(page, picture, (x, y), cell)
        if tile.mark:
            ImageDraw.Draw(page).rectangle((x - 8, y - 8, x + cell[0] + 7, y + cell[1] + 7), outline=ACCENT, width=4)
        below = y + cell[1] + GAP // 2
        pen.write((x, below), tile.caption, TEXT, ACCENT if tile.mark else INK, cell[0])
        pen.write((x, below + line_height(TEXT)), tile.note, TEXT, QUIET, cell[0])
    return page


def _cells(tiles: Sequence[Tile], columns: int) -> list[int]:
    """The cell of each tile, in reading order."""
    cells, after = [], 0
    for tile in tiles:
        cells.append(-(-after // columns) * columns if tile.first else after)
        after = cells[-1] + 1
    return cells


def _fitting(tiles: Sequence[Tile]) -> int:
    """How many tiles are drawn: no more than take `MOST` cells in the fewest columns."""
    return max((n + 1 for n, cell in enumerate(_cells(tiles, min(COLUMNS))) if cell < MOST), default=0)


def save(image: Image.Image, path: Path) -> Path:
    """Write a picture, whole or not at all, as its suffix says: JPEG and WebP for photographs, PNG for drawings.

    It bears no date and no tool. Raises UsageError for another suffix, OSError where the file cannot be written.
    """
    format = FORMATS.get(path.suffix.lower())
    if format is None:
        raise UsageError(f"pictures are not written as {path.suffix!r}\nname a file that ends in {', '.join(FORMATS)}")
    optimize = format != "PNG"  # which would take seconds for little
    commit(path, lambda file: image.save(file, format, quality=80, optimize=optimize), sync=False)
    return path


def load_pictures(
    images: Sequence[bytes | Callable[[], bytes] | None], side: int, threads: int = 4, formats: Collection[str] = ()
) -> list[Image.Image | str]:
    """Upright thumbnails that fit `side` x `side`, in order; the reason, as text, in place of what cannot be read."""
    from imgret.reading.decode import picture

    def load(image: bytes | Callable[[], bytes] | None) -> Image.Image | str:
        if image is None:
            return "no image"
        try:
            return picture(image() if callable(image) else image, side, formats)
        except OSError as error:
            return error.strerror or str(error)
        except ValueError as error:
            return str(error)

    with ThreadPoolExecutor(max(1, threads)) as pool:  # Pillow decodes and scales without the interpreter's lock
        return list(pool.map(load, images))


def aspect(pictures: Sequence[Image.Image | str]) -> float:
    """The median of width / height, within 1/2 and 2; 1 where nothing could be read."""
    shapes = [p.width / p.height for p in pictures if not isinstance(p, str)]
    return min(2.0, max(0.5, median(shapes))) if shapes else 1.0


def place(page: Image.Image, picture: Image.Image | str, at: tuple[int, int], cell: tuple[int, int]) -> None:
    """Lay a picture, whole and in its shape, on the middle of a cell; or the reason why there is none."""
    from PIL import Image

    page.paste(MAT, (*at, at[0] + cell[0], at[1] + cell[1]))
    if isinstance(picture, str):
        width, line = cell[0] - GAP, line_height(TEXT)
        pen = Pen(page)
        lines = wrap(picture, width, partial(pen.length, TEXT))[: cell[1] // line] if width > SIDE // 2 else ["?"]
        y = at[1] + (cell[1] - len(lines) * line) // 2
        for i, text in enumerate(lines):
            pen.write((at[0] + GAP // 2, y + i * line), text, TEXT, QUIET, width, centre=True)
        return
    scale = min(cell[0] / picture.width, cell[1] / picture.height, 4.0)  # more would show the filter, not the image
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.HAMMING if scale < 1 else Image.Resampling.BICUBIC)
    page.paste(picture, (at[0] + (cell[0] - size[0]) // 2, at[1] + (cell[1] - size[1]) // 2))


def line_height(size: int) -> int:
    return round(1.35 * size)


class Pen:
    """Writes lines of arbitrary text on a page: made printable, shortened in the middle, never beyond their box.

    ASCII is set in Pillow's Aileron, everything else in DejaVu Sans, which covers Latin, Greek, Cyrillic, Arabic, ...
    """

    def __init__(self, page: Image.Image) -> None:
        self.page = page
        self.fonts: dict[tuple[bool, int], ImageFont.FreeTypeFont | ImageFont.ImageFont] = {}

    def font(self, text: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        from PIL import ImageFont

        plain = all(c < "\x7f" or c in "·…" for c in text)
        if (plain, size) not in self.fonts:
            self.fonts[plain, size] = ImageFont.load_default(size) if plain else ImageFont.truetype(_dejavu(), size - 2)
        return self.fonts[plain, size]

    def shorten(self, text: str, size: int, width: int) -> str:
        return shorten(text, width, partial(self.length, size))

    def length(self, size: int, text: str) -> float:
        """The width of a text in pixels."""
        return self.font(text, size).getlength(text)

    def write(self, at: tuple[int, int], text: str, size: int, colour: RGB, width: int, *, centre: bool = False) -> int:
        """Write a line into the box `width` x `line_height(size)` at (x, y); the width that it took, in pixels."""
        from PIL import ImageDraw

        text = self.shorten(text, size, width)
        taken = min(width, round(self.length(size, text)))
        box = at[0], at[1], at[0] + width, at[1] + line_height(size)
        strip = self.page.crop(box)  # stacked accents can be taller than any line: they end at the strip's edge
        x = (width - taken) // 2 if centre else 0
        ImageDraw.Draw(strip).text((x, size), text, fill=colour, font=self.font(text, size), anchor="ls")
        self.page.paste(strip, box)
        return taken


def shorten(text: str, width: int, length: Callable[[str], float]) -> str:
    """The printable text, with `…` in place of its middle where its `length` is more than `width`."""
    long = len(text) > 400  # measuring is not free, and a name can be a megabyte
    head, tail = (text[:200], text[-200:]) if long else (text, "")
    text = printable(head) + printable(tail)
    if not long and length(text) <= width:
        return text
    fits, excess = 0, len(text) if not long else len(text) + 1
    while excess - fits > 1:  # keep `fits` characters
        keep = (fits + excess) // 2
        short = f"{text[: (keep + 1) // 2]}…{text[len(text) - keep // 2 :]}"
        fits, excess = (keep, excess) if length(short) <= width else (fits, keep)
    return f"{text[: (fits + 1) // 2]}…{text[len(text) - fits // 2 :]}"


def wrap(text: str, width: int, length: Callable[[str], float]) -> list[str]:
    """The printable text in lines of whole words, as many on each as have no `length` above `width`."""
    lines = [""]
    for word in printable(text[:400]).split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or length(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _dejavu() -> str:
    from importlib.util import find_spec  # importing matplotlib would make folders in the user's home

    spec = find_spec("matplotlib")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).with_name("mpl-data") / "fonts" / "ttf" / "DejaVuSans.ttf")


def main_label(truth: Ints, names: Sequence[str]) -> tuple[str, int, int]:
    """The commonest label among codes (m,), -1 = unknown: its name, how often it occurs, how many labels are known.

    Of equally common labels the first counts; ("", 0, 0) where none is known.
    """
    import numpy as np

    counts = np.bincount(truth[truth >= 0], minlength=1)
    code = int(counts.argmax())
    return (names[code], int(counts[code]), int(counts.sum())) if counts.sum() else ("", 0, 0)
