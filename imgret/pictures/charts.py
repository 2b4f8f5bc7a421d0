"""Charts by matplotlib, in the paper, type and colours that all our pictures share (see sheet.py).

Agg draws them in memory: no window, no pyplot, none of the user's own settings. Equal charts give equal pixels.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgret.errors import UsageError
from imgret.pictures import sheet
from imgret.pictures.sheet import GAP, INK, LEAD, MARGIN, MAT, PAPER, QUIET, TEXT, TITLE, line_height
from imgret.store.store import home

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from imgret.contracts import RGB

DPI = 72  # a point is a pixel
INNER = 0.02  # of an axis, free at both its ends
HEADING = line_height(LEAD) + GAP // 2  # the height of a chart's title


def css(colour: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def points(size: int) -> int:
    """The size of DejaVu Sans, which is wide, that looks as large as a sheet's type of `size`."""
    return size - 2


STYLE: Any = {
    "figure.dpi": DPI,
    "font.family": "DejaVu Sans",  # matplotlib's own
    "font.size": points(TEXT),
    "text.parse_math": False,  # a `$` in a name is one
    "axes.facecolor": css(MAT),
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "axes.titlesize": points(LEAD),
    "axes.titlecolor": css(INK),
    "axes.titlepad": GAP // 2,
    "grid.color": css(PAPER),
    "grid.linewidth": 2,
    "legend.frameon": False,
    "legend.labelcolor": css(QUIET),
    "legend.borderaxespad": 0,
    "legend.borderpad": 0,
    "legend.handletextpad": 0.3,
    **{f"axes.spines.{side}": False for side in ("left", "right", "top", "bottom")},
    **{f"{axis}tick.{name}": value for axis in "xy"
       for name, value in {"major.size": 0, "major.pad": GAP // 2, "labelcolor": css(QUIET)}.items()},
}  # fmt: skip
MATPLOTLIB = ("MPLCONFIGDIR", "MPLBACKEND", "MATPLOTLIBRC")  # variables that it asks for when it is imported
DRAWING = threading.RLock()


@contextmanager
def style() -> Iterator[None]:
    """What is drawn inside has our style, whatever the user's is; nothing of matplotlib's is changed outside.

    One thread draws at a time: matplotlib's settings, and Python's filters of warnings, are those of the process.
    """
    with DRAWING:
        _load()
        with _settings():
            yield


@contextmanager
def _settings() -> Iterator[None]:
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph ")  # one that the font lacks is drawn as a box
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        yield


@cache
def _load() -> None:
    """Import matplotlib with its folders in the store: it asks once for each, and would take the user's home.

    A backend or a matplotlibrc of the user's that it cannot read ends its import; then it is imported without them.
    Raises UsageError where that does not help.
    """
    log, before = logging.getLogger("matplotlib"), {name: os.environ.get(name) for name in MATPLOTLIB}
    level = log.level
    log.setLevel(logging.ERROR)  # that its cache takes a moment, or cannot be kept, changes no picture
    os.environ["MPLCONFIGDIR"] = before["MPLCONFIGDIR"] or str(home() / "matplotlib")
    try:
        try:
            import matplotlib.font_manager  # asks for the cache
        except Exception:
            os.environ |= {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull}
            for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
                del sys.modules[name]  # parts of it, which belong to one that is not there
            try:
                import matplotlib.font_manager
            except Exception as error:  # that of the folder in which one stands goes before both
                raise UsageError(
                    f"matplotlib cannot be imported: {type(error).__name__}: {error}\nmend or move ./matplotlibrc"
                ) from error

        matplotlib.get_configdir()
    finally:
        log.setLevel(level)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Page:
    """A picture with a title, or none, facts in their colours, room of `size` pixels for axes, and notes at its foot.

    Made and used within `style`. Texts are arbitrary: made printable and wrapped to the width of the room, the title
    and words that are too long for a line shortened in the middle.
    """

    def __init__(
        self, title: str, facts: Sequence[tuple[str, RGB]], size: tuple[int, int], notes: Sequence[str] = ()
    ) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.transforms import Bbox

        self.figure = Figure()
        self.canvas: Any = FigureCanvasAgg(self.figure)
        width, height = size
        head = [(title, TITLE, INK)] if title else []
        head += [(line, LEAD, c) for text, c in facts for line in sheet.wrap(text, width, partial(self._length, LEAD))]
        foot = [(line, TEXT, QUIET) for text in notes for line in sheet.wrap(text, width, partial(self._length, TEXT))]
        above, below = (sum(line_height(type) for _, type, _ in lines) + MARGIN for lines in (head, foot))
        self.top = below + height  # of the room, in pixels from the lower edge
        self.figure.set_size_inches((width + 2 * MARGIN) / DPI, (self.top + GAP + above) / DPI)
        for y, lines in ((self.top + GAP + above - MARGIN, head), (below, foot)):
            for text, type, colour in lines:
                text, tint = self.shorten(text, type, width), css(colour)
                drawn = self.figure.text(MARGIN, y - type, text, fontsize=points(type), color=tint, transform=None)
                y -= line_height(type)
                drawn.set_clip_box(Bbox.from_bounds(MARGIN, y, width, line_height(type)))  # stacked accents are tall

    def axes(self, at: tuple[int, int], size: tuple[int, int]) -> Axes:
        """Axes with the upper left corner of their frame, of that size, at (x, y) from that of the room, in pixels."""
        from matplotlib.transforms import Bbox

        box = Bbox.from_bounds(MARGIN + at[0], self.top - at[1] - size[1], *size)
        return self.figure.add_axes(box.transformed(self.figure.transFigure.inverted()).bounds)

    def shorten(self, text: str, size: int, width: int) -> str:
        return sheet.shorten(text, width, partial(self._length, size))

    def save(self, path: Path) -> Path:
        """Write the picture as `sheet.save` does, with its errors."""
        import numpy as np
        from PIL import Image

        self.canvas.draw()
        return sheet.save(Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB"), path)

    def _length(self, size: int, text: str) -> float:
        from matplotlib.font_manager import FontProperties

        font = FontProperties(size=points(size))
        return float(self.canvas.get_renderer().get_text_width_height_descent(text, font, ismath=False)[0])


def along_logarithm(axes: Axes, values: Sequence[int], room: int, named: Mapping[int, str]) -> None:
    """Make x logarithmic and write what is named, and of the other values those that have `room` pixels about them."""
    axes.set_xscale("log")
    axes.margins(x=INNER)
    axes.autoscale_view(scaley=False)
    places = dict(zip(values, axes.get_xaxis_transform().transform([(v, 0) for v in values])[:, 0], strict=True))
    shown: list[int] = []
    for value in sorted(values, key=lambda value: value not in named):
        if all(abs(places[value] - places[other]) > room for other in shown):
            shown.append(value)
    axes.set_xticks(shown, [named.get(value, f"{value}") for value in shown])
    axes.minorticks_off()
